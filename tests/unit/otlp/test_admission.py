"""What of a request is stored, and in which bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from watchkeeper_collector.errors import InvalidRequestError, RequestTooLargeError
from watchkeeper_collector.otlp.admission import Admission, Admitted
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.otlp.wire import MalformedError

from tests.otlp.requests import (
    SPAN_ID,
    TRACE_ID,
    field_bytes,
    log_request,
    make_span,
    requests,
    seeded,
    span_on_the_wire,
    trace_request,
)

FORMS = Forms()
ADMISSIONS = {name: Admission(signal, Limits(), FORMS) for name, signal in SIGNALS.items()}


def admit(body: bytes, signal: str = "traces") -> Admitted:
    return ADMISSIONS[signal].admit(body)


def stored_spans(body: bytes) -> list[Any]:
    request = ExportTraceServiceRequest.FromString(admit(body).body)
    return [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]


def test_a_usual_request_is_stored_byte_for_byte() -> None:
    body = trace_request(
        make_span({"gen_ai.request.model": "gpt-4o", "n": 0}), make_span()
    ).SerializeToString()
    admitted = admit(body)
    assert admitted.body is body
    assert (admitted.items, admitted.rewritten, admitted.refused) == (2, 0, {})


@pytest.mark.parametrize("signal", sorted(SIGNALS))
@pytest.mark.parametrize("body", [b"", b"\x0a\x00", field_bytes(1, b"\x12\x00")])
def test_a_request_without_items_is_nothing(signal: str, body: bytes) -> None:
    assert admit(body, signal) == Admitted(b"", 0, 0, {}, {})


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ({"trace_id": b""}, "invalid_trace_id"),
        ({"trace_id": bytes(16)}, "invalid_trace_id"),
        ({"trace_id": b"x" * 15}, "invalid_trace_id"),
        ({"span_id": b""}, "invalid_span_id"),
        ({"span_id": bytes(8)}, "invalid_span_id"),
        ({"span_id": b"x" * 16}, "invalid_span_id"),
    ],
)
def test_a_span_without_valid_ids_is_refused_and_the_others_are_stored(
    ids: dict[str, bytes], reason: str
) -> None:
    body = trace_request(make_span(name="a"), make_span(**ids), make_span(name="b")).SerializeToString()
    admitted = admit(body)
    assert admitted.refused == {reason: 1}
    assert admitted.items == 2
    assert admitted.body == trace_request(make_span(name="a"), make_span(name="b")).SerializeToString()


def test_a_request_of_refused_spans_alone_stores_nothing() -> None:
    admitted = admit(trace_request(make_span(trace_id=b""), make_span(span_id=b"")).SerializeToString())
    assert (admitted.body, admitted.items, admitted.refused.total()) == (b"", 0, 2)


@pytest.mark.parametrize("parent", [bytes(8), b"x", b"x" * 16])
def test_an_invalid_parent_makes_a_root(parent: bytes) -> None:
    [span] = stored_spans(trace_request(make_span(parent_span_id=parent)).SerializeToString())
    assert span.parent_span_id == b""


def test_a_log_record_keeps_valid_ids_and_loses_others() -> None:
    bad = log_request("a", trace_id=bytes(16), span_id=b"x").SerializeToString()
    good = log_request("a", trace_id=TRACE_ID, span_id=SPAN_ID).SerializeToString()
    assert admit(bad, "logs").body == log_request("a").SerializeToString()
    assert admit(good, "logs").body is good
    assert admit(bad, "logs").refused == {}


def test_metrics_count_their_data_points() -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    points = metrics.add(name="a").sum.data_points
    points.add(as_int=1)
    points.add(as_int=2)
    metrics.add(name="b").histogram.data_points.add(bucket_counts=[1, 2], explicit_bounds=[0.5])
    metrics.add(name="empty")
    assert admit(request.SerializeToString(), "metrics").items == 3


@pytest.mark.parametrize(
    ("field", "what"),
    [
        (b"\xa3\x01\x08\x01\xa4\x01", "an unknown group"),
        (field_bytes(900, b"future"), "an unknown field"),
        (b"\x28\x05", "a known number with another wire type"),
        (field_bytes(5, b"first") + field_bytes(5, b"last"), "a name given twice"),
        (b"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a negative enum"),
        (field_bytes(9, field_bytes(1, b"k") + field_bytes(2, b"\x10\x05")), "a boolean of 5"),
        (field_bytes(9, field_bytes(2, b"\x10\x01" + field_bytes(1, b"s"))), "two values at once"),
        (b"\xaa\x80\x00\x01n", "an overlong tag"),
    ],
)
def test_what_the_store_would_misread_is_stored_canonically(field: bytes, what: str) -> None:
    body = span_on_the_wire(field)
    admitted = admit(body)
    assert admitted.body != body, what
    assert admit(admitted.body).body is admitted.body


def test_the_last_of_repeated_fields_counts() -> None:
    [span] = stored_spans(span_on_the_wire(field_bytes(5, b"first") + field_bytes(5, b"last")))
    assert span.name == "last"


def test_unknown_fields_around_spans_are_left_out() -> None:
    span = make_span().SerializeToString()
    scope = field_bytes(2, span) + field_bytes(99, b"?")
    group = b"\x40\x01" + field_bytes(2, scope) + field_bytes(1000, b"instrumentation library")
    body = field_bytes(7, b"x") + field_bytes(1, group)
    assert admit(body).body == field_bytes(1, field_bytes(2, field_bytes(2, span)))


def test_urls_of_schemas_are_text() -> None:
    group = field_bytes(
        2, field_bytes(2, make_span().SerializeToString()) + field_bytes(3, b"\xff")
    ) + field_bytes(3, b"ok")
    stored = ExportTraceServiceRequest.FromString(admit(field_bytes(1, group)).body)
    assert stored.resource_spans[0].schema_url == "ok"
    assert stored.resource_spans[0].scope_spans[0].schema_url == "\ufffd"


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"<html></html>",
        b'{"resourceSpans": []}',
        trace_request(make_span()).SerializeToString()[:-1],
        span_on_the_wire(field_bytes(9, b"\x0a")),
        span_on_the_wire(field_bytes(9, field_bytes(2, b"\x2a\x05"))),
        field_bytes(1, b"\x08\x01" * 2_000),
    ],
    ids=["text", "html", "json", "truncated", "broken-attribute", "broken-array", "unknown-flood"],
)
def test_rubbish_is_malformed_and_the_place_is_named(body: bytes) -> None:
    with pytest.raises(MalformedError, match="at byte"):
        admit(body)


def test_values_nested_without_end_are_malformed() -> None:
    value = field_bytes(1, b"x")
    for _ in range(60):
        value = field_bytes(5, field_bytes(1, value))
    with pytest.raises(MalformedError, match="nested too deep"):
        admit(span_on_the_wire(field_bytes(9, field_bytes(2, value))))


def test_a_request_of_too_many_elements_is_refused_as_a_whole() -> None:
    admission = Admission(SIGNALS["traces"], Limits(elements=100), FORMS)
    with pytest.raises(RequestTooLargeError):
        admission.admit(trace_request(*[make_span({"a": 1})] * 60).SerializeToString())


@seeded
@given(st.data(), st.sampled_from(sorted(SIGNALS)))
def test_what_is_admitted_once_is_admitted_unchanged(data: st.DataObject, signal: str) -> None:
    admitted = admit(data.draw(requests(signal)).SerializeToString(), signal)
    again = admit(admitted.body, signal)
    assert (again.body, again.items, again.rewritten, again.refused) == (admitted.body, admitted.items, 0, {})


@seeded
@given(st.data(), st.sampled_from(sorted(SIGNALS)))
def test_damaged_requests_are_invalid_or_stored(data: st.DataObject, signal: str) -> None:
    body = bytearray(data.draw(requests(signal)).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not body:
            break
    try:
        admitted = admit(bytes(body), signal)
    except InvalidRequestError:
        return
    SIGNALS[signal].request.FromString(admitted.body)


@seeded
@given(st.binary(max_size=300), st.sampled_from(sorted(SIGNALS)))
def test_any_bytes_are_invalid_or_stored(body: bytes, signal: str) -> None:
    try:
        admit(body, signal)
    except InvalidRequestError:
        return


def test_a_group_keeps_its_logs_apart_from_other_groups() -> None:
    request = ExportLogsServiceRequest()
    for name in ("a", "b"):
        group = request.resource_logs.add()
        group.resource.attributes.add(key="service.name").value.string_value = name
        group.scope_logs.add().log_records.add().body.kvlist_value.SetInParent()
    stored = ExportLogsServiceRequest.FromString(admit(request.SerializeToString(), "logs").body)
    names = [group.resource.attributes[0].value.string_value for group in stored.resource_logs]
    bodies = [group.scope_logs[0].log_records[0].body.string_value for group in stored.resource_logs]
    assert (names, bodies) == (["a", "b"], ["{}", "{}"])
