"""What filters can compare: every dimension, identities, numbers, and yes-or-no facts."""

from dataclasses import dataclass
from typing import Literal

from watchkeeper_schemas.rollup import REFUSED, TRIPPED

from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import CALLS

NumberKind = Literal["duration_ns", "duration_ms", "usd", "count"]


@dataclass(frozen=True, slots=True)
class TextField:
    name: str
    sql: str
    description: str


@dataclass(frozen=True, slots=True)
class NumberField:
    """``sql`` may be null, which no comparison holds for."""

    name: str
    sql: str
    kind: NumberKind
    description: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact, asked for by ``is:name``."""

    name: str
    sql: str
    description: str


TEXT_FIELDS = {
    **{
        found.name: TextField(found.name, found.sql, found.description)
        for found in DIMENSIONS.values()
        if found.name != "error_status"  # a number, which can be compared
    },
    **{
        field.name: field
        for field in (
            TextField("name", "SpanName", "Name of the span, as `span_name`"),
            TextField("trace", "TraceId", "Id of the trace"),
            TextField("span", "SpanId", "Id of the span"),
            TextField("parent", "ParentSpanId", "Id of the span above"),
            TextField("response_id", "ResponseId", "The provider's id of the answer"),
            TextField("scope", "ScopeName", "Instrumentation that wrote the span"),
            TextField("error_message", "ErrorMessage", "What the error said"),
        )
    },
}

NUMBER_FIELDS = {
    field.name: field
    for field in (
        NumberField("cost", "CostUsd", "usd", "US dollars"),
        NumberField("latency", "Duration", "duration_ns", "Duration; without a unit: milliseconds"),
        NumberField("ttft", "TimeToFirstTokenMs", "duration_ms", "Time to the first token; likewise"),
        NumberField("tokens", "InputTokens + OutputTokens", "count", "Tokens read and written"),
        NumberField("input_tokens", "InputTokens", "count", "Tokens read"),
        NumberField("output_tokens", "OutputTokens", "count", "Tokens written"),
        NumberField("cache_read_tokens", "CacheReadTokens", "count", "Tokens read from the cache"),
        NumberField("cache_write_tokens", "CacheWriteTokens", "count", "Tokens written to the cache"),
        NumberField("reasoning_tokens", "ReasoningTokens", "count", "Tokens of reasoning"),
        NumberField("error_status", "nullIf(ErrorStatus, 0)", "count", "HTTP status of the error"),
        NumberField("tool_calls", "ToolCallCount", "count", "Tool calls in the answer"),
        NumberField(
            "invalid_tool_calls", "InvalidToolCallCount", "count", "Those without a JSON object of arguments"
        ),
        NumberField("pii_hits", "PiiHits", "count", "Personal data that redaction found"),
        NumberField("secret_hits", "SecretHits", "count", "Secrets that redaction found"),
        NumberField("output_words", "OutputWords", "count", "Words of the answer"),
        NumberField("input_chars", "InputChars", "count", "Characters of the newest user message"),
        NumberField("output_chars", "OutputChars", "count", "Characters of the answer"),
    )
}

STATUSES = {
    "error": Flag("error", "IsError", "It failed"),
    "ok": Flag("ok", "NOT IsError", "It did not fail"),
}

FLAGS = {
    flag.name: flag
    for flag in (
        STATUSES["error"],
        Flag("call", CALLS, "A call that counts: llm, embedding or reranker, no duplicate"),
        Flag("root", "ParentSpanId = ''", "It has no parent"),
        Flag("streaming", "IsStreaming", "The answer was streamed"),
        Flag("duplicate", "IsDuplicate", "Another span tells of the same call, and counts"),
        Flag("truncated", "IsTruncated", "The answer was cut at the token limit"),
        Flag("empty", "IsEmpty", "The answer has neither text nor tool call"),
        Flag("json", "IsJson", "The answer is JSON"),
        Flag("refusal", REFUSED, "The answer declines, or the provider held it back"),
        Flag("apology", "IsApology", "The answer begins by saying sorry"),
        Flag("question", "IsQuestion", "The answer ends in a question"),
        Flag("fenced", "HasCodeFence", "The answer has a code fence"),
        Flag("guarded", TRIPPED, "A guardrail warned, modified or blocked"),
        Flag("unpriced", "CostSource = 'unpriced'", "A call without a known cost"),
    )
}
