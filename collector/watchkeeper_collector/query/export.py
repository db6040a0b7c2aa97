"""What is exported: spans, traces, sessions or scores of a slice, in chunks.

Each chunk is a query of its own under the limits of all queries, from where the last one ended: however much
there is, it is never in memory, and who gives a download up ends it with the chunk.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.exporting import ColumnType, Rows, StreamedTable
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import render_summary, summary_columns
from watchkeeper_collector.query.scores import Wanted, list_scores
from watchkeeper_collector.query.sessions import list_sessions
from watchkeeper_collector.query.source import Slice, Source, at
from watchkeeper_collector.query.span_contents import load_messages
from watchkeeper_collector.query.trace import ReadConversation
from watchkeeper_collector.query.traces import list_traces

Subject = Literal["spans", "traces", "sessions", "scores"]
CHUNK = 5_000
CONTENT_CHUNK = 200
PAGE = 500

SPANS = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
ORDER BY toStartOfMinute(Timestamp), Timestamp, TraceId, SpanId
LIMIT {limit}"""

COUNT = """SELECT count()
FROM {database}.spans
WHERE {conditions}"""

SPAN_COLUMNS: dict[str, ColumnType] = {
    "trace_id": "text", "span_id": "text", "parent_span_id": "text", "timestamp": "text",
    "duration": "integer", "duration_ms": "number", "received_at": "text", "event_day": "text",
    "span_name": "text", "span_kind": "text", "service_name": "text", "status_code": "text",
    "status_message": "text", "api_key_id": "text", "convention": "text", "kind": "text",
    "operation": "text", "provider": "text", "request_model": "text", "response_model": "text",
    "response_id": "text", "service_tier": "text", "input_tokens": "integer",
    "cache_read_tokens": "integer", "cache_write_tokens": "integer", "output_tokens": "integer",
    "reasoning_tokens": "integer", "cost_usd": "number", "cost_source": "text",
    "time_to_first_token_ms": "number", "is_streaming": "flag", "finish_reason": "text",
    "is_error": "flag", "error_type": "text", "error_status": "integer", "error_message": "text",
    "user_id": "text", "session_id": "text", "agent_name": "text", "workflow_name": "text",
    "tool_name": "text", "prompt_name": "text", "prompt_version": "text", "release": "text",
    "environment": "text", "feature": "text", "is_duplicate": "flag", "duplicate_of": "text",
    "input_chars": "integer", "output_chars": "integer", "content_cut_chars": "integer",
    "has_output": "flag", "is_truncated": "flag", "is_empty": "flag", "is_json": "flag",
    "has_code_fence": "flag", "tool_call_count": "integer",
}  # fmt: skip
CONTENT_COLUMNS: dict[str, ColumnType] = {
    "attributes": "json", "system_instructions": "json", "input_messages": "json", "output_messages": "json",
    "tool_definitions": "json",
}  # fmt: skip
TRACE_COLUMNS: dict[str, ColumnType] = {
    "trace_id": "text", "name": "text", "service_name": "text", "root_span_id": "text", "is_error": "flag",
    "timestamp": "text", "duration_ms": "number", "span_count": "integer", "call_count": "integer",
    "error_count": "integer", "unpriced_call_count": "integer", "input_tokens": "integer",
    "output_tokens": "integer", "cost_usd": "number", "services": "json", "models": "json", "users": "json",
    "sessions": "json", "environments": "json", "releases": "json",
}  # fmt: skip
SESSION_COLUMNS: dict[str, ColumnType] = {
    "session_id": "text", "first_seen": "text", "last_seen": "text", "duration_ms": "number",
    "turn_count": "integer", "trace_count": "integer", "span_count": "integer", "call_count": "integer",
    "error_count": "integer", "unpriced_call_count": "integer", "input_tokens": "integer",
    "output_tokens": "integer", "cost_usd": "number", "users": "json", "services": "json", "models": "json",
    "environments": "json", "releases": "json",
}  # fmt: skip
PREVIEW_COLUMNS: dict[str, ColumnType] = {"last_input": "text", "last_output": "text"}
SCORE_COLUMNS: dict[str, ColumnType] = {
    "id": "text", "name": "text", "data_type": "text", "value": "number", "label": "text",
    "trace_id": "text", "span_id": "text", "session_id": "text", "user_id": "text", "source": "text",
    "metadata": "json", "timestamp": "text", "received_at": "text", "api_key_id": "text",
}  # fmt: skip
COMMENT_COLUMNS: dict[str, ColumnType] = {"comment": "text"}


