"""What the store does not take as it is: nested, broken and oversized values."""

import json
import math
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.rewriting import CUT_CHARS
from watchkeeper_collector.otlp.signals import LOGS, TRACES

from tests.otlp.requests import field_bytes, log_request, make_span, span_on_the_wire, trace_request

FORMS = Forms()
LIMITS = Limits(attribute_bytes=1_000)
SPANS = Admission(TRACES, LIMITS, FORMS)
RECORDS = Admission(LOGS, LIMITS, FORMS)


def stored_span(body: bytes) -> Span:
    request = ExportTraceServiceRequest.FromString(SPANS.admit(body).body)
    return request.resource_spans[0].scope_spans[0].spans[0]


def stored_values(attributes: Any) -> dict[str, Any]:
    """The values by key; arrays as lists."""
    values = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        value = getattr(attribute.value, kind) if kind else None
        values[attribute.key] = [read(item) for item in value.values] if kind == "array_value" else value
    return values


def read(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None


def stored_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    return stored_values(stored_span(trace_request(make_span(attributes)).SerializeToString()).attributes)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Grüße",
        True,
        False,
        0,
        -(1 << 63),
        0.0,
        math.inf,
        b"",
        b"\x00\xff",
        None,
        ["a"],
        ["a", 1, 2.5, True],
        [None, "a"],
    ],
)
def test_scalars_and_arrays_of_scalars_are_stored_as_they_are(value: Any) -> None:
    assert stored_attributes({"key": value}) == {"key": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ({}, "{}"),
        ([[]], "[[]]"),
        ([["a"], {"b": 1}], '[["a"],{"b":1}]'),
        ([b"\x00\xff"], '["AP8="]'),
        ({"n": None, "f": False, "d": 0.5, "b": b"a"}, '{"n":null,"f":false,"d":0.5,"b":"YQ=="}'),
        ([[math.nan, math.inf, -math.inf]], '[["NaN","Infinity","-Infinity"]]'),
        ({"id": 9007199254740993}, '{"id":9007199254740993}'),
        ({"role": "user", "parts": [{"type": "text", "content": "Grüße"}]},
         '{"role":"user","parts":[{"type":"text","content":"Grüße"}]}'),
    ],
)  # fmt: skip
def test_deeper_values_become_json_text(value: Any, text: str) -> None:
    assert stored_attributes({"key": value, "other": 1}) == {"key": text, "other": 1}


@pytest.mark.parametrize(
    ("body", "text"),
    [({"a": [1]}, '{"a":[1]}'), (["a", 1], '["a",1]'), ([], "[]"), ("plain", "plain"), ("", "")],
)
def test_a_log_body_is_a_scalar_or_json_text(body: Any, text: str) -> None:
    request = log_request(body, {"event": {"deep": True}}).SerializeToString()
    stored = ExportLogsServiceRequest.FromString(RECORDS.admit(request).body)
    [record] = stored.resource_logs[0].scope_logs[0].log_records
    assert record.body.string_value == text
    assert stored_values(record.attributes) == {"event": '{"deep":true}'}


def test_values_are_settled_wherever_attributes_are() -> None:
    span = make_span()
    for owner in (span.events.add(), span.links.add(trace_id=b"x")):
        owner.attributes.add(key="k").value.kvlist_value.SetInParent()
    request = trace_request(span, resource={"process.command_args": [["a"]]})
    request.resource_spans[0].scope_spans[0].scope.attributes.add(key="k").value.array_value.SetInParent()
    [group] = ExportTraceServiceRequest.FromString(
        SPANS.admit(request.SerializeToString()).body
    ).resource_spans
    [stored] = group.scope_spans[0].spans
    assert stored_values(group.resource.attributes) == {"process.command_args": '[["a"]]'}
    assert stored_values(group.scope_spans[0].scope.attributes) == {"k": "[]"}
    assert (
        stored_values(stored.events[0].attributes) == stored_values(stored.links[0].attributes) == {"k": "{}"}
    )


def test_invalid_utf8_is_replaced_and_loses_nothing_else() -> None:
    value = field_bytes(2, field_bytes(1, b"caf\xe9"))
    span = stored_span(
        span_on_the_wire(field_bytes(5, b"na\xffme"), field_bytes(9, field_bytes(1, b"k\xfe") + value))
    )
    assert span.name == "na\ufffdme"
    assert stored_values(span.attributes) == {"k\ufffd": "caf\ufffd"}


def test_a_reference_into_a_profile_is_no_value() -> None:
    span = make_span({"kept": 1})
    span.attributes.add(key="key", key_strindex=3).value.string_value_strindex = 7
    assert stored_values(stored_span(trace_request(span).SerializeToString()).attributes) == {
        "kept": 1,
        "key": None,
    }


def test_long_content_is_cut_and_the_span_says_how_much() -> None:
    messages = json.dumps([{"role": "user", "content": "x" * 3_000}])
    values = stored_attributes({"gen_ai.input.messages": messages, "note": "é" * 600, "model": "gpt-4o"})
    [message] = json.loads(values["gen_ai.input.messages"])
    assert values["note"] == "é" * 500
    assert values["model"] == "gpt-4o"
    assert values[CUT_CHARS] == 3_000 - len(message["content"]) + 100


@pytest.mark.parametrize("value", [b"x" * 1_500, ["x" * 700, "y" * 800], {"text": "x" * 1_500}])
def test_long_values_of_every_kind_are_cut(value: Any) -> None:
    values = stored_attributes({"key": value})
    assert len(values["key"]) <= 1_000
    assert 400 < values[CUT_CHARS] <= 600


def test_what_is_cut_in_events_counts_on_their_span() -> None:
    span = make_span({"a": "x" * 1_100})
    span.events.add(name="prompt").attributes.add(key="content").value.string_value = "y" * 1_200
    stored = stored_span(trace_request(span).SerializeToString())
    assert stored_values(stored.attributes)[CUT_CHARS] == 300
    assert stored_values(stored.events[0].attributes) == {"content": "y" * 1_000}


@pytest.mark.parametrize("rest", ["short", "x" * 1_100])
def test_a_forged_count_of_cut_characters_is_dropped(rest: str) -> None:
    values = stored_attributes({CUT_CHARS: 1_000_000, "rest": rest})
    assert values.get(CUT_CHARS) == (100 if len(rest) > 1_000 else None)


def test_a_forged_count_that_is_long_itself_is_dropped_uncounted() -> None:
    assert stored_attributes({CUT_CHARS: "x" * 5_000, "a": 1}) == {"a": 1}
