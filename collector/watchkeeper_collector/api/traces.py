"""Traces: the list of them, and each with its spans and what was said."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader, may_show_content
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import End, Filter, SpanSummary, Start
from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query import trace, trace_tree, traces
from watchkeeper_collector.query.ranked_traces import rank_traces
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.query.trace import ReadConversation
from watchkeeper_collector.query.trace_tree import MOST_DEPTH, Branch

Attributes = dict[str, str]
Message = dict[str, Any]
TraceId = Annotated[str, Path(max_length=128)]
Order = Literal[
    "-timestamp",
    "-cost_usd",
    "-duration",
    "-input_tokens",
    "-output_tokens",
    "-error_count",
    "-call_count",
    "-span_count",
]


class TraceSummary(BaseModel):
    """A trace, by all of its spans. Duplicates are spans, and count nowhere else."""

    trace_id: str
    name: Annotated[str, Field(description="Of the root span, else of the first.")]
    service_name: Annotated[str, Field(description="Likewise.")]
    root_span_id: Annotated[str | None, Field(description="Null: no root came.")]
    is_error: Annotated[bool, Field(description="The root failed.")]
    timestamp: Annotated[str, Field(description="When its first span started.")]
    duration: Annotated[int, Field(description="Nanoseconds, from the first start to the last end.")]
    duration_ms: float
    span_count: int
    call_count: int
    error_count: Annotated[int, Field(description="Spans that failed.")]
    unpriced_call_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    services: list[str]
    models: list[str]
    users: list[str]
    sessions: list[str]
    environments: list[str]
    releases: list[str]


class SpanEvent(BaseModel):
    timestamp: str
    name: str
    attributes: Attributes


class SpanLink(BaseModel):
    trace_id: str
    span_id: str
    trace_state: str
    attributes: Attributes


class ContentLog(BaseModel):
    """A log record with content of the span."""

    name: str
    body: str
    attributes: Attributes


class SpanDetails(SpanSummary):
    """All there is of a span; messages are in the form of the OpenTelemetry GenAI conventions."""

    trace_state: str
    resource_attributes: Attributes
    scope_name: str
    scope_version: str
    scope_attributes: Attributes
    system_fingerprint: str
    usage_details: Annotated[dict[str, int], Field(description="Every other unit that is billed.")]
    tokens_basis: Annotated[str, Field(description="By which rule the token totals were made.")]
    rollup_input_tokens: Annotated[int | None, Field(description="Of spans that sum up calls below them.")]
    rollup_output_tokens: int | None
    price_version: Annotated[str, Field(description="The price data that the cost is from.")]
    reported_cost_usd: Annotated[float | None, Field(description="What the sender said it cost.")]
    inherited: Annotated[list[str], Field(description="Fields whose values are from other spans.")]
    segment_id: str
    tool_args_hash: str
    input_hash: str
    output_hash: str
    attributes: Annotated[Attributes, Field(description="As they were sent; content only if it is shown.")]
    events: list[SpanEvent]
    links: list[SpanLink]
    content_hidden: Annotated[
        bool, Field(description="The key lacks the scope `content`: what follows is null.")
    ]
    input_messages: list[Message] | None = None
    output_messages: list[Message] | None = None
    system_instructions: list[dict[str, Any]] | None = None
    tool_definitions: list[dict[str, Any]] | None = None
    documents: Annotated[list[dict[str, Any]] | None, Field(description="What a retrieval found.")] = None
    tool_arguments: Any = None
    tool_result: Any = None
    is_batch: Annotated[
        bool | None, Field(description="The input is a batch of texts, as for embeddings.")
    ] = None
    content_logs: list[ContentLog] | None = None


class Trace(TraceSummary):
    """With a page of its spans, in the order of their start."""

    spans: list[SpanDetails]
    next_cursor: str | None


class Subtree(BaseModel):
    """What a span and all spans below it add up to. Duplicates are spans, and count nowhere else."""

    span_count: Annotated[int, Field(description="The span itself too.")]
    call_count: int
    error_count: int
    unpriced_call_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    end: Annotated[str, Field(description="When the last of them ended.")]


class TreeSpan(SpanSummary):
    """A span at its place in the tree."""

    depth: Annotated[int, Field(description="Steps from the top of what was asked for, which has 0.")]
    child_count: int
    is_orphan: Annotated[bool, Field(description="Its parent never came: it stands among the roots.")]
    is_on_critical_path: Annotated[
        bool, Field(description="Had it been shorter, the trace would have been, all else being equal.")
    ]
    subtree: Subtree
    details: Annotated[SpanDetails | None, Field(description="With `with_details`; else null.")] = None


class Neighbours(BaseModel):
    """The traces of the same session that began before and after. Null: there is none."""

    session_id: str | None
    previous_trace_id: str | None
    next_trace_id: str | None


class TraceTree(TraceSummary):
    """With a page of a part of its tree: each span comes before those below it, siblings by their start."""

    parent: Annotated[str, Field(description="`roots`, or the span whose children are the top.")]
    spans: list[TreeSpan]
    next_cursor: str | None
    neighbours: Neighbours


def build_router(
    source: Source, read_conversation: ReadConversation, *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(tags=["traces"])

    @router.get("/traces", response_model=Page[TraceSummary])
    def list_traces(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "",
        end: End = "",
        order: Annotated[
            Order,
            Query(description="The greatest first, by the trace's spans in the window."),
        ] = "-timestamp",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Any:
        """List traces with a span that the filter keeps, by default the one that started last first."""
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        if order == "-timestamp":
            return traces.list_traces(source, wanted, limit=limit, cursor=cursor)
        return rank_traces(source, wanted, order=order[1:], limit=limit, cursor=cursor)

    _add_one_trace(router, source, read_conversation)
    _add_one_span(router, source, read_conversation)
    return router


def _add_one_trace(router: APIRouter, source: Source, read_conversation: ReadConversation) -> None:
    @router.get("/traces/{trace_id}")
    def get_trace(
        caller: Reader,
        *,
        trace_id: TraceId,
        limit: Annotated[
            int, Query(ge=1, le=1000, description="Most spans; large content makes it fewer.")
        ] = 200,
        cursor: Cursor = "",
        parent: Annotated[
            str,
            Query(
                description="Answer a [TraceTree](#tracetree): `roots`, or a span's id for what is below it.",
                max_length=64,
                examples=["roots"],
            ),
        ] = "",
        depth: Annotated[
            int, Query(ge=1, le=MOST_DEPTH, description="Of the tree: how many levels.")
        ] = MOST_DEPTH,
        with_details: Annotated[
            bool, Query(description="Of the tree: also each span's attributes and content.")
        ] = False,
    ) -> Trace | TraceTree:
        """Look at one trace: its spans, and with the scope `content` what was asked and answered.

        With `parent` the answer is a part of its tree without content, however many spans the trace has.
        """
        has_content = not parent or with_details
        reader = read_conversation if has_content and may_show_content(caller) else None
        if not parent:
            found = trace.get_trace(
                source, caller.project, trace_id, read_conversation=reader, limit=limit, cursor=cursor
            )
            return Trace.model_validate(found)
        branch = Branch("" if parent == "roots" else parent.lower(), depth, limit, cursor)
        tree = trace_tree.get_tree(source, caller.project, trace_id, branch)
        if with_details:
            ids = [span["span_id"] for span in tree["spans"]]
            details = trace.get_spans(source, caller.project, trace_id, ids, read_conversation=reader)
            tree["spans"] = [span | {"details": details.get(span["span_id"])} for span in tree["spans"]]
        return TraceTree.model_validate(tree)


def _add_one_span(router: APIRouter, source: Source, read_conversation: ReadConversation) -> None:
    @router.get("/traces/{trace_id}/spans/{span_id}", response_model=SpanDetails)
    def get_span(caller: Reader, *, trace_id: TraceId, span_id: Annotated[str, Path(max_length=64)]) -> Any:
        """Look at one span of a trace, with its content by the scope `content`."""
        reader = read_conversation if may_show_content(caller) else None
        found = trace.get_spans(source, caller.project, trace_id, [span_id.lower()], read_conversation=reader)
        if span_id.lower() not in found:
            raise NotFoundError(f"There is no span '{span_id[:64]}' in the trace '{trace_id[:64]}'.")
        return found[span_id.lower()]
