"""Building one trace as an instrumented application would, on a clock of its own."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

Value = str | bool | int | float | list[str]
SERVER, CLIENT, INTERNAL = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL
SCOPE = "shop.telemetry"


class CallFailedError(Exception):
    """A call of the invented application failed; ``kind`` becomes ``error.type``, ``status`` is HTTP's."""

    def __init__(self, kind: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status

    def attributes(self) -> dict[str, "Value"]:
        status: dict[str, Value] = {"http.response.status_code": self.status} if self.status else {}
        return {"error.type": self.kind} | status


@dataclass(frozen=True, slots=True)
class Service:
    """Who records a span: becomes its resource."""

    name: str
    release: str

    def attributes(self) -> dict[str, Value]:
        return {
            "service.name": self.name,
            "service.namespace": "shop",
            "service.version": self.release,
            "deployment.environment.name": "production",
            "telemetry.sdk.language": "python",
        }


@dataclass(slots=True)
class OpenSpan:
    """A span while it is recorded."""

    service: Service
    name: str
    kind: Span.SpanKind.ValueType
    id: bytes
    parent_id: bytes
    start_ns: int
    end_ns: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)
    error: CallFailedError | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A judgement of a trace. ``source`` is who gave it."""

    name: str
    value: bool | float
    source: str


class Trace:
    """One trace. ``spend`` moves its clock ``now_ns``; ``span`` opens one under the innermost open one."""

    def __init__(self, rng: random.Random, start_ns: int) -> None:
        self.rng = rng
        self.start_ns = start_ns
        self.now_ns = start_ns
        self.spans: list[OpenSpan] = []
        self.scores: list[Score] = []
        self._id = rng.randbytes(16)
        self._open: list[OpenSpan] = []

    @property
    def id(self) -> str:
        """As text, in hexadecimal digits."""
        return self._id.hex()

    def spend(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)

    @contextmanager
    def span(
        self, service: Service, name: str, kind: Span.SpanKind.ValueType, attributes: dict[str, Value]
    ) -> Iterator[OpenSpan]:
        """Record a span around a block; a ``CallFailedError`` is noted on it and goes on."""
        parent_id = self._open[-1].id if self._open else b""
        span = OpenSpan(service, name, kind, self.rng.randbytes(8), parent_id, self.now_ns)
        span.attributes = dict(attributes)
        self._open.append(span)
        try:
            yield span
        except CallFailedError as error:
            span.error = error
            raise
        finally:
            span.end_ns = self.now_ns
            self.spans.append(self._open.pop())

    def resource_spans(self) -> list[ResourceSpans]:
        """The trace for an OTLP request, one group for each service."""
        services = dict.fromkeys(span.service for span in self.spans)
        return [self._group(service) for service in services]

    def _group(self, service: Service) -> ResourceSpans:
        group = ResourceSpans()
        group.resource.attributes.extend(key_values(service.attributes()))
        scope = group.scope_spans.add()
        scope.scope.name = SCOPE
        scope.spans.extend(self._encode(span) for span in self.spans if span.service == service)
        return group

    def _encode(self, span: OpenSpan) -> Span:
        encoded = Span(
            trace_id=self._id,
            span_id=span.id,
            parent_span_id=span.parent_id,
            name=span.name,
            kind=span.kind,
            start_time_unix_nano=span.start_ns,
            end_time_unix_nano=span.end_ns,
            attributes=key_values(span.attributes),
        )
        if span.error is not None:
            encoded.attributes.extend(key_values(span.error.attributes()))
            encoded.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=str(span.error)))
        return encoded


def build_request(groups: list[ResourceSpans]) -> Message:
    return ExportTraceServiceRequest(resource_spans=groups)


def key_values(attributes: dict[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def any_value(value: Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case _:
            return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
