"""What the pages are shown with: a shop's day, and spans of which every text wants to be markup."""

import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.dashboard.hostile import PAYLOADS
from tests.otlp.requests import make_span, trace_request

TRACES = 60
SPANS_A_TRACE = 4
SECOND_NS = 1_000_000_000
PAUSE_NS = 20 * 60 * SECOND_NS
MODELS = (
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("vllm", "shop-intent-7b"),
)
SPAN_COUNT = TRACES * SPANS_A_TRACE + len(PAYLOADS)


def shop_request(now_ns: int) -> ExportTraceServiceRequest:
    """A day of traces: a request, its model call, a tool, and a call of another model; one in nine fails."""
    spans = [span for number in range(TRACES) for span in _trace(number, now_ns - (number + 1) * PAUSE_NS)]
    resource = {"service.name": "shop-assistant", "deployment.environment.name": "production"}
    return trace_request(*spans, resource={**resource, "service.version": "1.9.0"})


def hostile_request(now_ns: int) -> ExportTraceServiceRequest:
    """One trace for each payload; in each every text is the payload."""
    spans = [
        make_span(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": payload,
                "gen_ai.request.model": payload,
                "gen_ai.response.model": payload,
                "gen_ai.input.messages": _messages("user", payload),
                "gen_ai.output.messages": _messages("assistant", payload),
                "error.type": payload,
                "user.id": payload,
                "session.id": payload,
                payload: payload,
            },
            name=payload,
            trace_id=hostile_trace_id(number),
            span_id=bytes([9, number] * 4),
            start_time_unix_nano=now_ns - (number + 1) * SECOND_NS,
            end_time_unix_nano=now_ns - number * SECOND_NS,
            status={"code": 2, "message": payload},
        )
        for number, payload in enumerate(PAYLOADS)
    ]
    return trace_request(*spans, resource={"service.name": PAYLOADS[1]})


def long_request(start_ns: int, trace_id: bytes, steps: int) -> ExportTraceServiceRequest:
    """One trace: a step with another below it, and so many further ones beside."""
    ids = [bytes([5]) + place.to_bytes(7) for place in range(1, steps + 3)]
    parents = [b"", ids[0], *[b""] * steps]
    spans = [
        make_span(
            {},
            name=f"step {place}",
            trace_id=trace_id,
            span_id=span_id,
            parent_span_id=parent_id,
            start_time_unix_nano=start_ns + place * 1_000_000,
            end_time_unix_nano=start_ns + (place + 1) * 1_000_000,
        )
        for place, (span_id, parent_id) in enumerate(zip(ids, parents, strict=True))
    ]
    return trace_request(*spans, resource={"service.name": "batch"})


def hostile_trace_id(number: int) -> bytes:
    return bytes([7, number] * 8)


def _trace(number: int, start_ns: int) -> list[Any]:
    people = {"user.id": f"user-{number % 7}", "session.id": f"s-{number % 20}"}
    ids = [bytes([place, number] * 4) for place in range(1, SPANS_A_TRACE + 1)]
    facts: list[tuple[str, int, int, dict[str, Any]]] = [
        ("POST /chat", 0, 4000, people),
        ("chat", 200, 2500, _call(number, people)),
        (
            "execute_tool search",
            2700,
            300,
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
        ),
        ("chat", 3000, 900, _call(number + 1, people)),
    ]
    return [
        make_span(
            attributes,
            name=name,
            trace_id=bytes([1, number] * 8),
            span_id=ids[place],
            parent_span_id=ids[0] if place else b"",
            start_time_unix_nano=start_ns + offset_ms * 1_000_000,
            end_time_unix_nano=start_ns + (offset_ms + duration_ms) * 1_000_000,
            status={"code": 2, "message": f"Rate limit reached for request {number}"}
            if "error.type" in attributes
            else {},
        )
        for place, (name, offset_ms, duration_ms, attributes) in enumerate(facts)
    ]


def _call(number: int, people: dict[str, Any]) -> dict[str, Any]:
    provider, model = MODELS[number % len(MODELS)]
    failed = {"error.type": "RateLimitError", "http.response.status_code": 429} if number % 9 == 0 else {}
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": 900 + 10 * number,
        "gen_ai.usage.output_tokens": 100 + number,
        "gen_ai.input.messages": _messages("user", f"Which tent for {number} people?"),
        "gen_ai.output.messages": _messages("assistant", "The Fjell 4."),
        "gen_ai.response.finish_reasons": ["stop"],
        **people,
        **failed,
    }


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