def build_table(
    source: Source, slice_: Slice, subject: Subject, read_conversation: ReadConversation | None
) -> StreamedTable:
    """The rows of a slice. With ``read_conversation``, prompts, answers and comments are among them.

    The filter is checked, and the first chunk read, before this returns: what is wrong with the question is
    said before the file begins.
    """
    with_content = read_conversation is not None
    if subject == "spans":
        columns = SPAN_COLUMNS | (CONTENT_COLUMNS if with_content else {})
        chunks = _span_chunks(source, slice_, read_conversation)
        return _begun(columns, chunks, _count_spans(source, slice_))
    if subject == "traces":
        return _begun(
            TRACE_COLUMNS, _pages(lambda cursor: list_traces(source, slice_, limit=PAGE, cursor=cursor))
        )
    if subject == "sessions":
        columns = SESSION_COLUMNS | (PREVIEW_COLUMNS if with_content else {})
        return _begun(columns, _pages(lambda cursor: _session_page(source, slice_, cursor)))
    columns = SCORE_COLUMNS | (COMMENT_COLUMNS if with_content else {})
    wanted = Wanted(slice_)
    return _begun(columns, _pages(lambda cursor: list_scores(source, wanted, limit=CHUNK, cursor=cursor)))


def _begun(
    columns: dict[str, ColumnType], chunks: Iterator[Rows], row_count: int | None = None
) -> StreamedTable:
    """The table with its first chunk read."""
    first = next(chunks, [])

    def all_chunks() -> Iterator[Rows]:
        if first:
            yield first
            yield from chunks

    return StreamedTable(columns, all_chunks(), row_count)


def _pages(load: Callable[[str], Page]) -> Iterator[Rows]:
    cursor: str | None = ""
    while cursor is not None:
        page = load(cursor)
        cursor = page.next_cursor
        yield page.items


def _session_page(source: Source, slice_: Slice, cursor: str) -> Page:
    return list_sessions(source, slice_, order="last_seen", limit=PAGE, cursor=cursor)


def _count_spans(source: Source, slice_: Slice) -> int:
    bindings = Bindings()
    conditions = "\n    AND ".join(slice_.conditions(bindings, source))
    sql = COUNT.replace("{database}", source.database).replace("{conditions}", conditions)
    return int(source.query(sql, bindings).rows[0][0])


def _span_chunks(source: Source, slice_: Slice, read_conversation: ReadConversation | None) -> Iterator[Rows]:
    size = CHUNK if read_conversation is None else CONTENT_CHUNK
    rows: Sequence[dict[str, Any]] = []
    while not rows or len(rows) == size:
        rows = _load_spans(source, slice_, size, rows[-1] if rows else None)
        rendered = [render_summary(row) for row in rows]
        if read_conversation is not None:
            messages = load_messages(source, slice_.project, rows, read_conversation)
            rendered = [span | found for span, found in zip(rendered, messages, strict=True)]
        yield rendered
        if not rows:
            return


def _load_spans(
    source: Source, slice_: Slice, limit: int, last: dict[str, Any] | None
) -> list[dict[str, Any]]:
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    if last is not None:
        time = at(last["timestamp"], bindings)
        ids = f"{bindings.bind(last['trace_id'])}, {bindings.bind(last['span_id'])}"
        conditions += [f"Timestamp >= {time}", f"(Timestamp, TraceId, SpanId) > ({time}, {ids})"]
    sql = (
        SPANS.replace("{columns}", ",\n    ".join(summary_columns()))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return source.query(sql, bindings).dicts()
