"""One trace: its figures and, page by page, its spans with their content."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import accumulate
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.content import ContentOf, StoredContent, content_bytes, load_content
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.messages import Conversation, SpanContent
from watchkeeper_collector.query.rows import detail_columns, render_details
from watchkeeper_collector.query.source import Source, at
from watchkeeper_collector.query.trace_summary import Bounds, summarise, within

MOST_CONTENT_BYTES = 32 << 20
FEW_SPANS = 10
ReadConversation = Callable[[SpanContent], Conversation]

BOUNDS = """SELECT
    TraceId,
    toUnixTimestamp64Nano(min(First)),
    toUnixTimestamp64Nano(max(Last)),
    groupUniqArray(EventDay)
FROM {database}.trace_index
WHERE TraceId = {trace}
    AND Project = {project}
GROUP BY TraceId"""

SPANS = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
ORDER BY Timestamp, SpanId
LIMIT {limit}"""


def get_trace(
    source: Source,
    project: str,
    trace_id: str,
    *,
    read_conversation: ReadConversation | None,
    limit: int,
    cursor: str = "",
) -> dict[str, Any]:
    """A trace with a page of its spans in the order of their start.

    Without ``read_conversation`` the caller may not see content, and each span says so.
    """
    bounds = find_bounds(source, project, trace_id)
    figures = summarise(source, project, [bounds])
    if not figures:
        raise _unknown(trace_id)
    rows = _load_spans(source, project, bounds, limit + 1, cursor)
    wanted = ContentOf(project, bounds.trace_id, bounds.days, [row["span_id"] for row in rows[:limit]])
    if read_conversation is None:
        page = rows[:limit]
        spans = [render_details(row) | {"content_hidden": True} for row in page]
    else:
        page = rows[: _fitting(source, wanted)]
        spans = _with_contents(source, page, wanted, read_conversation)
    return figures[0] | {"spans": spans, "next_cursor": _next(rows, len(page))}


def get_spans(
    source: Source,
    project: str,
    trace_id: str,
    span_ids: Sequence[str],
    *,
    read_conversation: ReadConversation | None,
) -> dict[str, dict[str, Any]]:
    """Some spans of a trace with all there is of them, by id; those that there aren't are left out."""
    bounds = find_bounds(source, project, trace_id)
    rows = _load_spans(source, project, bounds, len(span_ids), "", only=span_ids)
    if read_conversation is None:
        return {row["span_id"]: render_details(row) | {"content_hidden": True} for row in rows}
    wanted = ContentOf(project, bounds.trace_id, bounds.days, [row["span_id"] for row in rows])
    spans = _with_contents(source, rows[: _fitting(source, wanted)], wanted, read_conversation)
    return {span["span_id"]: span for span in spans}


def find_bounds(source: Source, project: str, trace_id: str) -> Bounds:
    """Where a trace lies, absurd clocks included. Raises ``NotFoundError``."""
    bindings = Bindings()
    sql = (
        BOUNDS.replace("{database}", source.database)
        .replace("{trace}", bindings.bind(trace_id.lower()))
        .replace("{project}", bindings.bind(project))
    )
    rows = source.query(sql, bindings).rows
    if not rows:
        raise _unknown(trace_id)
    return Bounds(*rows[0])


def _load_spans(
    source: Source, project: str, bounds: Bounds, limit: int, cursor: str, *, only: Sequence[str] = ()
) -> list[dict[str, Any]]:
    bindings = Bindings()
    conditions = within(project, [bounds], bindings)
    if only:
        conditions.append(f"SpanId IN {bindings.bind(list(only), 'Array(String)')}")
    if place := read_cursor(cursor, (int, str)):
        conditions.append(f"(Timestamp, SpanId) > ({at(int(place[0]), bindings)}, {bindings.bind(place[1])})")
    sql = (
        SPANS.replace("{columns}", ",\n    ".join(detail_columns()))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return source.query(sql, bindings).dicts()


def _next(rows: list[dict[str, Any]], shown: int) -> str | None:
    if len(rows) == shown:
        return None
    return render_cursor((rows[shown - 1]["timestamp"], rows[shown - 1]["span_id"]))


def _fitting(source: Source, wanted: ContentOf) -> int:
    """How many of the spans fit on a page with their content; a few always do."""
    if len(wanted.span_ids) <= FEW_SPANS:
        return FEW_SPANS
    sizes = content_bytes(source, wanted)
    totals = accumulate(sizes.get(span_id, 0) for span_id in wanted.span_ids)
    return max(FEW_SPANS, sum(total <= MOST_CONTENT_BYTES for total in totals))


def _with_contents(
    source: Source, rows: list[dict[str, Any]], wanted: ContentOf, read_conversation: ReadConversation
) -> list[dict[str, Any]]:
    shown = replace(wanted, span_ids=wanted.span_ids[: len(rows)])
    contents = load_content(source, shown)
    return [
        _with_content(row, contents.get(row["span_id"], StoredContent()), read_conversation) for row in rows
    ]


def _with_content(
    row: dict[str, Any], content: StoredContent, read_conversation: ReadConversation
) -> dict[str, Any]:
    """The span with its messages, and with the attributes and events that they were read from."""
    rendered = render_details(
        row | {"events": sorted([*row["events"], *content.events], key=lambda event: event[0])}
    )
    conversation = read_conversation(content.readable(row["kind"], row["operation"]))
    return (
        rendered
        | asdict(conversation)
        | {
            "content_hidden": False,
            "attributes": {**row["attributes"], **content.attributes},
            "content_logs": [asdict(log) for log in content.logs],
        }
    )


def _unknown(trace_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no trace '{trace_id[:64]}' in this project. It may have yet to be stored, or be past its"
        " retention."
    )
