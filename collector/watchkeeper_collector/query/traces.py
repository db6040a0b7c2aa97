"""The list of traces, the one that started last first."""

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import Place, read_cursor, render_cursor
from watchkeeper_collector.query.newest import newest_parts
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.trace_summary import Bounds, summarise

# A trace starts when its first span does, whichever of its spans the filter keeps. Every trace that started
# at the floor or later has all its spans there: of these the answer is sure, of older ones it is not.
FOUND = """SELECT
    TraceId,
    toUnixTimestamp64Nano(min(First)) AS start,
    toUnixTimestamp64Nano(max(Last)) AS last,
    groupUniqArray(EventDay) AS days
FROM {database}.trace_index
WHERE Project = {project}
    AND TraceId GLOBAL IN
    (
        SELECT TraceId
        FROM {database}.spans
        WHERE {conditions}
    )
GROUP BY TraceId
{having}
ORDER BY start DESC, TraceId DESC
LIMIT {limit}"""
SPANS_A_TRACE = 8


def list_traces(source: Source, slice_: Slice, *, limit: int, cursor: str = "") -> Page:
    """A page of the traces of which some span is in the slice. Their figures are of all their spans."""
    after = read_cursor(cursor, (int, str))
    found = _find(source, slice_, limit + 1, after)
    shown = found[:limit]
    items = summarise(source, slice_.project, shown)
    more = len(found) > limit
    return Page(items, render_cursor((shown[-1].start_ns, shown[-1].trace_id)) if more else None)


def _find(source: Source, slice_: Slice, wanted: int, after: Place | None) -> list[Bounds]:
    """Look at ever more of the newest spans until so many traces are sure, or all spans were seen."""
    before_ns = int(after[0]) if after else None
    found: list[Bounds] = []
    for part in newest_parts(source, slice_, wanted * SPANS_A_TRACE, before_ns):
        floor_ns = None if part is slice_ else part.window.start_ns
        found = _find_from(source, part, wanted, after, floor_ns)
        if len(found) == wanted:
            break
    return found


def _find_from(
    source: Source, slice_: Slice, wanted: int, after: Place | None, floor_ns: int | None
) -> list[Bounds]:
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    having = []
    if floor_ns is not None:
        having.append(f"start >= {bindings.bind(floor_ns, 'Int64')}")
    if after is not None:
        start, trace_id = bindings.bind(after[0], "Int64"), bindings.bind(after[1])
        having.append(f"(start, TraceId) < ({start}, {trace_id})")
    sql = (
        FOUND.replace("{database}", source.database)
        .replace("{project}", bindings.bind(slice_.project))
        .replace("{conditions}", "\n            AND ".join(conditions))
        .replace("{having}", f"HAVING {' AND '.join(having)}" if having else "")
        .replace("{limit}", bindings.bind(wanted, "UInt32"))
    )
    return [Bounds(*row) for row in source.query(sql, bindings).rows]
