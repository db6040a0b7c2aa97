"""A collector of the tests' own: takes OTLP over real HTTP, and remembers it."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1 import trace_pb2


@dataclass(frozen=True)
class Seen:
    """A span as the collector got it."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    status: int
    status_message: str
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    duration_ns: int

    def content(self, name: str) -> Any:
        """The messages in an attribute."""
        return json.loads(self.attributes[name])

    @property
    def is_error(self) -> bool:
        return self.status == trace_pb2.Status.STATUS_CODE_ERROR

    def texts(self) -> str:
        """Everything that is written anywhere on the span."""
        return repr((self.name, self.attributes, self.resource, self.status_message, self.events))


@dataclass
class Received:
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Collector:
    """``status``, ``headers`` and ``answer`` are what it answers with; a stopped one refuses connections and
    keeps its port.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    limit_bytes: int | None = None
    """It answers larger requests with 413."""
    hanging: Event | None = None
    """It answers once this is set."""
    tls: ssl.SSLContext | None = None
    asked: int = 0
    """Requests, whatever they were answered with."""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def spans(self) -> list[Seen]:
        return [
            span
            for request in self.received
            if request.path == "/v1/traces"
            for span in read_spans(request.body)
        ]

    def metrics(self) -> dict[str, list[Any]]:
        """Data points of every metric by its name, of the last request."""
        bodies = [request.body for request in self.received if request.path == "/v1/metrics"]
        message = (
            ExportMetricsServiceRequest.FromString(bodies[-1]) if bodies else ExportMetricsServiceRequest()
        )
        return {
            metric.name: list(metric.histogram.data_points)
            for resource in message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def read_spans(body: bytes) -> Iterator[Seen]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = read_attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            yield from (_seen(span, about) for span in scope.spans)


def _seen(span: trace_pb2.Span, resource: Mapping[str, Any]) -> Seen:
    return Seen(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        read_attributes(span.attributes),
        resource,
        span.status.code,
        span.status.message,
        tuple((event.name, read_attributes(event.attributes)) for event in span.events),
        span.end_time_unix_nano - span.start_time_unix_nano,
    )


def read_attributes(attributes: Any) -> dict[str, Any]:
    return {attribute.key: read_value(attribute.value) for attribute in attributes}


def read_value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [read_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.asked += 1
            if collector.hanging is not None:
                collector.hanging.wait()
            is_too_large = collector.limit_bytes is not None and len(body) > collector.limit_bytes
            status = 413 if is_too_large else collector.status
            if status == 200:
                collector.received.append(Received(self.path, body, dict(self.headers)))
            self.send_response(status)
            for name, value in {"Content-Length": len(collector.answer), **collector.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(collector.answer)

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler
