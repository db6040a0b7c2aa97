"""The three signals of OTLP, and what differs between them.

Their requests have the same shape: groups by resource, groups by scope, items; with the same field
numbers. Everything here that handles requests is written once, over that shape.
"""

from dataclasses import dataclass

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

COLLECTOR = "opentelemetry.proto.collector"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. ``noun`` is what partial success counts, ``item`` the message under a scope."""

    name: str
    noun: str
    item: str
    request: type[Message]
    response: type[Message]
    service: str

    def build_response(self, rejected: int, reason: str) -> Message:
        """The response: empty for full success, as OTLP asks."""
        if not rejected:
            return self.response()
        return self.response(partial_success={f"rejected_{self.noun}": rejected, "error_message": reason})

    @property
    def method(self) -> str:
        """The full name of the gRPC method."""
        return f"/{self.service}/Export"


TRACES = Signal(
    name="traces",
    noun="spans",
    item="opentelemetry.proto.trace.v1.Span",
    request=trace_service_pb2.ExportTraceServiceRequest,
    response=trace_service_pb2.ExportTraceServiceResponse,
    service=f"{COLLECTOR}.trace.v1.TraceService",
)
LOGS = Signal(
    name="logs",
    noun="log_records",
    item="opentelemetry.proto.logs.v1.LogRecord",
    request=logs_service_pb2.ExportLogsServiceRequest,
    response=logs_service_pb2.ExportLogsServiceResponse,
    service=f"{COLLECTOR}.logs.v1.LogsService",
)
METRICS = Signal(
    name="metrics",
    noun="data_points",
    item="opentelemetry.proto.metrics.v1.Metric",
    request=metrics_service_pb2.ExportMetricsServiceRequest,
    response=metrics_service_pb2.ExportMetricsServiceResponse,
    service=f"{COLLECTOR}.metrics.v1.MetricsService",
)
SIGNALS = {signal.name: signal for signal in (TRACES, LOGS, METRICS)}
