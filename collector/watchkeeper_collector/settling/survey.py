"""Finding the traces that need settling, without looking at every span of every trace.

A survey groups the spans of a window of time by trace and has the engine ask of each trace: do its spans
differ in what they should share, are there calls that may be one call twice, may there be spans outside
the window? Only such traces are looked at as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper_collector.settling.span_table import Lists, SpanTable, batches
from watchkeeper_collector.settling.spans import FIELDS, TraceKey

LONGEST_ID = 64
# What came that long before and after a window belongs to the picture: most traces are whole in it.
AROUND_NS = 45 * 1_000_000_000
MOST_SPANS = 1_000_000
SHORTEST_WINDOW_NS = 60 * 1_000_000_000
# The state of this many spans' traces is in memory at a time.
SURVEY_SPANS = 1_000_000
# An id that more spans have is no id: a server under test that gives the same to all.
MOST_SHARING = 1_000

CALL = "Kind IN ('llm', 'embedding', 'reranker')"
STREAM_END = "(Convention = 'logfire' AND Duration = 0 AND startsWith(SpanName, 'streaming response from'))"
PLAUSIBLE = f"length(TraceId) BETWEEN 1 AND {LONGEST_ID} AND length(SpanId) BETWEEN 1 AND {LONGEST_ID}"
SHARED = f"cityHash64({', '.join(column for field in FIELDS for column in field.columns)})"

# Of calls sorted by their start, one starts before the one before it ends: they were open at the same time.
AGGREGATES = f"""
    toUnixTimestamp64Nano(min(Timestamp)) AS FirstNs,
    toUnixTimestamp64Nano(max(Timestamp)) AS LastNs,
    min({SHARED}) != max({SHARED}) AS Differs,
    arraySort(groupArrayIf(
        (toUnixTimestamp64Nano(Timestamp), toUnixTimestamp64Nano(Timestamp) + Duration), {CALL})) AS Calls,
    arrayExists((a, b) -> b.1 <= a.2, arrayPopBack(Calls), arrayPopFront(Calls))
        AND countIf({CALL} AND ResponseId = '') > 0
        OR uniqExactIf(ResponseId, {CALL} AND ResponseId != '') < countIf({CALL} AND ResponseId != '')
        OR length(Calls) > 1 AND countIf({STREAM_END}) > 0
        OR countIf(IsDuplicate) > 0 AS MayRepeat"""

IN_WINDOW = """ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})
    AND ReceivedAt < fromUnixTimestamp64Nano({until_ns:Int64})"""
IS_NEW = """countIf(ReceivedAt >= fromUnixTimestamp64Nano({new_since_ns:Int64})
        AND ReceivedAt < fromUnixTimestamp64Nano({new_until_ns:Int64})) > 0"""

WINDOW_SPANS = f"SELECT count() FROM {{database}}.spans WHERE {IN_WINDOW}"
WINDOW_ROWS = f"""
SELECT ({WINDOW_SPANS}) + (SELECT count() FROM {{database}}.log_features WHERE {IN_WINDOW})
"""

WINDOW_TRACES = f"""
SELECT
    Project,
    TraceId,{AGGREGATES},
    Differs OR MayRepeat OR FirstNs < {{since_ns:Int64}} AS IsSuspect
FROM {{database}}.spans
WHERE {IN_WINDOW}
    AND {PLAUSIBLE}
    AND cityHash64(TraceId) % {{slices:UInt32}} = {{slice:UInt32}}
