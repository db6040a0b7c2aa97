"""What a collector may answer, and how it is reached: refusals, limits, hanging, TLS, gRPC."""

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import pytest
import trustme
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from watchkeeper import trace
from watchkeeper.sending import read_retry_after

from tests.sdk.collector import Collector, Seen, read_spans
from tests.sdk.conftest import Watch


@trace(name="work")
def work(load: str = "") -> str:
    return load


@pytest.fixture
def own_collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "watchkeeper"]


# What it answers.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 500, 501])
def test_what_will_never_be_taken_is_given_up(status: int, own_collector: Collector, watch: Watch) -> None:
    own_collector.status = status
    handle = watch(endpoint=own_collector.endpoint, metrics=False)
    work()
    assert handle.flush(5)
    assert (handle.stats()["refused"], own_collector.asked) == (1, 1)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_be_taken_later_is_kept(status: int, own_collector: Collector, watch: Watch) -> None:
    own_collector.status = status
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60)
    work()
    assert not handle.flush(5)
    assert handle.stats()["waiting"] == 1
    own_collector.status = 200
    assert handle.flush(5)
    assert (len(own_collector.spans()), handle.stats()["waiting"]) == (1, 0)


def test_the_collector_says_when_to_come_again(own_collector: Collector, watch: Watch) -> None:
    own_collector.status, own_collector.headers = 429, {"Retry-After": "3600"}
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=0.01)
    work()
    assert not handle.flush(5)
    work()  # nobody flushes: the thread waits for ten minutes, the most that it can be asked for
    assert handle.stats()["waiting"] == 2
    assert handle._pipeline._pause_s == 600
    assert own_collector.asked == 1


@pytest.mark.parametrize(
    ("text", "expected_s"), [("120", 120.0), (" 5 ", 5.0), ("", None), ("soon", None), ("-3", None)]
)
def test_a_pause_is_read_as_seconds(text: str, expected_s: float | None) -> None:
    assert read_retry_after({"Retry-After": text}) == expected_s


def test_a_pause_is_read_as_a_date_of_the_collectors_clock() -> None:
    theirs = datetime(2020, 2, 2, tzinfo=UTC)
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(seconds=90), usegmt=True),
    }
    assert read_retry_after(headers) == 90
    assert read_retry_after({"Retry-After": headers["Date"]}) == 0  # over long ago


def test_what_is_too_large_is_sent_in_parts(own_collector: Collector, watch: Watch) -> None:
    own_collector.limit_bytes = 8_000
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60, metrics=False)
    for number in range(20):
        work(f"{number:02}" + "x" * 1_000)
    assert handle.flush(10)
    arrived = [str(span.attributes["input.value"])[9:11] for span in own_collector.spans()]
    assert arrived == [f"{number:02}" for number in range(20)]
    assert handle.stats()["sent"] == 20


def test_a_single_span_that_is_too_large_is_refused_alone(own_collector: Collector, watch: Watch) -> None:
    own_collector.limit_bytes = 8_000
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60, metrics=False)
    for load in ("a", "x" * 9_000, "b"):
        work(load)
    assert handle.flush(10)
    stats = handle.stats()
    assert (stats["sent"], stats["refused"], len(own_collector.spans())) == (2, 1, 2)


def test_what_is_larger_than_a_request_may_be_is_counted(own_collector: Collector, watch: Watch) -> None:
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60, request_bytes=5_000, strict=False)
    for load in ("a", "x" * 9_000, "b"):
        work(load)
    assert handle.flush(10)
    stats = handle.stats()
    assert (stats["sent"], stats["dropped"], len(own_collector.spans())) == (2, 1, 2)


def test_spans_that_are_refused_in_part_are_counted(own_collector: Collector, watch: Watch) -> None:
    partial = trace_service_pb2.ExportTracePartialSuccess(rejected_spans=2, error_message="no")
    own_collector.answer = trace_service_pb2.ExportTraceServiceResponse(
        partial_success=partial
    ).SerializeToString()
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60)
    for _ in range(5):
        work()
    assert handle.flush(5)
    assert (handle.stats()["sent"], handle.stats()["refused"]) == (3, 2)


