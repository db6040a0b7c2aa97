"""Spans, one by one."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader, may_show_content
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.errors import ForbiddenError
from watchkeeper_collector.query import spans
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window

Filter = Annotated[
    str, Query(description='Which spans, such as `model:gpt-4o* -status:error cost:>0.10 "refund policy"`.')
]
Start = Annotated[str, Query(description="RFC 3339 or relative, such as `-24h`; empty: without a start.")]
End = Annotated[str, Query(description="Likewise; what starts at it is left out. Empty: without an end.")]


class SpanSummary(BaseModel):
    """A span with what was made of it; names are those of the columns of `spans`. Null is unknown."""

    trace_id: str
    span_id: str
    parent_span_id: Annotated[str, Field(description="Empty: it is a root.")]
    timestamp: Annotated[str, Field(description="When it started.")]
    duration: Annotated[int, Field(description="Nanoseconds.")]
    duration_ms: float
    received_at: str
    event_day: Annotated[str, Field(description="The day it is stored under: of receipt for absurd clocks.")]
    span_name: str
    span_kind: str
    service_name: str
    status_code: str
    status_message: str
    api_key_id: str
    convention: Annotated[str, Field(description="The dialect it was written in.")]
    kind: Annotated[str, Field(description="`llm`, `embedding`, `tool`, `agent`, `chain`, …")]
    operation: str
    provider: str
    request_model: str
    response_model: str
    response_id: str
    service_tier: str
    input_tokens: Annotated[int | None, Field(description="All of them, cache reads and writes included.")]
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: Annotated[int | None, Field(description="All of them, reasoning included.")]
    reasoning_tokens: int | None
    cost_usd: float | None
    cost_source: Annotated[str, Field(description="`computed`, `reported` or `unpriced`; empty: no call.")]
    time_to_first_token_ms: float | None
    is_streaming: bool
    finish_reason: str
    is_error: bool
    error_type: str
    error_status: int
    error_message: str
    user_id: str
    session_id: str
    agent_name: str
    workflow_name: str
    tool_name: str
    prompt_name: str
    prompt_version: str
    release: str
    environment: str
    feature: str
    is_duplicate: Annotated[bool, Field(description="Another span tells of the same call, and counts.")]
    duplicate_of: str
    input_chars: int
    output_chars: int
    content_cut_chars: Annotated[int, Field(description="Characters of content that were too many to keep.")]
    has_output: bool
    is_truncated: bool
    is_empty: bool
    is_json: bool
    has_code_fence: bool
    tool_call_count: int


class ListedSpan(SpanSummary):
    """With `with_words`, the beginnings of its newest user message and its answer; else these are null."""

    input_text: str | None = None
    output_text: str | None = None


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["traces"])

    @router.get("/spans", response_model=Page[ListedSpan])
    def list_spans(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "",
        end: End = "",
        limit: Limit = 100,
        cursor: Cursor = "",
        with_words: Annotated[
            bool, Query(description="How prompts and answers begin; needs the scope `content`.")
        ] = False,
    ) -> Any:
        """List spans, newest first."""
        if with_words and not may_show_content(caller):
            raise ForbiddenError(f"{caller.described} lacks the scope 'content' for 'with_words'.")
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        return spans.list_spans(source, wanted, limit=limit, cursor=cursor, with_words=with_words)

    return router
