"""Sessions: the conversations that are spread over several traces."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader, may_show_content
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import End, Filter, Start
from watchkeeper_collector.query import conversation, sessions
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.query.trace import ReadConversation

Order = Literal["-last_seen", "-cost_usd", "-call_count", "-error_count", "-turn_count"]
SessionId = Annotated[str, Path(min_length=1, max_length=512)]


class SessionSummary(BaseModel):
    """A session by all of its spans. Duplicates are spans, and count nowhere else."""

    session_id: str
    first_seen: Annotated[str, Field(description="When its first span started.")]
    last_seen: Annotated[str, Field(description="When its last span started.")]
    duration_ms: Annotated[float, Field(description="From the first start to the last end.")]
    turn_count: Annotated[
        int, Field(description="Different user messages in each trace; without content, traces with a call.")
    ]
    trace_count: int
    span_count: int
    call_count: int
    error_count: Annotated[int, Field(description="Spans that failed.")]
    unpriced_call_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    users: list[str]
    services: list[str]
    models: list[str]
    environments: list[str]
    releases: list[str]
    content_hidden: Annotated[
        bool, Field(description="The key lacks the scope `content`: what follows is null.")
    ]
    last_input: Annotated[str | None, Field(description="How the newest user message begins.")] = None
    last_output: Annotated[str | None, Field(description="How the newest answer begins.")] = None


class SessionMessage(BaseModel):
    """A message of the conversation, at the call that it first came with."""

    span_id: str
    timestamp: Annotated[str, Field(description="Of inputs: when the call began; of answers: when it ended.")]
    is_output: Annotated[bool, Field(description="The model wrote it in this call.")]
    model: Annotated[str, Field(description="Of the call.")]
    message: Annotated[
        dict[str, Any],
        Field(
            description="In the form of the OpenTelemetry GenAI conventions.",
            examples=[{"role": "user", "parts": [{"type": "text", "content": "Where is my order?"}]}],
        ),
    ]


class SessionTrace(BaseModel):
    """What one trace added to the conversation."""

    trace_id: str
    name: str
    timestamp: str
    duration_ms: float
    is_error: bool
    call_count: int
    error_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    models: list[str]
    messages: Annotated[
        list[SessionMessage] | None, Field(description="New ones only, in their order; null: hidden.")
    ]
    is_cut: Annotated[bool, Field(description="The trace has more calls than are shown here.")]


class Session(SessionSummary):
    """With a page of its traces, in the order of their start."""

    traces: list[SessionTrace]
    next_cursor: str | None


def build_router(
    source: Source, read_conversation: ReadConversation, *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(prefix="/sessions", tags=["sessions"])

    @router.get("", response_model=Page[SessionSummary])
    def list_sessions(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "",
        end: End = "",
        order: Annotated[Order, Query(description="The greatest first.")] = "-last_seen",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Any:
        """List sessions with a span in the window that the filter keeps; figures are of whole sessions."""
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, may_show_content(caller))
        return sessions.list_sessions(source, wanted, order=order[1:], limit=limit, cursor=cursor)

    @router.get("/{session_id:path}", response_model=Session)
    def get_session(
        caller: Reader,
        *,
        session_id: SessionId,
        limit: Annotated[
            int, Query(ge=1, le=200, description="Most traces; large content makes it fewer.")
        ] = 20,
        cursor: Cursor = "",
    ) -> Any:
        """Look at one session: its figures, and with the scope `content` the conversation."""
        reader = read_conversation if may_show_content(caller) else None
        return conversation.get_session(
            source, caller.project, session_id, read_conversation=reader, limit=limit, cursor=cursor
        )

    return router
