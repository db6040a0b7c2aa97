"""The two sides of a comparison, and their units: sessions, else traces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper_collector.drift.features import POPULATIONS, Population
from watchkeeper_collector.drift.matching import Stratum
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Slice, Source, in_window
from watchkeeper_collector.query.times import Window

DIMENSIONS = {
    "model": "if(RequestModel != '', RequestModel, ResponseModel)",
    "prompt": "PromptName",
    "prompt_version": "PromptVersion",
    "feature": "Feature",
}
SELECTED = {**DIMENSIONS, "release": "Release"}
"""What traffic is sliced and matched by. The model is the one *asked for*: who answers may be the drift."""

MOST_STRATA = 1_000
UNIT = "if(SessionId != '', SessionId, TraceId)"

UNITS = """
    SELECT
        Side,
        Unit,
        argMin((Stratum, TraceId, SpanId, {values}), Pick) AS Call
    FROM
    (
        SELECT 0 AS Side, {columns}
        FROM {database}.spans
        WHERE {before}
        UNION ALL
        SELECT 1 AS Side, {columns}
        FROM {database}.spans
        WHERE {after}
    )
    GROUP BY Side, Unit
"""
"""One call of each unit and side, picked by its hash: long conversations weigh no more than short ones."""

COLUMNS = """
            {unit} AS Unit,
            cityHash64(TraceId, SpanId) AS Pick,
            {stratum} AS Stratum,
            TraceId,
            SpanId,
            {features}"""

CENSUS = """SELECT Side, Call.1 AS Stratum, count() AS Units
FROM
({units})
GROUP BY Side, Stratum
ORDER BY Units DESC, Stratum
LIMIT {most} BY Side"""


@dataclass(frozen=True, slots=True)
class Side:
    """Calls of a slice, of all of these windows, with these values of dimensions; of one unit in so many."""

    slice: Slice
    equal: Mapping[str, str] = field(default_factory=dict)
    windows: Sequence[Window] = ()
    one_in: int = 1

    def conditions(self, bindings: Bindings, source: Source) -> list[str]:
        found = self.slice.conditions(bindings, source)
        found += [f"{SELECTED[name]} = {bindings.bind(value)}" for name, value in self.equal.items()]
        if self.windows:
            parts = (" AND ".join(in_window(window, bindings)) for window in self.windows)
            found.append("(" + " OR ".join(f"({part})" for part in parts) + ")")
        if self.one_in > 1:
            found.append(f"cityHash64({UNIT}) % {bindings.bind(self.one_in, 'UInt32')} = 0")
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, the baseline first, and the dimensions that their traffic is matched by."""

    source: Source
    before: Side
    after: Side
    strata: Sequence[str] = tuple(DIMENSIONS)

    def units(self, bindings: Bindings, population: Population, features: Sequence[str] = ()) -> str:
        """The relation of units: side, unit, and ``Call``: stratum, trace, span, the values of features."""
        names = [f"Value{place}" for place in range(len(features))]
        columns = (
            COLUMNS.replace("{unit}", UNIT)
            .replace("{stratum}", _stratum(self.strata))
            .replace("{features}", ", ".join([*map(_named, features, names), "0 AS Nothing"]))
        )
        return (
            UNITS.replace("{values}", ", ".join([*names, "Nothing"]))
            .replace("{columns}", columns)
            .replace("{database}", self.source.database)
            .replace("{before}", self._where(self.before, bindings, population))
            .replace("{after}", self._where(self.after, bindings, population))
        )

    def count_units(self, population: Population) -> tuple[dict[Stratum, int], dict[Stratum, int]]:
        """How many units there are of each stratum, before and after."""
        bindings = Bindings()
        sql = CENSUS.replace("{units}", self.units(bindings, population))
        sql = sql.replace("{most}", bindings.bind(MOST_STRATA, "UInt32"))
        counts: tuple[dict[Stratum, int], dict[Stratum, int]] = ({}, {})
        for side, stratum, units in self.source.query(sql, bindings).rows:
            counts[side][tuple(stratum)] = units
        return counts

    def _where(self, side: Side, bindings: Bindings, population: Population) -> str:
        return "\n            AND ".join([*side.conditions(bindings, self.source), POPULATIONS[population]])


def _stratum(dimensions: Sequence[str]) -> str:
    columns = [f"CAST({DIMENSIONS[name]}, 'String')" for name in dimensions]
    return f"[{', '.join(columns)}]::Array(String)"


def _named(sql: str, name: str) -> str:
    return f"{sql} AS {name}"
