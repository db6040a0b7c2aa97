"""OTLP over gRPC on a real socket."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from watchkeeper_collector.errors import ConfigurationError, RateLimitedError, SpoolFullError
from watchkeeper_collector.otlp.grpc_door import GrpcDoor
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.telemetry import Telemetry

from tests.otlp.doors import KEY, Doors, FakeSpool, authenticate, running_doors
from tests.otlp.requests import make_span, trace_request

BODY = trace_request(make_span({"model": "gpt-4o"})).SerializeToString()
UNBOUNDED = [("grpc.max_send_message_length", -1)]


@pytest.fixture(scope="module")
def all_doors() -> Iterator[Doors]:
    with running_doors(Limits(request_bytes=6 << 20)) as doors:
        yield doors


@pytest.fixture
def doors(all_doors: Doors) -> Doors:
    all_doors.spool.forget()
    return all_doors


def export(
    doors: Doors,
    body: bytes,
    signal: str = "traces",
    compression: grpc.Compression = grpc.Compression.NoCompression,
    key: tuple[str, str] = ("authorization", f"Bearer {KEY}"),
) -> bytes:
    with grpc.insecure_channel(doors.grpc, compression=compression, options=UNBOUNDED) as channel:
        call: Callable[..., bytes] = channel.unary_unary(SIGNALS[signal].method)
        return call(body, metadata=(key,), timeout=20)


def failure(doors: Doors, body: bytes, **how: Any) -> tuple[grpc.StatusCode, str, Status]:
    with pytest.raises(grpc.RpcError) as caught:
        export(doors, body, **how)
    trailing = dict(caught.value.trailing_metadata())
    details = Status.FromString(trailing.get("grpc-status-details-bin", b""))
    return caught.value.code(), caught.value.details(), details


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_every_service_takes_an_empty_request(doors: Doors, signal: str) -> None:
    assert export(doors, b"", signal) == b""
    assert doors.spool.stored == []


@pytest.mark.parametrize("compression", list(grpc.Compression))
def test_requests_are_stored_whatever_compresses_them(doors: Doors, compression: grpc.Compression) -> None:
    assert export(doors, BODY, compression=compression) == b""
    [stored] = doors.spool.stored
    assert (stored.signal, stored.project, stored.key_id, stored.body) == ("traces", "shop", "key-1", BODY)


@pytest.mark.parametrize("key", [("x-api-key", KEY), ("api_key", KEY), ("authorization", KEY)])
def test_keys_are_read_from_metadata(doors: Doors, key: tuple[str, str]) -> None:
    assert export(doors, BODY, key=key) == b""


def test_refused_spans_are_a_partial_success(doors: Doors) -> None:
    body = trace_request(make_span(), make_span(span_id=b"")).SerializeToString()
    answer = ExportTraceServiceResponse.FromString(export(doors, body)).partial_success
    assert (answer.rejected_spans, answer.error_message) == (
        1,
        "1 refused: span_id is not 8 bytes, or all zeros",
    )


@pytest.mark.parametrize(
    ("body", "how", "code", "message"),
    [
        (b"rubbish", {}, grpc.StatusCode.INVALID_ARGUMENT, "not valid protobuf"),
        (b"\x1f\x8brubbish", {}, grpc.StatusCode.INVALID_ARGUMENT, "not valid gzip"),
        (BODY, {"key": ("x-api-key", "wrong")}, grpc.StatusCode.UNAUTHENTICATED, "no valid API key"),
        (b"\x0a\x00" * 300_000, {}, grpc.StatusCode.RESOURCE_EXHAUSTED, "more than 250,000 elements"),
    ],
)
def test_what_no_retry_cures_has_no_retry_info(
    doors: Doors, body: bytes, how: Any, code: grpc.StatusCode, message: str
) -> None:
    got, text, status = failure(doors, body, **how)
    assert (got, status.code, status.message, len(status.details)) == (code, code.value[0], text, 0)
    assert message in text
    assert doors.spool.stored == []


@pytest.mark.parametrize(
    "error", [SpoolFullError("Full.", retry_after_s=30), RateLimitedError("Slow.", retry_after_s=2)]
)
def test_what_a_retry_cures_says_when(doors: Doors, error: Any) -> None:
    doors.spool.failures.append(error)
    code, text, status = failure(doors, BODY)
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert (code, text, info.retry_delay.seconds) == (
        grpc.StatusCode.UNAVAILABLE,
        error.message,
        error.retry_after_s,
    )


def test_the_unforeseen_is_unavailable_and_not_an_internal_error(doors: Doors) -> None:
    doors.spool.failures.append(ZeroDivisionError("a bug"))
    code, text, _ = failure(doors, BODY)
    assert code == grpc.StatusCode.UNAVAILABLE
    assert "a bug" not in text


@pytest.mark.parametrize("size", [5 << 20, (6 << 20) - 1_000])
def test_a_message_beyond_grpcs_own_limit_is_stored(doors: Doors, size: int) -> None:
    body = trace_request(*[make_span({"text": "x" * 1_000_000})] * (size // 1_000_200)).SerializeToString()
    assert len(body) > 4 << 20
    assert export(doors, body) == b""


@pytest.mark.parametrize("compression", list(grpc.Compression))
def test_a_message_over_the_limit_is_refused_compressed_or_not(
    doors: Doors, compression: grpc.Compression
) -> None:
    code, _, status = failure(doors, bytes(7 << 20), compression=compression)
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(status.details) == 0


def test_an_unknown_method_is_unimplemented(doors: Doors) -> None:
    with grpc.insecure_channel(doors.grpc) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Import")(b"", timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_an_address_that_is_taken_is_a_configuration_error(doors: Doors) -> None:
    host, _, port = doors.grpc.partition(":")

    async def start() -> None:
        ingest = Ingest(FakeSpool().append, Limits(), Telemetry())
        await GrpcDoor(ingest, authenticate, host=host, port=int(port)).start()

    with pytest.raises(ConfigurationError, match=f"Cannot listen on '{doors.grpc}'"):
        asyncio.run(start())
