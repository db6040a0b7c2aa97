"""Facets: the values that fields have in a slice, each with how many spans have it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.coverage import Coverage, count_spans, find_coverage, is_rolled
from watchkeeper_collector.query.dimensions import find_dimension
from watchkeeper_collector.query.filters.fields import STATUSES
from watchkeeper_collector.query.filters.text_search import like_literally
from watchkeeper_collector.query.measures import MEASURES
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.relation import Origin, Relation, rolled_up
from watchkeeper_collector.query.rolled import ROLLED_DIMENSIONS
from watchkeeper_collector.query.sampling import Sample, sample_window
from watchkeeper_collector.query.source import Slice, Source, in_window

MOST_FIELDS = 30
KEYS = {"attr.*": "arrayJoin(SpanAttributes.keys)", "resource.*": "arrayJoin(ResourceAttributes.keys)"}
STATUS = f"if({STATUSES['error'].sql}, 'error', 'ok')"
MAPS = ("attr.", "resource.")

SQL = """SELECT
    toString({value}) AS value,
    {spans} AS spans
FROM {relation}
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
    """The most frequent values of a field. ``is_truncated``: it has others.

    ``sampled_share`` is the part of the window that was looked at; counts are those of all of it.
    """

    field: str
    values: list[tuple[str, int]]
    is_truncated: bool
    sampled_share: float = 1.0


def list_facets(source: Source, slice_: Slice, wanted: Wanted) -> list[Facet]:
    """One facet for each field. Conditions on a field itself are left out of its own facet."""
    if not 0 < len(wanted.fields) <= MOST_FIELDS:
        raise InvalidQueryError(f"Facets are of 1 to {MOST_FIELDS} fields, not of {len(wanted.fields)}.")
    coverage = find_coverage(source, Question(replace(slice_, filter=""), ["spans"]))
    sample = sample_window(slice_.window, count_spans(source, slice_))
    look = Look(source, wanted, coverage, sample)
    return [look.facet(replace(slice_, without=frozenset({field})), field) for field in wanted.fields]


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to look at: hours that are rolled up, and parts of the window where spans are many."""

    source: Source
    wanted: Wanted
    coverage: Coverage | None
    sample: Sample

    def facet(self, slice_: Slice, field: str) -> Facet:
        bindings = Bindings()
        value = _value(field, bindings)
        is_rolled_up = self.coverage is not None and _is_rolled_up(slice_, field)
        share = 1.0 if is_rolled_up or self._needs_all(field) else self.sample.share
        relation = self._relation(slice_, value, bindings, is_rolled_up=is_rolled_up)
        conditions = [*relation.conditions, *([_in_sample(self.sample, bindings)] if share < 1 else [])]
        sql = _sql(relation, value, conditions, self.wanted, bindings)
        found = self.source.query(sql, bindings).rows
        rows = [(str(text), round(spans / share)) for text, spans in found]
        return Facet(field, rows[: self.wanted.limit], len(rows) > self.wanted.limit, share)

    def _needs_all(self, field: str) -> bool:
        """Who completes a name wants rare ones too. Attributes take too long for that."""
        return bool(self.wanted.contains) and not field.startswith(MAPS)

    def _relation(self, slice_: Slice, value: str, bindings: Bindings, *, is_rolled_up: bool) -> Relation:
        if self.coverage is not None and is_rolled_up:
            return rolled_up(self.source, slice_, self.coverage, bindings, ["Spans", value])
        return Origin(self.source, Question(slice_, ["spans"])).relation(bindings)


def _is_rolled_up(slice_: Slice, field: str) -> bool:
    return field in ROLLED_DIMENSIONS and is_rolled(Question(slice_, ["spans"], [field]))


def _sql(
    relation: Relation, value: str, conditions: Sequence[str], wanted: Wanted, bindings: Bindings
) -> str:
    pattern = f"%{like_literally(wanted.contains)}%"
    return (
        SQL.replace("{value}", value)
        .replace("{spans}", relation.value(MEASURES["spans"]))
        .replace("{relation}", relation.text)
        .replace("{conditions}", "\n    AND ".join(conditions) or "1")
        .replace("{having}", f"HAVING value ILIKE {bindings.bind(pattern)}\n" if wanted.contains else "")
        .replace("{limit}", bindings.bind(wanted.limit + 1, "UInt32"))
    )


def _in_sample(sample: Sample, bindings: Bindings) -> str:
    parts = (" AND ".join(in_window(part, bindings)) for part in sample.parts)
    return f"({' OR '.join(f'({part})' for part in parts)})"


def _value(field: str, bindings: Bindings) -> str:
    if field == "status":
        return STATUS
    return KEYS.get(field) or find_dimension(field, bindings).sql
