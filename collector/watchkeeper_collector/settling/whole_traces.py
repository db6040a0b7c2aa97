"""Reading whole traces: first a line for each, then span by span where a line does not decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.settling.span_table import Lists, SpanTable
from watchkeeper_collector.settling.spans import FIELDS, Call, Field, Settled, Span, Value
from watchkeeper_collector.settling.survey import (
    AGGREGATES,
    CALL,
    MOST_SHARING,
    PLAUSIBLE,
    STREAM_END,
    Suspect,
)

# Longer values are not passed on: they name no user, and would travel with every update.
LONGEST_VALUE = 1024
# Two spans of one call may lie in traces that start that far from each other.
TWIN_DISTANCE_NS = 600 * 1_000_000_000

OF_TRACES = f"""(Project, TraceId) IN arrayZip({{projects}}, {{traces}})
    AND Timestamp >= fromUnixTimestamp64Nano({{first_ns:Int64}})
    AND Timestamp <= fromUnixTimestamp64Nano({{last_ns:Int64}})
    AND {PLAUSIBLE}"""


def is_own(field: Field) -> str:
    """SQL: true where the span was sent with a value of its own."""
    is_given = " OR ".join(f"{column} != ''" for column in field.columns)
    return f"(bitAnd(Inherited, {field.bit}) = 0 AND ({is_given}))"


def readable(field: Field) -> str:
    """SQL: the tuple of a field's values, without what is too long to be passed on."""
    columns = (
        f"if(length({c}) <= {LONGEST_VALUE} AND isValidUTF8({c}), toString({c}), '')" for c in field.columns
    )
    return f"tuple({', '.join(columns)})"


def line_of(field: Field) -> str:
    """SQL: up to two different values that spans were sent with, and whether spans differ."""
    value = readable(field)
    nothing = ", ".join("''" for _ in field.columns)
    is_known = f"{is_own(field)} AND {value} != tuple({nothing})"
    return f"groupUniqArrayIf(2)({value}, {is_known}), min({value}) != max({value})"


LINES = f"""
SELECT
    Project,
    TraceId,
    count() AS Spans,{AGGREGATES},
    {", ".join(line_of(field) for field in FIELDS)}
FROM {{database}}.spans
WHERE {OF_TRACES}
GROUP BY Project, TraceId
"""
LINE_FIELDS = 2 * len(FIELDS)

SPANS = f"""
SELECT
    Project,
    TraceId,
    SpanId,
    ParentSpanId,
    toUnixTimestamp64Nano(Timestamp),
    toUnixTimestamp64Nano(Timestamp) + toInt64(Duration),
    {" + ".join(f"{is_own(field)} * {field.bit}" for field in FIELDS)},
    tuple({", ".join(readable(field) for field in FIELDS)}),
    if(IsDuplicate, DuplicateOf, ''),
    {CALL},
    Kind,
    ScopeName,
    arraySort(arrayFilter(m -> m != '', [toString(RequestModel), toString(ResponseModel)])),
    ResponseId,
    InputTokens,
    OutputTokens,
    IsError,
    ErrorStatus,
    arrayCount(known -> known, [
        Provider != '', RequestModel != '', ResponseModel != '', ResponseId != '', FinishReason != '',
        InputTokens IS NOT NULL, OutputTokens IS NOT NULL, InputChars > 0, HasOutput]),
    InputHash,
    {STREAM_END}
FROM {{database}}.spans
WHERE {OF_TRACES}
"""
CALL_COLUMN = 10