@pytest.mark.parametrize("answer", [b"\xff\xfe\x00garbage", b"{}", b"ok", b"\x00" * 1000])
def test_garbage_in_an_answer_does_no_harm(answer: bytes, own_collector: Collector, watch: Watch) -> None:
    own_collector.answer = answer
    handle = watch(endpoint=own_collector.endpoint)
    work()
    assert handle.flush(5)
    assert (handle.stats()["sent"], handle.stats()["faults"]) == (1, {})


def test_a_web_page_is_no_collector(
    own_collector: Collector, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    own_collector.headers = {"Content-Type": "text/html; charset=utf-8"}
    own_collector.answer = b"<!doctype html>"
    handle = watch(endpoint=own_collector.endpoint)
    work()
    assert handle.flush(5)
    assert handle.stats()["refused"] == 1
    assert "is it the collector's address?" in warnings_of(caplog)[0]


def test_a_redirect_is_not_followed(own_collector: Collector, watch: Watch, collector: Collector) -> None:
    own_collector.status = 307
    own_collector.headers = {"Location": f"{collector.endpoint}/v1/traces"}
    handle = watch(endpoint=own_collector.endpoint, api_key="secret", metrics=False)
    work()
    assert handle.flush(5)
    assert (handle.stats()["refused"], collector.received) == (1, [])


# How long it takes.


def test_a_hanging_collector_is_given_up_and_asked_again(own_collector: Collector, watch: Watch) -> None:
    own_collector.hanging = Event()
    handle = watch(endpoint=own_collector.endpoint, timeout_s=0.2, export_interval_s=60)
    work()
    assert not handle.flush(10)
    assert handle.stats()["waiting"] == 1
    own_collector.hanging.set()
    assert handle.flush(10)
    assert handle.stats()["sent"] == 1


def test_closing_does_not_wait_for_a_hanging_collector(own_collector: Collector, watch: Watch) -> None:
    own_collector.hanging = Event()
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=60)
    for _ in range(3):
        work()
    assert handle.shutdown(0.2) is False
    work()
    stats = handle.stats()
    assert (stats["sent"], stats["dropped"], stats["waiting"]) == (0, 3, 0)
    own_collector.hanging.set()


# TLS, and gRPC.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls_collector(authority: trustme.CA) -> Iterator[Collector]:
    """One that only clients with a certificate of the authority may talk to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with Collector(tls=context) as running:
        yield running


@pytest.fixture
def client_files(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    own = authority.issue_cert("client@tests")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    own.cert_chain_pems[0].write_to_path(str(certificate))
    own.private_key_pem.write_to_path(str(key))
    return {"client_certificate": str(certificate), "client_key": str(key)}


def test_tls_with_an_authority_and_a_certificate_of_ones_own(
    tls_collector: Collector, watch: Watch, ca_file: str, client_files: dict[str, str]
) -> None:
    handle = watch(endpoint=tls_collector.endpoint, certificate=ca_file, **client_files)
    work()
    assert handle.flush(10)
    assert len(tls_collector.spans()) == 1


def test_a_server_that_is_not_trusted_gets_nothing(
    tls_collector: Collector, watch: Watch, client_files: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    handle = watch(endpoint=tls_collector.endpoint, **client_files)
    work()
    assert not handle.flush(10)
    assert tls_collector.asked == 0
    assert "CERTIFICATE_VERIFY_FAILED" in warnings_of(caplog)[0]


def test_a_certificate_that_is_not_there_is_told(
    watch: Watch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handle = watch(endpoint="https://127.0.0.1:9", certificate=str(tmp_path / "missing.pem"))
    work()
    assert not handle.flush(10)
    assert "FileNotFoundError" in warnings_of(caplog)[0]
    assert handle.stats()["faults"] == {}


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    """OTLP's service, which answers with ``code`` when it is set."""

    def __init__(self) -> None:
        self.requests: list[tuple[bytes, dict[str, str]]] = []
        self.code: grpc.StatusCode | None = None

    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - as the protocol has it
        if self.code is not None:
            context.abort(self.code, "told so")
        self.requests.append((request.SerializeToString(), dict(context.invocation_metadata())))
        return trace_service_pb2.ExportTraceServiceResponse()

    def spans(self) -> list[Seen]:
        return [span for body, _ in self.requests for span in read_spans(body)]


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - as the protocol has it
        return metrics_service_pb2.ExportMetricsServiceResponse()


