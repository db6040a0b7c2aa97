"""The list of sessions. A session's figures are of all its spans, whichever of them the filter keeps."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import Place, read_cursor, render_cursor
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import CALLS, COUNTED
from watchkeeper_collector.query.newest import newest_parts
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import render_time

MODEL = DIMENSIONS["model"].sql
MOST_NAMES = 20
MOST_PREVIEW_CHARS = 300
SPANS_A_SESSION = 40
TURNS = f"uniqExactIf((TraceId, InputHash), Kind = 'llm' AND {COUNTED})"

# What sessions are sorted by; amounts are whole nanodollars, so that a cursor holds them exactly.
RANKS = {
    "cost_usd": f"toInt64(round(ifNull(sumKahanIf(CostUsd, {CALLS}), 0) * 1e9))",
    "call_count": f"toInt64(countIf({CALLS}))",
    "error_count": f"toInt64(countIf({COUNTED} AND IsError))",
    "turn_count": f"toInt64({TURNS})",
}

NEWEST = """SELECT
    SessionId,
    toUnixTimestamp64Nano(max(Timestamp)) AS rank
FROM {database}.spans
WHERE {conditions}
    AND SessionId != ''
GROUP BY SessionId
{having}
ORDER BY rank DESC, SessionId DESC
LIMIT {limit}"""

GREATEST = """SELECT
    SessionId,
    {rank} AS rank
FROM {database}.spans
WHERE Project = {project}
    AND SessionId GLOBAL IN
    (
        SELECT SessionId
        FROM {database}.spans
        WHERE {conditions}
            AND SessionId != ''
    )
GROUP BY SessionId
{having}
ORDER BY rank DESC, SessionId DESC
LIMIT {limit}"""

SUMMARY = f"""SELECT
    SessionId AS session_id,
    toUnixTimestamp64Nano(min(Timestamp)) AS first_seen,
    toUnixTimestamp64Nano(max(Timestamp)) AS last_seen,
    max(toInt128(toUnixTimestamp64Nano(Timestamp)) + Duration) - first_seen AS duration,
    {TURNS} AS turn_count,
    uniqExact(TraceId) AS trace_count,
    count() AS span_count,
    countIf({CALLS}) AS call_count,
    countIf({COUNTED} AND IsError) AS error_count,
    countIf({CALLS} AND CostSource = 'unpriced') AS unpriced_call_count,
    sumIf(InputTokens, {CALLS}) AS input_tokens,
    sumIf(OutputTokens, {CALLS}) AS output_tokens,
    sumKahanIf(CostUsd, {CALLS}) AS cost_usd,
    arraySort(groupUniqArrayIf({MOST_NAMES})(UserId, UserId != '')) AS users,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(ServiceName), ServiceName != '')) AS services,
    arraySort(groupUniqArrayIf({MOST_NAMES})({MODEL} AS model, model != '')) AS models,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(Environment), Environment != '')) AS environments,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(Release), Release != '')) AS releases,
    argMaxIf((TraceId, SpanId, EventDay), Timestamp, Kind = 'llm' AND {COUNTED}) AS last_call
FROM {{database}}.spans
WHERE Project = {{project}}
    AND SessionId IN {{sessions}}
GROUP BY SessionId"""

PREVIEWS = """SELECT
    TraceId,
    SpanId,
    argMax(substringUTF8(InputText, 1, {most}), InputText != ''),
    argMax(substringUTF8(OutputText, 1, {most}), OutputText != '')
FROM {database}.span_content
WHERE Project = {project}
    AND EventDay IN {days}
    AND TraceId IN {traces}
    AND SpanId IN {spans}
GROUP BY TraceId, SpanId"""


def list_sessions(source: Source, slice_: Slice, *, order: str, limit: int, cursor: str = "") -> Page:
    """A page of the sessions of which some span is in the slice, the greatest first."""
    after = read_cursor(cursor, (int, str))
    found = _find(source, slice_, order, limit + 1, after)
    shown = found[:limit]
    items = summarise(source, slice_.project, [name for name, _ in shown], may_see=slice_.may_search_content)
    more = len(found) > limit
    return Page(items, render_cursor((shown[-1][1], shown[-1][0])) if more else None)


def summarise(
    source: Source, project: str, sessions: Sequence[str], *, may_see: bool
) -> list[dict[str, Any]]:
    """The figures of each session that there is, in the given order; for who may see, with its last words."""
    if not sessions:
        return []
    bindings = Bindings()
    sql = (
        SUMMARY.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{sessions}", bindings.bind(list(sessions), "Array(String)"))
    )
    rows = {row["session_id"]: row for row in source.query(sql, bindings).dicts()}
    found = [rows[session] for session in sessions if session in rows]
    previews = _load_previews(source, project, [row["last_call"] for row in found]) if may_see else {}
    return [_render(row, previews, may_see=may_see) for row in found]


def _find(
    source: Source, slice_: Slice, order: str, wanted: int, after: Place | None
) -> list[tuple[str, int]]:
    """By the newest span in the slice, look at ever more of them until so many sessions are sure."""
    if order in RANKS:
        return _query_ranks(source, slice_, GREATEST.replace("{rank}", RANKS[order]), wanted, after)
    found: list[tuple[str, int]] = []
    for part in newest_parts(source, slice_, wanted * SPANS_A_SESSION, int(after[0]) if after else None):
        found = _query_ranks(source, part, NEWEST, wanted, after)
        if len(found) == wanted:
            break
    return found


def _query_ranks(
    source: Source, slice_: Slice, statement: str, wanted: int, after: Place | None
) -> list[tuple[str, int]]:
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    having = ""
    if after is not None:
        here = f"({bindings.bind(after[0], 'Int64')}, {bindings.bind(after[1])})"
        having = f"HAVING (rank, SessionId) < {here}"
    sql = (
        statement.replace("{database}", source.database)
        .replace("{project}", bindings.bind(slice_.project))
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{having}", having)
        .replace("{limit}", bindings.bind(wanted, "UInt32"))
    )
    return [(session, rank) for session, rank in source.query(sql, bindings).rows]


def _load_previews(
    source: Source, project: str, calls: Sequence[Sequence[Any]]
) -> dict[tuple[str, str], tuple[str, str]]:
    known = [call for call in calls if call[0]]
    if not known:
        return {}
    bindings = Bindings()
    sql = (
        PREVIEWS.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{days}", bindings.bind(sorted({day for _, _, day in known}), "Array(Date)"))
        .replace("{traces}", bindings.bind(sorted({trace for trace, _, _ in known}), "Array(String)"))
        .replace("{spans}", bindings.bind(sorted({span for _, span, _ in known}), "Array(String)"))
        .replace("{most}", str(MOST_PREVIEW_CHARS))
    )
    return {(trace, span): (asked, said) for trace, span, asked, said in source.query(sql, bindings).rows}


def _render(
    row: dict[str, Any], previews: dict[tuple[str, str], tuple[str, str]], *, may_see: bool
) -> dict[str, Any]:
    trace_id, span_id, _ = row.pop("last_call")
    duration = int(row.pop("duration"))
    rendered = {key: jsonable(value) for key, value in row.items()}
    rendered |= {key: render_time(row[key]) for key in ("first_seen", "last_seen")}
    rendered |= {"duration_ms": duration / 1e6, "content_hidden": not may_see}
    if may_see:
        rendered["last_input"], rendered["last_output"] = previews.get((trace_id, span_id), ("", ""))
    return rendered
