"""What *Drift* and *Releases* are shown with: two releases, of which the newer one answers in fences."""

import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.dashboard.hostile import PAYLOADS
from tests.otlp.requests import make_span, trace_request

HOUR_NS = 3600 * 1_000_000_000
UNITS = 240
OLD, NEW = "1.4", "1.5"
MODEL = "gpt-5-mini"
SPAN_COUNT = 3 * UNITS + len(PAYLOADS)


def release_requests(now_ns: int) -> list[ExportTraceServiceRequest]:
    """240 calls of days ago, 240 of each of two hours that are over, and one of each hostile release."""
    this_hour = now_ns - now_ns % HOUR_NS
    return [
        _request(OLD, [this_hour - 50 * HOUR_NS + place * HOUR_NS // 60 for place in range(UNITS)], 1),
        *(
            _request(
                NEW,
                [this_hour - hours * HOUR_NS + place * HOUR_NS // 250 for place in range(UNITS)],
                1 + hours,
            )
            for hours in (2, 3)
        ),
        *(_request(payload, [now_ns - 60_000_000_000], 10 + place) for place, payload in enumerate(PAYLOADS)),
    ]


def _request(release: str, starts: list[int], batch: int) -> ExportTraceServiceRequest:
    spans = [_call(release, start, batch, place) for place, start in enumerate(starts)]
    resource = {"service.name": "support-bot", "service.version": release}
    return trace_request(*spans, resource=resource)


def _call(release: str, start_ns: int, batch: int, place: int) -> Any:
    words = " ".join(f"step {number}" for number in range(1, 4 + place % 5))
    answer = f"Here it is: {words}" if release == OLD else f"```\n{release[:40]} {words}\n```"
    return make_span(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": MODEL,
            "gen_ai.response.model": MODEL,
            "gen_ai.usage.input_tokens": 300 + place % 7,
            "gen_ai.usage.output_tokens": 40 + place % 11,
            "gen_ai.input.messages": _messages("user", f"How do I fix case {place % 60}?"),
            "gen_ai.output.messages": _messages("assistant", answer),
            "gen_ai.response.finish_reasons": ["stop"],
        },
        name="chat",
        trace_id=bytes([8, batch, place]).ljust(16, b"\1"),
        span_id=bytes([8, batch, place]).ljust(8, b"\1"),
        start_time_unix_nano=start_ns,
        end_time_unix_nano=start_ns + (800 + place % 97) * 1_000_000,
    )


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