@contextmanager
def grpc_server(
    traces: Traces, credentials: grpc.ServerCredentials | None = None, port: int = 0
) -> Iterator[int]:
    options = [("grpc.max_receive_message_length", 20_000), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(2), options=options)
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(traces, server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
    address = f"127.0.0.1:{port}"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_spans_go_over_grpc_with_the_key(compression: str, watch: Watch) -> None:
    traces = Traces()
    with grpc_server(traces) as port:
        endpoint = f"http://127.0.0.1:{port}"
        handle = watch(endpoint=endpoint, protocol="grpc", api_key="wk-1", compression=compression)
        work()
        assert handle.flush(10)
    assert [span.name for span in traces.spans()] == ["work"]
    assert traces.requests[0][1]["authorization"] == "Bearer wk-1"


def test_grpc_with_an_authority_of_ones_own(watch: Watch, authority: trustme.CA, ca_file: str) -> None:
    issued, traces = authority.issue_cert("localhost"), Traces()
    pair = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
    with grpc_server(traces, grpc.ssl_server_credentials([pair])) as port:
        handle = watch(endpoint=f"https://localhost:{port}", protocol="grpc", certificate=ca_file)
        work()
        assert handle.flush(10)
    assert len(traces.spans()) == 1


def test_what_is_too_large_for_grpc_is_sent_in_parts(watch: Watch) -> None:
    traces = Traces()
    with grpc_server(traces) as port:
        handle = watch(endpoint=f"http://127.0.0.1:{port}", protocol="grpc", export_interval_s=60)
        for load in ("a" * 9_000, "b" * 9_000, "c" * 30_000, "d" * 9_000):
            work(load)
        assert handle.flush(10)
    assert [str(span.attributes["input.value"])[9] for span in traces.spans()] == ["a", "b", "d"]
    assert handle.stats()["refused"] == 1


@pytest.mark.parametrize(
    ("code", "is_kept"),
    [
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
        (grpc.StatusCode.UNAUTHENTICATED, False),
    ],
)
def test_a_status_of_grpc_tells_whether_to_come_again(
    code: grpc.StatusCode, is_kept: bool, watch: Watch
) -> None:
    traces = Traces()
    traces.code = code
    with grpc_server(traces) as port:
        handle = watch(endpoint=f"http://127.0.0.1:{port}", protocol="grpc", export_interval_s=60)
        work()
        assert handle.flush(10) is not is_kept
        traces.code = None
        assert handle.flush(10)
    assert len(traces.spans()) == is_kept


def test_a_grpc_collector_that_comes_back_gets_what_waited(watch: Watch) -> None:
    traces = Traces()
    with grpc_server(traces) as port:
        handle = watch(endpoint=f"http://127.0.0.1:{port}", protocol="grpc", export_interval_s=60)
        work("first")
        assert handle.flush(10)
    work("second")
    assert not handle.flush(10)
    with grpc_server(traces, port=port):
        assert until(lambda: handle.flush(2))
    assert len(traces.spans()) == 2


def until(is_so: Callable[[], bool], attempts: int = 20) -> bool:
    """gRPC waits a while by itself before it connects again."""
    return any(is_so() for _ in range(attempts))
