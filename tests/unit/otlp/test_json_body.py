"""OTLP/JSON: the same request as in protobuf, and clear words about what is none."""

import base64
import json
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from watchkeeper_collector.errors import InvalidRequestError, RequestTooLargeError
from watchkeeper_collector.otlp.json_body import JsonBody
from watchkeeper_collector.otlp.signals import LOGS, METRICS, SIGNALS, TRACES

from tests.otlp.requests import SPAN_ID, TRACE_ID, requests, seeded

SPAN = {"traceId": TRACE_ID.hex(), "spanId": SPAN_ID.hex()}
IDS = ("traceId", "spanId", "parentSpanId")


def convert(document: Any, signal: str = "traces") -> Message:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    kind = SIGNALS[signal]
    return kind.request.FromString(JsonBody(kind, 1_000).convert(body))


def convert_span(**fields: Any) -> Any:
    request: Any = convert({"resourceSpans": [{"scopeSpans": [{"spans": [{**SPAN, **fields}]}]}]})
    return request.resource_spans[0].scope_spans[0].spans[0]


def convert_value(value: dict[str, Any]) -> Any:
    return convert_span(attributes=[{"key": "k", "value": value}]).attributes[0].value


def otlp_json(message: Message) -> Any:
    """The official mapping, with ids in hexadecimal."""
    return with_hex_ids(json_format.MessageToDict(message))


def with_hex_ids(document: Any) -> Any:
    if isinstance(document, list):
        return [with_hex_ids(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: base64.b64decode(value).hex() if key in IDS else with_hex_ids(value)
        for key, value in document.items()
    }


def without_odd_ids(message: Message) -> None:
    """Clear ids of other lengths than OTLP's: in JSON they cannot be told from rubbish."""
    for field, value in message.ListFields():
        if field.message_type:
            for item in value if field.is_repeated else [value]:
                without_odd_ids(item)
        elif field.name.endswith(("trace_id", "span_id")) and len(value) != (
            16 if field.name == "trace_id" else 8
        ):
            message.ClearField(field.name)


@seeded
@given(st.data(), st.sampled_from(sorted(SIGNALS)))
def test_any_request_is_the_same_in_json_and_in_protobuf(data: st.DataObject, signal: str) -> None:
    request = data.draw(requests(signal))
    without_odd_ids(request)
    converted = convert(otlp_json(request), signal)
    assert converted.SerializeToString(deterministic=True) == request.SerializeToString(deterministic=True)


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_an_empty_object_is_an_empty_request(signal: str) -> None:
    assert convert({}, signal).ByteSize() == 0
    assert convert({"unknown": [1], f"resource{signal[:-1].title()}s": None}, signal).ByteSize() == 0


def test_names_may_be_in_snake_case_and_enums_in_words() -> None:
    span = convert_span(
        parent_span_id="0102030405060708",
        start_time_unix_nano="1544712660000000000",
        endTimeUnixNano=1544712661000000000,
        kind="SPAN_KIND_CLIENT",
        status={"code": "STATUS_CODE_ERROR"},
    )
    assert (span.parent_span_id, span.kind, span.status.code) == (SPAN_ID, 3, 2)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 10**9
    assert convert_span(kind="3").kind == 3


@pytest.mark.parametrize(
    "given", [TRACE_ID.hex(), TRACE_ID.hex().upper(), base64.b64encode(TRACE_ID).decode()]
)
def test_ids_are_hexadecimal_and_base64_is_told_by_its_length(given: str) -> None:
    assert convert_span(traceId=given).trace_id == TRACE_ID


@pytest.mark.parametrize(
    "given", ["xyz", "0123", "g" * 32, "é" * 32, 7, [], TRACE_ID.hex()[:-1], "0123456789abcdeg"]
)
def test_an_unreadable_id_is_no_valid_id_but_no_broken_request(given: Any) -> None:
    assert len(convert_span(traceId=given).trace_id) == 1


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ({"stringValue": ""}, "string_value", ""),
        ({"boolValue": False}, "bool_value", False),
        ({"boolValue": "true"}, "bool_value", True),
        ({"intValue": "-9223372036854775808"}, "int_value", -(1 << 63)),
        ({"intValue": 7}, "int_value", 7),
        ({"intValue": 7.0}, "int_value", 7),
        ({"doubleValue": 7}, "double_value", 7.0),
        ({"doubleValue": "0.5"}, "double_value", 0.5),
        ({"doubleValue": "Infinity"}, "double_value", float("inf")),
        ({"bytesValue": "AP8="}, "bytes_value", b"\x00\xff"),
        ({"bytesValue": "AP8"}, "bytes_value", b"\x00\xff"),
        ({"bytesValue": "_-8"}, "bytes_value", b"\xff\xef"),
        ({"string_value": "snake"}, "string_value", "snake"),
    ],
)
def test_every_kind_of_value_is_read(value: dict[str, Any], kind: str, expected: Any) -> None:
    converted = convert_value(value)
    assert converted.WhichOneof("value") == kind
    assert getattr(converted, kind) == expected


