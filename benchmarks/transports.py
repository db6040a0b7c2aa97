"""OTLP over HTTP and gRPC with bodies that are encoded already."""

import http.client
from enum import StrEnum
from typing import NamedTuple, Protocol

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from benchmarks.server_process import HOST

ANSWER_TIMEOUT_S = 60.0
RETRYABLE_HTTP = frozenset({429, 502, 503, 504})
RETRYABLE_GRPC = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LARGEST_MESSAGE_BYTES = 64 << 20


class Transport(StrEnum):
    """How requests travel."""

    HTTP = "http"
    GRPC = "grpc"


class Outcome(NamedTuple):
    """An answer. ``retry_after_s`` is what the server asks for, 0 where it asks for nothing."""

    status: str
    is_accepted: bool = False
    is_retryable: bool = False
    retry_after_s: float = 0.0
    rejected_spans: int = 0


class Connection(Protocol):
    """One connection, for one thread."""

    def send(self, body: bytes) -> Outcome: ...

    def close(self) -> None: ...


class HttpConnection:
    """A connection that is kept alive. With ``is_gzip`` bodies are compressed already."""

    def __init__(self, port: int, *, is_gzip: bool) -> None:
        self._http = http.client.HTTPConnection(HOST, port, timeout=ANSWER_TIMEOUT_S)
        self._headers = {"content-type": "application/x-protobuf"}
        if is_gzip:
            self._headers["content-encoding"] = "gzip"

    def send(self, body: bytes) -> Outcome:
        try:
            self._http.request("POST", "/v1/traces", body, self._headers)
            answer = self._http.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            return Outcome(type(error).__name__, is_retryable=True)
        if answer.status == 200:
            return _accepted("200", content)
        wait = answer.headers.get("retry-after", "")
        return Outcome(
            str(answer.status),
            is_retryable=answer.status in RETRYABLE_HTTP,
            retry_after_s=float(wait) if wait.isdecimal() else 0.0,
        )

    def close(self) -> None:
        self._http.close()


class GrpcConnection:
    """A channel of its own. With ``is_gzip`` the client compresses while it sends."""

    def __init__(self, port: int, *, is_gzip: bool) -> None:
        options = [
            ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        compression = grpc.Compression.Gzip if is_gzip else grpc.Compression.NoCompression
        self._channel = grpc.insecure_channel(f"{HOST}:{port}", options, compression)
        self._export = self._channel.unary_unary(EXPORT)

    def send(self, body: bytes) -> Outcome:
        try:
            return _accepted("OK", self._export(body, timeout=ANSWER_TIMEOUT_S))
        except grpc.RpcError as error:
            wait_s = _retry_delay_s(error)
            code = error.code()
            asks_again = code == grpc.StatusCode.RESOURCE_EXHAUSTED and wait_s > 0
            return Outcome(code.name, is_retryable=code in RETRYABLE_GRPC or asks_again, retry_after_s=wait_s)

    def close(self) -> None:
        self._channel.close()


def _accepted(status: str, content: bytes) -> Outcome:
    rejected = ExportTraceServiceResponse.FromString(content).partial_success.rejected_spans
    return Outcome(status, is_accepted=True, rejected_spans=rejected)


def _retry_delay_s(error: grpc.RpcError) -> float:
    """What the error's ``RetryInfo`` says; 0 where it has none."""
    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        info = RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.ToTimedelta().total_seconds())
    return 0.0
