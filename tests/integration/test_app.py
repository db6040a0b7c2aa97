"""The collector as a process: its start, its doors, its end."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from prometheus_client.parser import text_string_to_metric_families

from tests.collector import ROOT, CollectorProcess
from tests.otlp.requests import make_span, trace_request

NOWHERE = "clickhouse://127.0.0.1:9/watchkeeper"
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """A collector whose store is away."""
    with CollectorProcess(tmp_path_factory.mktemp("away"), dsn=NOWHERE, segment_age_s=0.05) as collector:
        yield collector


def send(exporter: SpanExporter) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("tests").start_as_current_span("chat"):
        pass
    provider.shutdown()


def spooled(collector: CollectorProcess) -> int:
    return int(collector.get("/api/v1/status")["spool"]["appended_items"])


def test_while_the_store_is_away_telemetry_is_taken_and_waits(away: CollectorProcess) -> None:
    before = spooled(away)
    send(HttpSpanExporter(f"{away.http}/v1/traces"))
    send(GrpcSpanExporter(away.grpc, insecure=True))
    assert spooled(away) == before + 2
    assert away.get("/healthz") == {"status": "ok"}
    assert away.get("/api/v1/status")["spool"]["segments"] > 0


def test_while_the_store_is_away_readiness_says_why(away: CollectorProcess) -> None:
    away.until(lambda: "refused" in away.ask("/readyz").json()["problem"])
    answer = away.ask("/readyz")
    assert (answer.status, answer.json()["status"]) == (503, "not ready")
    status = away.get("/api/v1/status")["store"]
    assert (status["is_ready"], status["is_reachable"], status["tables"]) == (False, False, [])
    assert "ClickHouse is not available" in status["problem"]


def test_while_the_store_is_away_what_needs_it_is_to_be_asked_again(away: CollectorProcess) -> None:
    answer = away.ask("/api/v1/prices")
    assert (answer.status, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_metrics_are_what_prometheus_reads(away: CollectorProcess) -> None:
    families = {
        family.name: family for family in text_string_to_metric_families(away.ask("/metrics").body.decode())
    }
    assert {
        "watchkeeper_build_info",
        "watchkeeper_spool_segments",
        "watchkeeper_spool_oldest_age_seconds",
        "watchkeeper_spool_drain_failures",
        "watchkeeper_prices_failed_rounds",
        "process_resident_memory_bytes",
    } <= set(families)
    assert all(family.documentation for family in families.values())


def test_load_balancers_that_ask_for_the_head_alone_are_answered(away: CollectorProcess) -> None:
    assert away.ask("/healthz", method="HEAD").status == 200
    assert away.ask("/readyz", method="HEAD").status == 503


@pytest.mark.parametrize("path", ["/", "/api/v1/docs", "/api/v1/openapi.json"])
def test_documentation_is_there(away: CollectorProcess, path: str) -> None:
    assert away.ask(path).status == 200


def test_the_page_of_the_documentation_needs_nothing_from_elsewhere(away: CollectorProcess) -> None:
    answer = away.ask("/api/v1/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(rb"(src|href)=.?(https?:)?//", answer.body)


@pytest.mark.parametrize(
    "headers",
    [{"host": "rebound.example.com"}, {"origin": "https://example.com"}, {"x-forwarded-for": "192.0.2.7"}],
)
@pytest.mark.parametrize("path", ["/api/v1/status", "/api/v1/keys", "/v1/traces"])
def test_a_web_page_reaches_neither_api_nor_door(
    away: CollectorProcess, headers: dict[str, str], path: str
) -> None:
    method, body = ("POST", b"{}") if path == "/v1/traces" else ("GET", None)
    assert away.ask(path, method=method, body=body, headers=headers).status == 403


def test_a_large_body_of_an_api_request_is_refused(away: CollectorProcess) -> None:
    answer = away.ask("/api/v1/keys", method="POST", body=b'{"name": "' + b"a" * (2 << 20) + b'"}')
    assert (answer.status, answer.json()["error"]["code"]) == (413, "too_large")


def test_an_endless_head_ends_the_connection(away: CollectorProcess) -> None:
    host, _, port = away.http.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        answer = b""
        try:
            for _ in range(100):
                connection.sendall(b"x-filler: " + b"a" * 8000 + b"\r\n")
            while piece := connection.recv(4096):
                answer += piece
        except OSError:  # it may be closed while we still send
            pass
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_a_second_collector_on_the_same_folder_is_refused_in_words(away: CollectorProcess) -> None:
    done = run_collector(data_dir=away.settings["data_dir"])
    assert done.returncode == 1
    assert "is in use by another process" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("door", ["http", "grpc"])
def test_a_port_in_use_is_named(tmp_path: Path, door: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_collector(data_dir=tmp_path / "data", dsn=NOWHERE, **{f"{door}_port": port})
    assert done.returncode == 1
    assert f"port {port} of '127.0.0.1' (setting `{door}_port`)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_is_none_is_named(tmp_path: Path) -> None:
    done = run_collector(data_dir=tmp_path / "data", dsn=NOWHERE, host="no-such-host.invalid")
    assert (done.returncode, "'no-such-host.invalid'" in done.stderr) == (1, True)


def test_strangers_may_not_reach_a_collector_without_keys(tmp_path: Path) -> None:
    done = run_collector(data_dir=tmp_path / "data", dsn=NOWHERE, host="0.0.0.0")
    assert done.returncode == 1
    assert "no API key exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_insecure_lets_strangers_in(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE, host="0.0.0.0", insecure=True) as collector:
        port = collector.http.rpartition(":")[2]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/keys", headers={"host": "any.example"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer)["items"] == []


def test_with_a_key_other_machines_are_served_and_only_with_it(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE) as collector:
        made = collector.ask(
            "/api/v1/keys", method="POST", body={"name": "first", "scopes": ["admin"]}
        ).json()
        collector.stop()
        collector.settings["host"] = "0.0.0.0"
        collector.start()
        collector.http = collector.http.replace("0.0.0.0", "127.0.0.1")
        assert collector.ask("/api/v1/status").status == 401
        assert collector.get("/api/v1/status", key=made["key"])["project"] == "default"
        collector.ask(f"/api/v1/keys/{made['id']}", method="DELETE", key=made["key"])
        assert collector.ask("/api/v1/status").status == 401


def test_ipv6_addresses_work(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE, host="::1") as collector:
        assert collector.http.startswith("http://[::1]:")
        send(HttpSpanExporter(f"{collector.http}/v1/traces"))
        send(GrpcSpanExporter(collector.grpc, insecure=True))
        assert spooled(collector) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_what_was_acknowledged_stays(
    tmp_path: Path, number: signal.Signals
) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE, segment_age_s=60) as collector:
        body = trace_request(make_span()).SerializeToString()
        assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200
        collector.signal(number)
        assert collector.wait() == 0
        collector.start()
        assert collector.get("/api/v1/status")["spool"]["segments"] == 1


def test_a_request_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE) as collector:
        body = trace_request(make_span()).SerializeToString()
        port = int(collector.http.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
            collector.until(lambda: collector.ask("/healthz").status == 200)
            collector.signal(signal.SIGTERM)
            collector.until(lambda: is_closed(port))
            connection.sendall(body[10:])
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert collector.wait() == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE) as collector:
        port = int(collector.http.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
            connection.sendall(b"Content-Type: application/x-protobuf\r\n\r\n")
            collector.until(lambda: collector.ask("/healthz").status == 200)
            collector.signal(signal.SIGTERM)
            collector.until(lambda: is_closed(port))
            collector.signal(signal.SIGTERM)
            assert collector.wait() == 128 + signal.SIGTERM


def test_a_store_that_never_answers_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as connections:
        dsn = f"clickhouse://127.0.0.1:{silent.getsockname()[1]}/watchkeeper"
        with CollectorProcess(tmp_path / "data", dsn=dsn, shutdown_timeout_s=1) as collector:
            asking = threading.Thread(target=ask_in_vain, args=(collector,))
            asking.start()
            for _ in ("the migration", "the status"):
                connections.enter_context(silent.accept()[0])
            collector.signal(signal.SIGTERM)
            assert collector.wait() == 0
            asking.join()


def ask_in_vain(collector: CollectorProcess) -> None:
    with suppress(OSError, http.client.HTTPException):
        collector.ask("/api/v1/status")


def is_closed(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


def test_a_key_over_its_rate_is_told_when_to_come_back(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", dsn=NOWHERE, rate_limit_spans_per_s=1) as collector:
        spans = [make_span(span_id=bytes([0, 0, 0, 0, 0, 0, 0, number])) for number in range(1, 31)]
        bodies = [trace_request(*spans[start:]).SerializeToString() for start in (0, 1)]
        answers = [collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF) for body in bodies]
        assert [answer.status for answer in answers] == [200, 429]
        assert 1 <= int(answers[1].headers["retry-after"]) <= 20
        channel = grpc.insecure_channel(collector.grpc)
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as caught:
            export(bodies[1], timeout=20)
        channel.close()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        metrics = collector.ask("/metrics").body.decode()
        assert 'refused_requests_total{reason="rate_limited",signal="traces",transport="http"} 1.0' in metrics


def run_collector(**settings: object) -> "subprocess.CompletedProcess[str]":
    """A collector that is expected not to start."""
    given = {"http_port": 0, "grpc_port": 0} | settings
    environment = {f"WATCHKEEPER_{name.upper()}": str(value) for name, value in given.items()}
    command = [sys.executable, "-m", "tests.collector"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
