"""Bedrock's counts of tokens, in which cached ones are counted apart, and its reasons to stop."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.reading import Usage, count, mapping

FINISH_REASONS = {
    **dict.fromkeys(("end_turn", "stop_sequence", "stop", "eos", "finish", "finished", "complete",
                     "stop_criteria_met"), "stop"),
    **dict.fromkeys(("max_tokens", "length", "model_context_window_exceeded", "error_limit"), "length"),
    **dict.fromkeys(("tool_use", "tool_call", "tool_calls"), "tool_call"),
    **dict.fromkeys(("guardrail_intervened", "content_filtered", "content_filter", "error_toxic", "refusal"),
                    "content_filter"),
    **dict.fromkeys(("malformed_model_output", "malformed_tool_use", "error"), "error"),
}  # fmt: skip
"""Of all families, by their words in small letters; others stay as they are."""
HEADER = "x-amzn-bedrock-"


def finish_reason(reason: Any) -> str | None:
    return FINISH_REASONS.get(reason.lower(), reason) if isinstance(reason, str) and reason else None


def read_usage(value: Any) -> Usage:
    """The usage object of Converse and of Nova."""
    usage = mapping(value)
    return build_usage(
        count(usage.get("inputTokens")),
        count(usage.get("outputTokens")),
        count(usage.get("cacheReadInputTokens", usage.get("cacheReadInputTokenCount"))),
        count(usage.get("cacheWriteInputTokens", usage.get("cacheWriteInputTokenCount"))),
    )


def read_metrics(value: Any) -> Usage:
    """What the last chunk of a streamed invocation says."""
    metrics = mapping(value)
    return build_usage(
        count(metrics.get("inputTokenCount")),
        count(metrics.get("outputTokenCount")),
        count(metrics.get("cacheReadInputTokenCount")),
        count(metrics.get("cacheWriteInputTokenCount")),
    )


def read_header_usage(headers: Mapping[str, Any]) -> Usage:
    """What the headers of an invocation say; not every family's do."""
    return build_usage(
        _number(headers.get(f"{HEADER}input-token-count")),
        _number(headers.get(f"{HEADER}output-token-count")),
        _number(headers.get(f"{HEADER}cache-read-input-token-count")),
        _number(headers.get(f"{HEADER}cache-write-input-token-count")),
    )


def build_usage(uncached: int | None, output: int | None, read: int | None, written: int | None) -> Usage:
    """Usage with cached tokens among the input's, of which Bedrock says only what is fresh."""
    total = None if uncached is None else uncached + (read or 0) + (written or 0)
    return Usage(total, output, cache_read_tokens=read, cache_write_tokens=written)


def _number(header: Any) -> int | None:
    return int(header) if isinstance(header, str) and header.isdecimal() else None
