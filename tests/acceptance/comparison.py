"""What a stored span says, field by field, beside what it should say."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from genai_prices import Usage, calc_price
from watchkeeper_collector.query.messages import Conversation, last_user_text, output_text

from tests.acceptance.captures import Call, Case, OtherSpan, load_calls, load_other_spans

Span = Mapping[str, Any]

CALL_KINDS = frozenset({"llm", "embedding", "reranker"})
KINDS = {"tool": "tool", "retriever": "retriever", "agent": "agent", "invoke_agent": "agent"}
"""What must be recognised as itself; the other words mean whatever is no call."""
PROVIDERS = {"google": "gcp.gemini", "bedrock": "aws.bedrock"}
"""What the conventions call those whose protocols the server spoke."""
PRICE_PROVIDERS = {"gcp.gemini": "google", "aws.bedrock": "aws"}
CAPTURED_AT = datetime(2026, 11, 23, tzinfo=UTC)
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to compare. None as what is wanted: it is not asserted; ``was`` says what happened."""

    wanted: Callable[[Call], Any]
    found: Callable[[Span], Any]
    was: Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One field of one span. ``wanted`` of None is not asserted, and ``was`` is what really happened."""

    case: Case
    span_id: str
    name: str
    field: str
    wanted: Any
    found: Any
    was: Any

    @property
    def is_right(self) -> bool:
        if isinstance(self.wanted, float) and isinstance(self.found, float):
            return math.isclose(self.wanted, self.found, rel_tol=1e-9, abs_tol=1e-12)
        return self.wanted is None or bool(self.wanted == self.found)

    @property
    def is_worked_out(self) -> bool:
        """Not asserted, since it was not sent, and right all the same."""
        return self.wanted is None and self.found is not None and bool(self.found == self.was)


def compare(case: Case, spans: Mapping[str, Span]) -> Iterator[Finding]:
    """Every field of every span of a case."""
    for call in load_calls(case):
        for name, field in FIELDS.items():
            found = field.found(spans[call.span_id])
            yield Finding(case, call.span_id, call.name, name, field.wanted(call), found, field.was(call))
    for other in load_other_spans(case):
        yield _compare_other(other, spans[other.span_id])


def _compare_other(other: OtherSpan, span: Span) -> Finding:
    """A span that stands for no call is none, and carries neither tokens nor cost."""
    counted = [span[name] for name in (*TOKENS, "cost_usd") if span[name] is not None]
    is_call = span["kind"] in CALL_KINDS or counted
    found = "call" if is_call else span["kind"] if other.kind in KINDS else "no call"
    wanted = KINDS.get(other.kind, "no call")
    return Finding(other.case, other.span_id, other.name, "other_spans", wanted, found, wanted)


def _expected(name: str, column: str = "", was: Callable[[Call], Any] | None = None) -> Field:
    """A field that is equal to a column; ``was`` is of the same name unless it is given."""
    return Field(
        lambda call: call.wanted.get(name),
        lambda span: span[column or name],
        was or _served(name),
    )


def _served(name: str) -> Callable[[Call], Any]:
    """What happened, of the server's words for it; counts of zero did not."""
    return lambda call: call.served.get(name) or None


def _always(call: Call) -> bool:
    return True


def _conversation(span: Span) -> Conversation:
    return Conversation(**{field.name: span[field.name] for field in fields(Conversation)})


def _tool_calls(span: Span) -> list[dict[str, Any]]:
    return [
        {"name": part["name"], "arguments": part["arguments"]}
        for message in span["output_messages"]
        for part in message["parts"]
        if part["type"] == "tool_call"
    ]


def _provider(call: Call) -> str | None:
    """Whose protocol the server spoke."""
    protocol, _, _ = call.served.get("protocol", "").partition(".")
    return PROVIDERS.get(protocol, protocol) or None


def _sent_usd(call: Call) -> float | None:
    """The price of what was served, where the span was sent with every count that it takes."""
    is_partly_sent = any(call.served.get(name) and call.wanted[name] is None for name in TOKENS)
    return None if is_partly_sent else _served_usd(call)


def _served_usd(call: Call) -> float | None:
    """The price library's price of what was served; nothing where it has none."""
    served, provider = call.served, _provider(call)
    if not served.get("input_tokens") or provider is None:
        return None
    usage = Usage(**{name: served[name] for name in TOKENS if served[name] is not None})
    model = served["response_model"] or served["request_model"]
    try:
        price = calc_price(
            usage,
            model,
            provider_id=PRICE_PROVIDERS.get(provider, provider),
            genai_request_timestamp=CAPTURED_AT,
        )
    except LookupError:
        return None
    return float(price.total_price)


FIELDS: Mapping[str, Field] = {
    "operation": _expected("operation", was=_always),
    "provider": _expected("provider", was=_provider),
    "request_model": _expected("request_model"),
    "response_model": _expected("response_model"),
    "user_id": _expected("user_id", was=_always),
    "session_id": _expected("session_id", was=_always),
    "input_tokens": _expected("input_tokens"),
    "output_tokens": _expected("output_tokens"),
    "cache_read_tokens": _expected("cache_read_tokens"),
    "cache_write_tokens": _expected("cache_write_tokens"),
    "reasoning_tokens": _expected("reasoning_tokens"),
    "cost_usd": Field(_sent_usd, lambda span: span["cost_usd"], _served_usd),
    "finish_reason": _expected("finish_reason"),
    "error": Field(lambda call: call.wanted.get("span_status") == 2, lambda span: span["is_error"], _always),
    "error_type": _expected("error_type", was=_served("error")),
    "error_status": _expected("error_status_code", "error_status", was=_served("error")),
    "streaming": _expected("stream", "is_streaming", was=_always),
    "time_to_first_token": Field(
        lambda call: call.wanted.get("has_time_to_first_token"),
        lambda span: span["time_to_first_token_ms"] is not None,
        _served("stream"),
    ),
    "prompt": Field(
        lambda call: call.wanted["last_user_message"],
        lambda span: last_user_text(_conversation(span)),
        _served("last_user_message"),
    ),
    "answer": Field(
        lambda call: call.wanted["output_text"],
        lambda span: output_text(_conversation(span)),
        _served("output_text"),
    ),
    "tool_calls": Field(lambda call: call.wanted["tool_calls"], _tool_calls, _served("tool_call")),
    "tool_call_count": Field(
        lambda call: None if call.wanted["tool_calls"] is None else len(call.wanted["tool_calls"]),
        lambda span: span["tool_call_count"],
        _served("tool_call"),
    ),
    "kind": Field(
        lambda call: "embedding" if call.wanted["operation"] == "embeddings" else "llm",
        lambda span: span["kind"],
        _always,
    ),
    "counted_once": Field(
        lambda call: call.duplicate_of or "",
        lambda span: span["duplicate_of"],
        _always,
    ),
}


def wrong(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.is_right]