GROUP BY Project, TraceId
HAVING {IS_NEW} AND (IsSuspect OR countIf(ParentSpanId = '') = 0)
"""

TWINS = f"""
SELECT Project, TraceId, toUnixTimestamp64Nano(min(Timestamp)), toUnixTimestamp64Nano(max(Timestamp))
FROM {{database}}.spans
WHERE {IN_WINDOW} AND {PLAUSIBLE} AND {CALL} AND (Project, ResponseId) IN
(
    SELECT Project, ResponseId
    FROM {{database}}.spans
    WHERE {IN_WINDOW} AND {CALL} AND ResponseId != ''
    GROUP BY Project, ResponseId
    HAVING {IS_NEW} AND count() BETWEEN 2 AND {MOST_SHARING}
)
GROUP BY Project, TraceId
"""

EXTENTS = """
SELECT Project, TraceId, toUnixTimestamp64Nano(min(First)), toUnixTimestamp64Nano(max(Last))
FROM {database}.trace_index
WHERE (TraceId, Project) IN arrayZip({traces}, {projects})
GROUP BY Project, TraceId
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Traces with spans received in this time, seen with what came shortly before and after."""

    new_since_ns: int
    new_until_ns: int

    def parameters(self) -> dict[str, int]:
        return {
            "new_since_ns": self.new_since_ns,
            "new_until_ns": self.new_until_ns,
            "since_ns": max(0, self.new_since_ns - AROUND_NS),
            "until_ns": self.new_until_ns + AROUND_NS,
        }


@dataclass(frozen=True, slots=True)
class Suspect:
    """A trace to look at as a whole, when its first and last span start, and whether it has twins."""

    key: TraceKey
    first_ns: int
    last_ns: int
    has_twins: bool = False

    def within(self, first_ns: int, last_ns: int) -> "Suspect":
        """The trace, with spans at these times too."""
        return replace(self, first_ns=min(self.first_ns, first_ns), last_ns=max(self.last_ns, last_ns))


def windows(table: SpanTable, since_ns: int, until_ns: int) -> Iterator[Window]:
    """Cut a time of receipt into windows to survey at one go, the newest first, without empty ones."""
    window = Window(since_ns, until_ns)
    rows = count_received(table, window)
    if rows > MOST_SPANS and until_ns - since_ns > SHORTEST_WINDOW_NS:
        middle_ns = (since_ns + until_ns) // 2
        yield from windows(table, middle_ns, until_ns)
        yield from windows(table, since_ns, middle_ns)
    elif rows:
        yield window


def count_spans(table: SpanTable, window: Window) -> int:
    return int(table.query(WINDOW_SPANS, window.parameters())[0][0])


def count_received(table: SpanTable, window: Window) -> int:
    """Spans, and log records that tell of spans."""
    return int(table.query(WINDOW_ROWS, window.parameters())[0][0])


def survey(table: SpanTable, window: Window) -> Iterator[list[Suspect]]:
    """The suspects of a window, in lists that fit into memory."""
    parameters = window.parameters()
    twins = [
        Suspect((project, trace_id), first_ns, last_ns, has_twins=True)
        for project, trace_id, first_ns, last_ns in table.query(TWINS, parameters)
    ]
    yield with_extents(table, twins)
    seen = {suspect.key for suspect in twins}
    slices = 1 + count_spans(table, window) // SURVEY_SPANS
    for number in range(slices):
        rows = table.query(WINDOW_TRACES, parameters | {"slices": slices, "slice": number})
        yield list(confirmed(table, [row for row in rows if (row[0], row[1]) not in seen]))


def confirmed(table: SpanTable, rows: Sequence[Sequence[Any]]) -> Iterator[Suspect]:
    """Suspects, and traces without a root of which there are spans outside the window."""
    found = [(Suspect((row[0], row[1]), row[2], row[3]), row[-1]) for row in rows]
    whole = with_extents(table, [suspect for suspect, _ in found])
    for (suspect, is_suspect), in_full in zip(found, whole, strict=True):
        if is_suspect or in_full != suspect:
            yield in_full


def with_extents(table: SpanTable, suspects: Iterable[Suspect]) -> list[Suspect]:
    """The same traces, with the times of spans that came before or after."""
    return [whole for some in batches(list(suspects)) for whole in extended(table, some)]


def extended(table: SpanTable, found: Sequence[Suspect]) -> Iterator[Suspect]:
    lists = Lists()
    statement = EXTENTS.replace("{traces}", lists.add([suspect.key[1] for suspect in found]))
    statement = statement.replace("{projects}", lists.add([suspect.key[0] for suspect in found]))
    extents = {
        (project, trace_id): (first_ns, last_ns)
        for project, trace_id, first_ns, last_ns in table.query(statement, lists.parameters)
    }
    for suspect in found:
        yield suspect.within(*extents[suspect.key]) if suspect.key in extents else suspect
