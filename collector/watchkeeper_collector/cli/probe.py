"""The doctor's spans: sent through both doors as an application's would be, and read back."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.cli.client import AnswerError, ApiClient

SERVICE = "watchkeeper-doctor"
GRPC_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
POLL_S = 0.2
EXPORT_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class ProbeRefusedError(Exception):
    """A door did not take the span; says why."""


@dataclass(slots=True)
class Probe:
    """One trace with a span for each door. ``sent`` is which of them went in, by span id."""

    client: ApiClient
    api_key: str
    trace_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    sent: dict[str, str] = field(default_factory=dict)

    def send_http(self) -> None:
        """Raises ``ProbeRefusedError``."""
        span_id, body = self._request("doctor over HTTP")
        try:
            self.client.exchange("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        except AnswerError as error:
            raise ProbeRefusedError(error.message) from error
        self.sent[span_id] = "HTTP"

    def send_grpc(self, address: str) -> None:
        """Raises ``ProbeRefusedError``."""
        import grpc  # noqa: PLC0415 - slow, for --help

        span_id, body = self._request("doctor over gRPC")
        metadata = [("authorization", f"Bearer {self.api_key}")] if self.api_key else []
        try:
            with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
                export = channel.unary_unary(EXPORT_METHOD)
                export(body, timeout=GRPC_TIMEOUT_S, metadata=metadata)
        except grpc.RpcError as error:
            raise ProbeRefusedError(f"{error.code().name}: {error.details()}") from error
        self.sent[span_id] = "gRPC"

    def missing(self) -> tuple[str, ...]:
        """Wait until the API shows what was sent: the doors whose spans it doesn't show in time.

        Raises ``AnswerError``.
        """
        ends_at_s = time.monotonic() + READ_TIMEOUT_S
        while True:
            found = self._read_span_ids()
            missing = tuple(door for span_id, door in self.sent.items() if span_id not in found)
            if not missing or time.monotonic() > ends_at_s:
                return missing
            time.sleep(POLL_S)

    def _read_span_ids(self) -> set[str]:
        try:
            trace = self.client.get(f"/api/v1/traces/{self.trace_id.hex()}")
        except AnswerError as error:
            if error.status == 404:
                return set()
            raise
        return {span["span_id"] for span in trace["spans"]}

    def _request(self, name: str) -> tuple[str, bytes]:
        """The span's id and an OTLP request with it: no model call, so that it counts nowhere."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - slow, for --help
            ExportTraceServiceRequest,
        )

        span_id = secrets.token_bytes(8)
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        group.resource.attributes.add(key="service.name").value.string_value = SERVICE
        now_ns = time.time_ns()
        fields: dict[str, Any] = {"start_time_unix_nano": now_ns, "end_time_unix_nano": now_ns, "name": name}
        group.scope_spans.add().spans.add(trace_id=self.trace_id, span_id=span_id, **fields)
        return span_id.hex(), request.SerializeToString()
