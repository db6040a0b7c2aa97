"""Spans as other instrumentations really make them, given to a tracer of ours as if they were made here."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.trace import Link, Span, SpanContext, Status, StatusCode, TracerProvider

from tests.sdk.collector import read_attributes

FOLDER = Path(__file__).parents[1] / "data" / "captures"
DIALECTS = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
SYSTEM = ("You are Ada", "always cite")
RESULT = ("light rain", "NW 12 km/h", "umbrella")


def replay(dialect: str, provider: TracerProvider) -> list[trace_pb2.Span]:
    """Every span that was captured of a dialect, made by ``provider``."""
    spans = []
    for path in sorted((FOLDER / dialect).glob("*.otlp")):
        if {".logs", ".metrics"} & set(path.suffixes):
            continue
        for resource in ExportTraceServiceRequest.FromString(path.read_bytes()).resource_spans:
            for scope in resource.scope_spans:
                tracer = provider.get_tracer(scope.scope.name, scope.scope.version)
                for span in scope.spans:
                    made = tracer.start_span(
                        span.name, links=[Link(_context(), _attributes(span.attributes))]
                    )
                    finish(made, span)
                    spans.append(span)
    return spans


def finish(made: Span, captured: trace_pb2.Span) -> None:
    made.set_attributes(_attributes(captured.attributes))
    for event in captured.events:
        made.add_event(event.name, _attributes(event.attributes), event.time_unix_nano)
    made.set_status(Status(StatusCode(captured.status.code), captured.status.message or None))
    made.end()


def contents(dialect: str) -> Iterator[str]:
    """Texts that were asked and answered."""
    yield from (*SYSTEM, *RESULT)
    for path in (FOLDER / dialect).glob("*.truth.json"):
        for call in json.loads(path.read_text("utf-8"))["calls"]:
            texts = (call.get("last_user_message"), call.get("output_text"), _error_message(call))
            yield from (text for text in texts if isinstance(text, str) and len(text) > 8)


def _error_message(call: Mapping[str, Any]) -> Any:
    error = call.get("error") or {}
    return (error.get("error") or error).get("message")


def _context() -> SpanContext:
    return SpanContext(trace_id=1, span_id=1, is_remote=True)


def _attributes(attributes: Any) -> Mapping[str, Any]:
    read = read_attributes(attributes)
    return {name: value for name, value in read.items() if value is not None and value != []}