SHARING = f"""
SELECT Project, TraceId, toUnixTimestamp64Nano(min(Timestamp)), toUnixTimestamp64Nano(max(Timestamp))
FROM {{database}}.spans
WHERE (Project, ResponseId) IN arrayZip({{projects}}, {{ids}})
    AND Timestamp >= fromUnixTimestamp64Nano({{first_ns:Int64}})
    AND Timestamp <= fromUnixTimestamp64Nano({{last_ns:Int64}})
    AND {CALL}
    AND {PLAUSIBLE}
GROUP BY Project, TraceId
ORDER BY Project, TraceId
LIMIT {MOST_SHARING}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What a trace as a whole says: the values that spans were sent with, by field, two at the most."""

    suspect: Suspect
    spans: int
    may_repeat: bool
    own: tuple[tuple[Value, ...], ...]
    differs: tuple[bool, ...]

    @property
    def has_conflict(self) -> bool:
        """Spans disagree: only the tree says what each inherits."""
        return any(len(values) > 1 for values in self.own)

    @property
    def needs_tree(self) -> bool:
        return self.may_repeat or self.has_conflict

    @property
    def is_incomplete(self) -> bool:
        """Spans lack what the others agree on."""
        return not self.has_conflict and any(
            len(own) == 1 and differs for own, differs in zip(self.own, self.differs, strict=True)
        )

    @property
    def completed(self) -> tuple[Value, ...]:
        """What every span of a trace without conflict has that was not sent with it; empty: as it is."""
        return tuple(own[0] if own else field.nothing for field, own in zip(FIELDS, self.own, strict=True))


def read_lines(table: SpanTable, suspects: Sequence[Suspect]) -> list[Line]:
    by_key = {suspect.key: suspect for suspect in suspects}
    return [read_line(by_key[row[0], row[1]], row) for row in _of_traces(table, LINES, suspects)]


def read_line(suspect: Suspect, row: Sequence[Any]) -> Line:
    fields = row[-LINE_FIELDS:]
    own = tuple(tuple(sorted(values)) for values in fields[::2])
    may_repeat = suspect.has_twins or bool(row[-LINE_FIELDS - 1])
    return Line(suspect, row[2], may_repeat, own, tuple(map(bool, fields[1::2])))


def read_spans(table: SpanTable, suspects: Sequence[Suspect]) -> list[Span]:
    return [read_span(row) for row in _of_traces(table, SPANS, suspects)]


def read_span(row: Sequence[Any]) -> Span:
    project, trace_id, span_id, parent_id, start_ns, end_ns, own, values, duplicate_of, is_call = row[
        :CALL_COLUMN
    ]
    stored = Settled(tuple(values), duplicate_of)
    call = read_call(row[CALL_COLUMN:]) if is_call else Call()
    return Span(project, trace_id, span_id, parent_id, start_ns, end_ns, own, stored, call)


def read_call(columns: Sequence[Any]) -> Call:
    kind, scope, models, *rest = columns
    return Call(kind, scope, tuple(models), *rest)


def find_sharing(table: SpanTable, spans: Iterable[Span]) -> list[Suspect]:
    """The traces of calls that have a response id of these spans, in their projects, around their time."""
    calls = [span for span in spans if span.call.response_id]
    if not calls:
        return []
    shared = sorted({(span.project, span.call.response_id) for span in calls})
    lists = Lists()
    statement = SHARING.replace("{projects}", lists.add([project for project, _ in shared]))
    statement = statement.replace("{ids}", lists.add([response_id for _, response_id in shared]))
    around = {
        "first_ns": min(span.start_ns for span in calls) - TWIN_DISTANCE_NS,
        "last_ns": max(span.start_ns for span in calls) + TWIN_DISTANCE_NS,
    }
    rows = table.query(statement, lists.parameters | around)
    return [Suspect((project, trace_id), first, last) for project, trace_id, first, last in rows]


def _of_traces(table: SpanTable, statement: str, suspects: Sequence[Suspect]) -> Sequence[Sequence[Any]]:
    if not suspects:
        return []
    lists = Lists()
    statement = statement.replace("{projects}", lists.add([suspect.key[0] for suspect in suspects]))
    statement = statement.replace("{traces}", lists.add([suspect.key[1] for suspect in suspects]))
    around = {
        "first_ns": min(suspect.first_ns for suspect in suspects),
        "last_ns": max(suspect.last_ns for suspect in suspects),
    }
    return table.query(statement, lists.parameters | around)