def test_empty_containers_and_unset_values_differ() -> None:
    assert convert_value({"arrayValue": {}}).WhichOneof("value") == "array_value"
    assert convert_value({"kvlistValue": {"values": []}}).WhichOneof("value") == "kvlist_value"
    assert convert_value({}).WhichOneof("value") is None
    assert convert_value({"stringValue": None}).WhichOneof("value") is None


def test_packed_numbers_are_read() -> None:
    point = {"bucketCounts": ["1", 2], "explicitBounds": [0.5], "sum": 0, "timeUnixNano": "5"}
    metric = {"name": "h", "histogram": {"dataPoints": [point], "aggregationTemporality": 2}}
    request = convert({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}, "metrics")
    assert isinstance(request, ExportMetricsServiceRequest)
    [read] = request.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points
    assert (list(read.bucket_counts), list(read.explicit_bounds), read.HasField("sum")) == (
        [1, 2],
        [0.5],
        True,
    )


@pytest.mark.parametrize("text", [b'"caf\\ud83d"', b'"caf\xf0\x9f"'])
def test_text_cut_inside_a_character_is_mended(text: bytes) -> None:
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":%b}]}]}]}' % text
    request = convert(body)
    assert isinstance(request, ExportTraceServiceRequest)
    assert request.resource_spans[0].scope_spans[0].spans[0].name == "caf\ufffd"


def test_a_byte_order_mark_is_no_text() -> None:
    assert convert(b"\xef\xbb\xbf{}").ByteSize() == 0


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"resourceSpans": {}}, "ExportTraceServiceRequest.resourceSpans must be an array, got an object"),
        ({"resourceSpans": [7]}, "ResourceSpans must be an object, got 7"),
        ({"resourceSpans": [{"schemaUrl": 7}]}, "ResourceSpans.schemaUrl must be a string, got 7"),
        ([], "ExportTraceServiceRequest must be an object, got an array"),
        ("x" * 500, "must be an object, got 'xxxxxxxxxx"),
        (None, "must be an object, got None"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(document: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match="not a valid ExportTraceServiceRequest in JSON") as caught:
        convert(document)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"startTimeUnixNano": "soon"}, "Span.startTimeUnixNano must be an integer, got 'soon'"),
        (
            {"startTimeUnixNano": -1},
            "Span.startTimeUnixNano must be between 0 and 18446744073709551615, got -1",
        ),
        ({"startTimeUnixNano": True}, "must be an integer, got True"),
        ({"kind": 1.5}, "Span.kind must be an integer, got 1.5"),
        ({"attributes": [{"key": 1}]}, "KeyValue.key must be a string, got 1"),
        ({"attributes": [{"value": {"boolValue": 1}}]}, "AnyValue.boolValue must be true or false, got 1"),
        ({"attributes": [{"value": {"doubleValue": "x"}}]}, "AnyValue.doubleValue must be a number, got 'x'"),
        (
            {"attributes": [{"value": {"doubleValue": True}}]},
            "AnyValue.doubleValue must be a number, got True",
        ),
        (
            {"attributes": [{"value": {"bytesValue": "?"}}]},
            "AnyValue.bytesValue must be base64 text, got '?'",
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        convert_span(**fields)
    assert message in str(caught.value)


@pytest.mark.parametrize("body", [b"hello", b"{", b'{"a":', b"\xff\xfe", b"[1,2", b'{"a": 1e999999999}x'])
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not a valid"):
        convert(body)


@pytest.mark.parametrize("body", [b"[" * 2_000, b'{"a":' * 1_500, b"[" * 2_000 + b"]" * 2_000])
def test_nesting_without_end_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        convert(body)


def test_values_nested_deep_are_invalid() -> None:
    value = b'{"arrayValue":{"values":[' * 330 + b"]}}" * 330
    with pytest.raises(InvalidRequestError, match="nested too deep"):
        convert(b'{"resourceSpans":[{"resource":{"attributes":[{"value":%b}]}}]}' % value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceSpans":[' + b"{}," * 7_000 + b"{}]}",
        b"[" + b"0," * 7_000 + b"0]",
        b'{"a":[' + b"[]," * 7_000 + b"[]]}",
    ],
)
def test_too_many_values_are_refused_before_they_are_read(body: bytes) -> None:
    with pytest.raises(RequestTooLargeError, match="more than 6,000 values"):
        JsonBody(TRACES, 1_000).convert(body)


def test_punctuation_inside_text_is_no_value() -> None:
    text = '[{"a": 1}, \\"quoted\\"],' * 1_000
    body = json.dumps({"resourceLogs": [{"schemaUrl": text}]}).encode()
    assert convert(body, "logs").ByteSize() > len(text)


def test_a_quote_that_never_closes_takes_no_longer_than_the_body() -> None:
    with pytest.raises(InvalidRequestError):
        JsonBody(LOGS, 1).convert(b'"' + b'\\",{[' * 50_000)


@seeded
@given(st.binary(max_size=80) | st.text(alphabet='{}[]",:0a\\', max_size=40).map(str.encode))
def test_any_bytes_are_converted_or_invalid(body: bytes) -> None:
    try:
        converted = JsonBody(METRICS, 1_000).convert(body)
    except InvalidRequestError:
        return
    METRICS.request.FromString(converted)
