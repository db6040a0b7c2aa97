"""Facets: the values that fields have in a slice, each with how many spans have it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import find_dimension
from watchkeeper_collector.query.filters.fields import STATUSES
from watchkeeper_collector.query.filters.text_search import like_literally
from watchkeeper_collector.query.source import Slice, Source

MOST_FIELDS = 30
KEYS = {"attr.*": "arrayJoin(SpanAttributes.keys)", "resource.*": "arrayJoin(ResourceAttributes.keys)"}
STATUS = f"if({STATUSES['error'].sql}, 'error', 'ok')"

SQL = """SELECT
    toString({value}) AS value,
    count() AS spans
FROM {database}.spans
WHERE {conditions}
GROUP BY value
{having}ORDER BY spans DESC, value
LIMIT {limit}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values of which fields: dimensions, ``status``, and ``attr.*`` and ``resource.*`` for keys.

    ``contains``: only values with this text, in either case.
    """

    fields: Sequence[str]
    limit: int = 10
    contains: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of a field. ``is_truncated``: it has others."""

    field: str
    values: list[tuple[str, int]]
    is_truncated: bool


def list_facets(source: Source, slice_: Slice, wanted: Wanted) -> Iterator[Facet]:
    """One facet for each field. Conditions on a field itself are left out of its own facet."""
    if not 0 < len(wanted.fields) <= MOST_FIELDS:
        raise InvalidQueryError(f"Facets are of 1 to {MOST_FIELDS} fields, not of {len(wanted.fields)}.")
    for field in wanted.fields:
        yield _facet(source, replace(slice_, without=frozenset({field})), field, wanted)


def _facet(source: Source, slice_: Slice, field: str, wanted: Wanted) -> Facet:
    bindings = Bindings()
    value = _value(field, bindings)
    pattern = f"%{like_literally(wanted.contains)}%"
    sql = (
        SQL.replace("{value}", value)
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(slice_.conditions(bindings, source)))
        .replace("{having}", f"HAVING value ILIKE {bindings.bind(pattern)}\n" if wanted.contains else "")
        .replace("{limit}", bindings.bind(wanted.limit + 1, "UInt32"))
    )
    rows = [(str(text), int(spans)) for text, spans in source.query(sql, bindings).rows]
    return Facet(field, rows[: wanted.limit], len(rows) > wanted.limit)


def _value(field: str, bindings: Bindings) -> str:
    if field == "status":
        return STATUS
    return KEYS.get(field) or find_dimension(field, bindings).sql
