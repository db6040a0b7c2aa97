"""The traces that cost, took or failed most."""

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.measures import CALLS, COUNTED
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source, in_window
from watchkeeper_collector.query.trace_summary import Bounds, summarise

# Whole numbers, so that a cursor holds them exactly: amounts are nanodollars.
RANKS = {
    "cost_usd": f"toInt64(round(ifNull(sumKahanIf(CostUsd, {CALLS}), 0) * 1e9))",
    "duration": "toInt64(least(max(toInt128(toUnixTimestamp64Nano(Timestamp)) + Duration)"
    " - toUnixTimestamp64Nano(min(Timestamp)), toInt128(9223372036854775807)))",
    "input_tokens": f"toInt64(ifNull(sumIf(InputTokens, {CALLS}), 0))",
    "output_tokens": f"toInt64(ifNull(sumIf(OutputTokens, {CALLS}), 0))",
    "error_count": f"toInt64(countIf({COUNTED} AND IsError))",
    "call_count": f"toInt64(countIf({CALLS}))",
    "span_count": "toInt64(count())",
}

RANKED = """SELECT
    TraceId,
    {rank} AS rank
FROM {database}.spans
WHERE {conditions}
GROUP BY TraceId
{having}
ORDER BY rank DESC, TraceId DESC
LIMIT {limit}"""
WITH_A_SPAN = "TraceId GLOBAL IN (SELECT TraceId FROM {database}.spans WHERE {conditions})"

PLACED = """SELECT
    TraceId,
    toUnixTimestamp64Nano(min(First)),
    toUnixTimestamp64Nano(max(Last)),
    groupUniqArray(EventDay)
FROM {database}.trace_index
WHERE Project = {project}
    AND TraceId IN {traces}
GROUP BY TraceId"""


def rank_traces(source: Source, slice_: Slice, *, order: str, limit: int, cursor: str = "") -> Page:
    """A page of the traces of which some span is in the slice, the greatest first.

    ``order`` is one of ``RANKS``, over the trace's spans in the window, whichever of them the filter keeps.
    """
    place = read_cursor(cursor, (int, str))
    bindings = Bindings()
    having = ""
    if place is not None:
        having = f"HAVING (rank, TraceId) < ({bindings.bind(place[0], 'Int64')}, {bindings.bind(place[1])})"
    sql = (
        RANKED.replace("{rank}", RANKS[order])
        .replace("{conditions}", "\n    AND ".join(_conditions(source, slice_, bindings)))
        .replace("{database}", source.database)
        .replace("{having}", having)
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).rows
    shown = rows[:limit]
    items = summarise(source, slice_.project, _load_bounds(source, slice_.project, [row[0] for row in shown]))
    return Page(items, render_cursor((shown[-1][1], shown[-1][0])) if len(rows) > limit else None)


def _conditions(source: Source, slice_: Slice, bindings: Bindings) -> list[str]:
    in_slice = slice_.conditions(bindings, source)
    if slice_.expression() is None:
        return in_slice
    kept = WITH_A_SPAN.replace("{conditions}", " AND ".join(in_slice))
    return [f"Project = {bindings.bind(slice_.project)}", *in_window(slice_.window, bindings), kept]


def _load_bounds(source: Source, project: str, trace_ids: list[str]) -> list[Bounds]:
    """Where the traces lie, in the given order."""
    bindings = Bindings()
    sql = (
        PLACED.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{traces}", bindings.bind(trace_ids, "Array(String)"))
    )
    found = {row[0]: Bounds(*row) for row in source.query(sql, bindings).rows} if trace_ids else {}
    return [found[trace_id] for trace_id in trace_ids if trace_id in found]
