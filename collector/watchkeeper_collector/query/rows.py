"""Rows of ``spans`` as JSON: names are the snake_case of the columns, times RFC 3339 with nanoseconds."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper_collector.query.times import render_time

INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

IDENTITY = ("TraceId", "SpanId", "ParentSpanId")
SUMMARY = (
    "EventDay", "SpanName", "SpanKind", "ServiceName", "StatusCode", "StatusMessage", "ApiKeyId",
    "Convention", "Kind", "Operation", "Provider", "RequestModel", "ResponseModel", "ResponseId",
    "ServiceTier", "InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens",
    "ReasoningTokens", "CostUsd", "CostSource", "TimeToFirstTokenMs", "IsStreaming", "FinishReason",
    "IsError", "ErrorType", "ErrorStatus", "ErrorMessage", "UserId", "SessionId", "AgentName",
    "WorkflowName", "ToolName", "PromptName", "PromptVersion", "Release", "Environment", "Feature",
    "IsDuplicate", "DuplicateOf", "InputChars", "OutputChars", "ContentCutChars", "HasOutput",
    "IsTruncated", "IsEmpty", "IsJson", "HasCodeFence", "ToolCallCount",
)  # fmt: skip
DETAILS = (
    "TraceState", "ResourceAttributes", "ScopeName", "ScopeVersion", "ScopeAttributes",
    "SystemFingerprint", "UsageDetails", "TokensBasis", "RollupInputTokens", "RollupOutputTokens",
    "PriceVersion", "ReportedCostUsd", "Inherited", "SegmentId",
)  # fmt: skip
HASHES = ("ToolArgsHash", "InputHash", "OutputHash")
HASH = "if({column} = 0, '', leftPad(lower(hex({column})), 16, '0'))"
"""64 bits, more than numbers of JSON hold everywhere: they are shown in hexadecimal."""

EVENTS = (
    "arrayMap((time, name, attributes) -> (toUnixTimestamp64Nano(time), name, attributes),"
    " Events.Timestamp, Events.Name, Events.Attributes)"
)
LINKS = "arrayZip(Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes)"
INHERITED = {1: "user_id", 2: "session_id", 4: "prompt_name", 8: "release", 16: "environment", 32: "feature"}


def snake_case(column: str) -> str:
    """``CostUsd`` → ``cost_usd``"""
    return INNER_CAPITAL.sub("_", column).lower()


def summary_columns() -> list[str]:
    """What lists show of a span, for :func:`render_summary`."""
    times = [
        "toUnixTimestamp64Nano(Timestamp) AS timestamp",
        "toUnixTimestamp64Nano(ReceivedAt) AS received_at",
    ]
    named = [f"{column} AS {snake_case(column)}" for column in (*IDENTITY, *SUMMARY)]
    return [*named, *times, "Duration AS duration"]


def detail_columns() -> list[str]:
    """All there is of a span but its content, for :func:`render_details`."""
    named = [f"{column} AS {snake_case(column)}" for column in DETAILS]
    hashes = [f"{HASH.replace('{column}', column)} AS {snake_case(column)}" for column in HASHES]
    return [
        *summary_columns(),
        *named,
        *hashes,
        "SpanAttributes AS attributes",
        f"{EVENTS} AS events",
        f"{LINKS} AS links",
    ]


def render_summary(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of :func:`summary_columns` as JSON."""
    rendered = {name: jsonable(value) for name, value in row.items()}
    for time in ("timestamp", "received_at"):
        rendered[time] = render_time(row[time])
    rendered["event_day"] = row["event_day"].isoformat()
    return rendered | {"duration_ms": row["duration"] / 1e6}


def render_details(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of :func:`detail_columns` as JSON. ``inherited`` names what another span of the trace told."""
    return render_summary(row) | {
        "inherited": [name for bit, name in INHERITED.items() if row["inherited"] & bit],
        "events": [render_event(event) for event in row["events"]],
        "links": [
            {"trace_id": trace, "span_id": span, "trace_state": state, "attributes": attributes}
            for trace, span, state, attributes in row["links"]
        ],
    }


def render_event(event: Sequence[Any]) -> dict[str, Any]:
    time_ns, name, attributes = event
    return {"timestamp": render_time(time_ns), "name": name, "attributes": attributes}


def jsonable(value: Any) -> Any:
    """The value, or null for a number that JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
