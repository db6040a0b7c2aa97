"""What an instrumentation writes of a call, in the names of OpenTelemetry's GenAI conventions."""

import random
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

MODELS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
}
RESOURCE = {
    "service.name": "shop-bot",
    "service.version": "1.2.3",
    "deployment.environment.name": "prod",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.45.2",
}

Message = dict[str, Any]
Value = str | int | float | list[str]


def build_request() -> tuple[ExportTraceServiceRequest, ScopeSpans]:
    """A request without spans, and the group that they go to."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend(attributes(RESOURCE))
    group = resource.scope_spans.add()
    group.scope.name, group.scope.version = "benchmarks", "1"
    return request, group


def call(model: str, operation: str, response_id: str, rng: random.Random) -> dict[str, Value]:
    """What an instrumentation says of a call, without its content."""
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.response.model": MODELS[model],
        "gen_ai.request.temperature": 0.7,
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.usage.input_tokens": rng.randrange(1, 5000),
        "gen_ai.usage.output_tokens": rng.randrange(1, 900),
        "gen_ai.response.id": f"chatcmpl-{response_id}",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.output.type": "text",
        "server.address": "api.openai.com",
        "server.port": 443,
    }


def message(role: str, text: str) -> Message:
    """A message in the OpenTelemetry GenAI form."""
    said = {"role": role, "parts": [{"type": "text", "content": text}]}
    return said | {"finish_reason": "stop"} if role == "assistant" else said


def fail(span: Span) -> None:
    span.status.code, span.status.message = span.status.STATUS_CODE_ERROR, "rate limited"
    event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
    event.attributes.extend(attributes({"exception.type": "RateLimitError", "exception.message": "429"}))


def attributes(values: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in values.items()]


def _any_value(value: Value) -> AnyValue:
    match value:
        case list():
            return AnyValue(array_value=ArrayValue(values=[_any_value(item) for item in value]))
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
    return AnyValue(string_value=value)
