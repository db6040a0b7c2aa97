"""Which slices of a project's calls are looked at apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.drift.features import CALLS
from watchkeeper_collector.drift.sides import DIMENSIONS, UNIT, Comparison, Side
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source

SLICED_BY: dict[str, tuple[str, ...]] = {
    "model": ("model",),
    "prompt": ("prompt", "prompt_version"),
    "feature": ("feature",),
}
"""The name of a way to slice, and the dimensions that have one value each in a slice."""

MOST_SLICES = 10
"""Of each way, the ones with the most units."""
LEAST_UNITS = 50

FOUND = """SELECT {columns}, uniq({unit}) AS Units
FROM {database}.spans
WHERE {conditions}
GROUP BY {columns}
HAVING Units >= {least} AND {first} != ''
ORDER BY Units DESC, {columns}
LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class SliceKey:
    """``by`` a way to slice; ``equal`` are the values of its dimensions, ``value`` what people read."""

    by: str = "project"
    value: str = ""
    equal: tuple[tuple[str, str], ...] = ()


def find_slices(source: Source, side: Side) -> list[SliceKey]:
    """The whole project, and the slices with enough calls to say anything."""
    found = [SliceKey()]
    for by, dimensions in SLICED_BY.items():
        found += [_key(by, dimensions, row[:-1]) for row in _values(source, side, dimensions)]
    return found


def narrow(comparison: Comparison, key: SliceKey) -> Comparison:
    """The comparison of one slice."""

    def narrowed(side: Side) -> Side:
        return replace(side, equal={**side.equal, **dict(key.equal)})

    return replace(comparison, before=narrowed(comparison.before), after=narrowed(comparison.after))


def _key(by: str, dimensions: Sequence[str], values: Sequence[str]) -> SliceKey:
    return SliceKey(by, " ".join(filter(None, values)), tuple(zip(dimensions, values, strict=True)))


def _values(source: Source, side: Side, dimensions: Sequence[str]) -> Sequence[Sequence[str]]:
    bindings = Bindings()
    columns = [DIMENSIONS[name] for name in dimensions]
    sql = (
        FOUND.replace("{columns}", ", ".join(columns))
        .replace("{unit}", UNIT)
        .replace("{database}", source.database)
        .replace("{conditions}", " AND ".join([*side.conditions(bindings, source), CALLS]))
        .replace("{least}", bindings.bind(LEAST_UNITS, "UInt32"))
        .replace("{first}", columns[0])
        .replace("{most}", bindings.bind(MOST_SLICES, "UInt32"))
    )
    return source.query(sql, bindings).rows
