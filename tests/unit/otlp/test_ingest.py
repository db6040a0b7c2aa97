"""The one path behind both doors: what is appended, what is answered, what is counted."""

import asyncio
import gzip
import json
import logging
from typing import Any

import pytest
from watchkeeper_collector.errors import (
    InvalidRequestError,
    OverloadedError,
    RequestTooLargeError,
    SpoolFullError,
    UnsupportedMediaError,
)
from watchkeeper_collector.otlp.caller import Caller
from watchkeeper_collector.otlp.ingest import INLINE_BYTES, Accepted, Ingest
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.telemetry import Telemetry

from tests.otlp.doors import FakeSpool, Stored
from tests.otlp.requests import SPAN_ID, TRACE_ID, make_span, trace_request

CALLER = Caller("shop", "key-1")
BODY = trace_request(make_span({"model": "gpt-4o"})).SerializeToString()


class Path:
    """An ingest path with a spool that remembers, and its metrics."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.spool = FakeSpool()
        self.telemetry = Telemetry()
        self.ingest = Ingest(self.spool.append, limits or Limits(), self.telemetry)

    def accept(self, body: bytes, signal: str = "traces", **how: Any) -> Accepted:
        return asyncio.run(self.ingest.accept(signal, body, CALLER, **how))

    def metric(self, name: str, **labels: str) -> float | None:
        return self.telemetry.registry.get_sample_value(f"watchkeeper_{name}", labels)


def test_a_request_is_appended_under_its_callers_project() -> None:
    path = Path()
    assert path.accept(BODY) == Accepted(items=1)
    assert path.spool.stored == [Stored("traces", "shop", "key-1", BODY, 1)]
    assert path.metric("accepted_items_total", signal="traces") == 1
    assert path.metric("received_bytes_total", signal="traces") == len(BODY)


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize(
    ("body", "is_json"), [(b"", False), (b"", True), (b"{}", True), (b"\x0a\x00", False)]
)
def test_an_empty_request_succeeds_and_appends_nothing(signal: str, body: bytes, is_json: bool) -> None:
    path = Path()
    assert path.accept(body, signal, is_json=is_json) == Accepted()
    assert path.spool.stored == []


def test_json_and_compression_end_in_the_same_bytes() -> None:
    span = {
        "traceId": TRACE_ID.hex(),
        "spanId": SPAN_ID.hex(),
        "name": "chat",
        "startTimeUnixNano": "1",
        "attributes": [{"key": "model", "value": {"stringValue": "gpt-4o"}}],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    group = {"resource": resource, "scopeSpans": [{"scope": {"name": "tests"}, "spans": [span]}]}
    text = json.dumps({"resourceSpans": [group]}).encode()
    path = Path()
    path.accept(text, is_json=True)
    path.accept(gzip.compress(text), is_json=True, encoding="gzip")
    path.accept(gzip.compress(BODY), encoding="gzip")
    assert {stored.body for stored in path.spool.stored} == {BODY}
    assert path.metric("duplicate_requests_total", signal="traces") == 2


def test_refused_spans_are_answered_and_counted_by_reason() -> None:
    path = Path()
    body = trace_request(
        make_span(), make_span(trace_id=b""), make_span(trace_id=b"x"), make_span(span_id=b"")
    )
    accepted = path.accept(body.SerializeToString())
    assert (accepted.items, accepted.rejected) == (1, 3)
    assert accepted.reason == (
        "2 refused: trace_id is not 16 bytes, or all zeros; 1 refused: span_id is not 8 bytes, or all zeros"
    )
    assert path.metric("refused_items_total", signal="traces", reason="invalid_trace_id") == 2
    assert path.metric("refused_items_total", signal="traces", reason="invalid_span_id") == 1


def test_rewritten_messages_are_counted() -> None:
    path = Path()
    path.accept(trace_request(make_span({"a": {}}), make_span()).SerializeToString())
    assert path.metric("rewritten_messages_total", signal="traces") == 1


@pytest.mark.parametrize(
    ("body", "how", "error"),
    [
        (b"rubbish", {}, InvalidRequestError),
        (b"rubbish", {"is_json": True}, InvalidRequestError),
        (b"rubbish", {"encoding": "gzip"}, InvalidRequestError),
        (b"rubbish", {"encoding": "br"}, UnsupportedMediaError),
        (bytes(2_000), {}, RequestTooLargeError),
        (gzip.compress(bytes(2_000), mtime=0), {"encoding": "gzip"}, RequestTooLargeError),
    ],
)
def test_bad_requests_raise_and_append_nothing(body: bytes, how: Any, error: type[Exception]) -> None:
    path = Path(Limits(request_bytes=1_000))
    with pytest.raises(error):
        path.accept(body, **how)
    assert path.spool.stored == []


def test_a_large_request_takes_the_same_path() -> None:
    path = Path()
    body = trace_request(make_span({"text": "x" * 900_000}), *[make_span({"t": "y" * 500_000})] * 4)
    assert body.ByteSize() > INLINE_BYTES
    assert path.accept(body.SerializeToString()).items == 5


def test_an_error_is_counted_with_its_code_and_passed_on() -> None:
    path = Path()
    with pytest.raises(SpoolFullError), path.ingest.attend("logs", "grpc"):
        raise SpoolFullError("The spool is full.", retry_after_s=5)
    assert path.metric("refused_requests_total", signal="logs", transport="grpc", reason="spool_full") == 1
    assert path.metric("requests_total", signal="logs", transport="grpc") is None


def test_the_unforeseen_becomes_an_error_that_is_retried(caplog: pytest.LogCaptureFixture) -> None:
    path = Path()
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(OverloadedError) as caught,
        path.ingest.attend("traces", "http"),
    ):
        raise ZeroDivisionError
    assert caught.value.http_status == 503
    assert "A traces request over http failed unexpectedly." in caplog.text
    assert path.metric("refused_requests_total", signal="traces", transport="http", reason="internal") == 1


def test_every_request_is_timed() -> None:
    path = Path()
    with path.ingest.attend("traces", "http"):
        pass
    assert path.metric("requests_total", signal="traces", transport="http") == 1
    assert path.metric("request_seconds_count", signal="traces", transport="http") == 1
