"""OTLP over HTTP on a real socket: what a sender is told, whatever it sends."""

import gzip
import json
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from watchkeeper_collector.errors import OverloadedError, RateLimitedError, SpoolFullError
from watchkeeper_collector.otlp.http import PREFIXES
from watchkeeper_collector.otlp.limits import Limits

from tests.otlp.doors import KEY, Doors, running_doors
from tests.otlp.requests import log_request, make_span, trace_request

PROTOBUF = {"content-type": "application/x-protobuf", "authorization": f"Bearer {KEY}"}
JSON = {**PROTOBUF, "content-type": "application/json"}
HEAD = "".join(
    ["POST /v1/traces HTTP/1.1\r\nhost: x\r\n", *(f"{name}: {value}\r\n" for name, value in PROTOBUF.items())]
).encode()
BODY = trace_request(make_span({"model": "gpt-4o"})).SerializeToString()


@pytest.fixture(scope="module")
def all_doors() -> Iterator[Doors]:
    with running_doors(Limits(request_bytes=1 << 20)) as doors:
        yield doors


@pytest.fixture
def doors(all_doors: Doors) -> Doors:
    all_doors.spool.forget()
    return all_doors


def post(
    doors: Doors, content: Any, headers: dict[str, str] | None = None, path: str = "/v1/traces"
) -> httpx.Response:
    return httpx.post(doors.http + path, content=content, headers=headers or PROTOBUF, timeout=20)


def raw(doors: Doors, *pieces: bytes) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""
    host, _, port = doors.http.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_path_of_senders_takes_traces(doors: Doors, prefix: str) -> None:
    response = post(doors, BODY, path=f"{prefix}/v1/traces")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "application/x-protobuf"
    [stored] = doors.spool.stored
    assert (stored.signal, stored.project, stored.key_id, stored.body) == ("traces", "shop", "key-1", BODY)


def test_json_is_answered_in_json(doors: Doors) -> None:
    for content_type in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        response = post(doors, b"{}", {**JSON, "content-type": content_type}, "/v1/metrics")
        assert (response.status_code, response.content) == (200, b"{}")
        assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize("headers", [PROTOBUF, {**PROTOBUF, "content-encoding": "gzip"}, JSON])
def test_an_empty_request_is_a_success(doors: Doors, signal: str, headers: dict[str, str]) -> None:
    response = post(doors, b"", headers, f"/v1/{signal}")
    assert response.status_code == 200
    assert doors.spool.stored == []


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity", "deflate"])
def test_encodings_are_taken(doors: Doors, encoding: str) -> None:
    content = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding.lower(), bytes)(BODY)
    assert post(doors, content, {**PROTOBUF, "content-encoding": encoding}).status_code == 200
    assert doors.spool.stored[0].body == BODY


def test_refused_spans_are_a_partial_success(doors: Doors) -> None:
    body = trace_request(make_span(), make_span(trace_id=b"")).SerializeToString()
    answer = ExportTraceServiceResponse.FromString(post(doors, body).content).partial_success
    assert answer.rejected_spans == 1
    assert answer.error_message == "1 refused: trace_id is not 16 bytes, or all zeros"
    text = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}
    assert post(doors, json.dumps(text), JSON).json() == {
        "partialSuccess": {
            "rejectedSpans": "1",
            "errorMessage": "1 refused: trace_id is not 16 bytes, or all zeros",
        }
    }


def test_logs_go_to_the_logs(doors: Doors) -> None:
    response = post(doors, log_request("hello").SerializeToString(), path="/v1/logs")
    assert ExportLogsServiceResponse.FromString(response.content) == ExportLogsServiceResponse()
    assert doors.spool.stored[0].signal == "logs"


@pytest.mark.parametrize(
    ("content", "headers", "message"),
    [
        (b"hello world", PROTOBUF, "not valid protobuf"),
        (BODY[:-3], PROTOBUF, "not valid protobuf"),
        (b"hello world", JSON, "not a valid ExportTraceServiceRequest in JSON"),
        (BODY, JSON, "not a valid ExportTraceServiceRequest in JSON"),
        (b"[[[[" * 5_000, JSON, "JSON"),
        (BODY, {**PROTOBUF, "content-encoding": "gzip"}, "not valid gzip"),
        (gzip.compress(BODY, mtime=0)[:-4], {**PROTOBUF, "content-encoding": "gzip"}, "truncated"),
        (
            gzip.compress(BODY, mtime=0) + b"x",
            {**PROTOBUF, "content-encoding": "gzip"},
            "data behind its end",
        ),
    ],
)
def test_bad_data_is_answered_400_in_the_requests_encoding(
    doors: Doors, content: bytes, headers: dict[str, str], message: str
) -> None:
    response = post(doors, content, headers)
    assert response.status_code == 400
    assert response.headers["content-type"] == headers["content-type"]
    assert "retry-after" not in response.headers
    is_json = headers is JSON
    status = response.json() if is_json else Status.FromString(response.content)
    assert (status["code"] if is_json else status.code) == 3
    assert message in (status["message"] if is_json else status.message)
    assert doors.spool.stored == []


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x"]
)
def test_a_wrong_content_type_is_named_in_json(doors: Doors, content_type: str) -> None:
    headers = {**PROTOBUF, "content-type": content_type} if content_type else {"authorization": KEY}
    response = post(doors, BODY, headers)
    assert response.status_code == 415
    known = "use application/x-protobuf or application/json."
    assert response.json() == {
        "code": 3,
        "message": f"Content-Type '{content_type}' is not supported: {known}",
    }


