"""One model call, recorded with plain OpenTelemetry, sent to a collector on this machine and read back.

    watchkeeper up                           # in another terminal
    python examples/hello_opentelemetry.py

It needs `pip install watchkeeper` alone: the OpenTelemetry SDK and its exporter. No model is called: the
answer is written below. OTEL_EXPORTER_OTLP_ENDPOINT names another collector, WATCHKEEPER_API_KEY a key for it
with the rights ingest, read and content.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, format_trace_id

COLLECTOR = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318").rstrip("/")
API_KEY = os.environ.get("WATCHKEEPER_API_KEY", "")
HEADERS = {"Authorization": f"Bearer {API_KEY}"} if API_KEY else {}

QUESTION = "Which planet has the shortest day?"
ANSWER = "Jupiter: it turns once in a little under ten hours."


def main() -> int:
    trace_id = record_call()
    print(f"Sent trace {trace_id} to {COLLECTOR}.")
    call = read_back(trace_id)
    print(f"Stored:  {call['service_name']} asked {call['response_model']} of {call['provider']}")
    print(f"tokens:  {call['input_tokens']} read, {call['output_tokens']} written")
    print(f"cost:    ${call['cost_usd']:.7f} ({call['cost_source']})")
    print(f"user:    {call['user_id']}, session {call['session_id']}")
    print(f"answer:  {call['output_messages'][0]['parts'][0]['content']}")
    return 0


def record_call() -> str:
    """Record a chat call in the words of the OpenTelemetry GenAI conventions; returns the trace's id."""
    provider = TracerProvider(resource=Resource.create({"service.name": "hello", "service.version": "1.0.0"}))
    exporter = OTLPSpanExporter(endpoint=f"{COLLECTOR}/v1/traces", headers=HEADERS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("hello")
    with tracer.start_as_current_span("chat gpt-5-mini", kind=SpanKind.CLIENT) as span:
        span.set_attributes(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-5-mini",
                "gen_ai.input.messages": messages("user", QUESTION),
                "user.id": "alice",
                "session.id": "conversation-1",
            }
        )
        time.sleep(0.2)  # here the model would be called
        span.set_attributes(
            {
                "gen_ai.response.model": "gpt-5-mini-2025-08-07",
                "gen_ai.response.finish_reasons": ["stop"],
                "gen_ai.usage.input_tokens": 14,
                "gen_ai.usage.output_tokens": 13,
                "gen_ai.output.messages": messages("assistant", ANSWER),
            }
        )
    provider.shutdown()  # sends what is still waiting
    return format_trace_id(span.get_span_context().trace_id)


def messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def read_back(trace_id: str, timeout_s: float = 30.0) -> dict[str, Any]:
    """Ask the API for the trace until it is there with its cost: new models get theirs after seconds."""
    ends_at_s = time.monotonic() + timeout_s
    while time.monotonic() < ends_at_s:
        call = ask(f"/api/v1/traces/{trace_id}")
        if call is not None and call["cost_usd"] is not None:
            return call
        time.sleep(0.2)
    sys.exit(f"The trace {trace_id} did not appear within {timeout_s:.0f} s: `watchkeeper doctor` says why.")


def ask(path: str) -> dict[str, Any] | None:
    """The trace's only span; ``None`` while there is no such trace."""
    request = urllib.request.Request(COLLECTOR + path, headers=HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            span: dict[str, Any] = json.load(answer)["spans"][0]
            return span
    except urllib.error.HTTPError as error:
        if error.code in {404, 503}:  # not stored yet, or the store is still being opened
            return None
        sys.exit(f"{COLLECTOR} answered {error.code}: {error.read().decode()}")
    except OSError as error:
        sys.exit(f"No collector answers at {COLLECTOR} ({error}). Start one: watchkeeper up")


if __name__ == "__main__":
    sys.exit(main())