def test_an_unknown_encoding_is_refused(doors: Doors) -> None:
    response = post(doors, BODY, {**PROTOBUF, "content-encoding": "zstd"})
    assert response.status_code == 415
    assert "'zstd' is not supported" in Status.FromString(response.content).message


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_which_one_it_is(doors: Doors, method: str) -> None:
    response = httpx.request(method, f"{doors.http}/v1/traces")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "POST" in response.json()["message"]


def test_a_request_without_a_key_is_refused_before_its_body_is_read(doors: Doors) -> None:
    response = post(doors, bytes(900_000), {"content-type": "application/x-protobuf"})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert Status.FromString(response.content).code == 16


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536):
        yield bytes(65_536)


@pytest.mark.parametrize("how", ["with-length", "chunked", "inflated"])
def test_a_request_over_the_limit_is_refused_and_its_sender_hears_it(doors: Doors, how: str) -> None:
    content: Any = {
        "with-length": bytes(8 << 20),
        "chunked": chunks(8 << 20),
        "inflated": gzip.compress(bytes(2 << 20)),
    }[how]
    headers = {**PROTOBUF, "content-encoding": "gzip"} if how == "inflated" else PROTOBUF
    response = post(doors, content, headers)
    assert response.status_code == 413
    status = Status.FromString(response.content)
    assert (status.code, status.details) == (8, [])
    assert "more than 1,048,576 bytes" in status.message


def test_a_length_over_the_limit_is_refused_at_once(doors: Doors) -> None:
    started = time.monotonic()
    answer = raw(doors, HEAD + b"content-length: 99999999999\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("failure", "status", "retry_after"),
    [
        (SpoolFullError("The spool is full.", retry_after_s=30), 503, "30"),
        (RateLimitedError("Too many spans.", retry_after_s=1.6), 429, "2"),
        (OverloadedError("Closing.", retry_after_s=0.1), 503, "1"),
        (ZeroDivisionError("a bug"), 503, "1"),
        (MemoryError(), 503, "1"),
    ],
)
def test_what_a_retry_cures_is_answered_with_when(
    doors: Doors, failure: Exception, status: int, retry_after: str, caplog: pytest.LogCaptureFixture
) -> None:
    doors.spool.failures.append(failure)
    response = post(doors, BODY)
    assert (response.status_code, response.headers["retry-after"]) == (status, retry_after)
    assert Status.FromString(response.content).code == 14
    assert "a bug" not in Status.FromString(response.content).message
    assert post(doors, BODY).status_code == 200


def test_a_sender_that_leaves_is_counted_and_makes_no_noise(
    doors: Doors, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    labels = {"signal": "traces", "transport": "http", "reason": "disconnected"}
    before = doors.metric("refused_requests_total", **labels)
    raw(doors, HEAD + b"content-length: 5000\r\n\r\n", b"only this much")
    for _ in range(500):
        if doors.metric("refused_requests_total", **labels) == before + 1:
            break
        time.sleep(0.01)
    assert doors.metric("refused_requests_total", **labels) == before + 1
    assert not caplog.records
    assert not re.search("Traceback|Exception", "".join(capfd.readouterr()))


def test_many_large_bodies_at_once_are_told_to_come_back(doors: Doors) -> None:
    host, _, port = doors.http.removeprefix("http://").partition(":")
    body = b"\x0a\x00" * 120_000
    with ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
            connection.sendall(HEAD + b"content-length: 1040000\r\n\r\n" + bytes(1_000_000))
        refused = post_until(doors, body, 503)
        assert refused.headers["retry-after"] == "1"
        assert "Too many large requests" in Status.FromString(refused.content).message
    assert post_until(doors, body, 200).content == b""


def post_until(doors: Doors, body: bytes, status: int) -> httpx.Response:
    for _ in range(500):
        response = post(doors, body)
        if response.status_code == status:
            return response
        time.sleep(0.01)
    raise AssertionError(f"never answered {status}")


def test_rubbish_instead_of_http_hurts_nobody(doors: Doors) -> None:
    for rubbish in (
        b"\x00\xff" * 100,
        b"GET\r\n\r\n",
        b"POST /v1/traces HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):
        raw(doors, rubbish)
    assert post(doors, BODY).status_code == 200


def test_every_refusal_is_counted_by_its_reason(doors: Doors) -> None:
    reasons = {}
    for reason, content, headers in (
        ("invalid_request", b"rubbish", PROTOBUF),
        ("unsupported_media_type", BODY, {"content-type": "text/html"}),
        ("unauthenticated", BODY, {"content-type": "application/x-protobuf"}),
        ("too_large", bytes(2 << 20), PROTOBUF),
    ):
        labels = {"signal": "logs", "transport": "http", "reason": reason}
        before = doors.metric("refused_requests_total", **labels)
        post(doors, content, headers, "/v1/logs")
        reasons[reason] = doors.metric("refused_requests_total", **labels) - before
    assert set(reasons.values()) == {1.0}


def test_connections_are_kept_across_requests_good_and_bad(doors: Doors) -> None:
    with httpx.Client(base_url=doors.http, headers=PROTOBUF) as client:
        codes = [
            client.post("/v1/traces", content=content).status_code
            for content in (BODY, b"bad", BODY, b"", BODY)
        ]
    assert codes == [200, 400, 200, 200, 200]
