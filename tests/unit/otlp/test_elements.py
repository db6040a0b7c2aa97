"""Counting elements on the wire: never fewer than there are, and refused before anything is parsed."""

import contextlib
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.errors import RequestTooLargeError
from watchkeeper_collector.otlp.elements import ElementCounter
from watchkeeper_collector.otlp.signals import LOGS, METRICS, SIGNALS, TRACES
from watchkeeper_collector.otlp.wire import MalformedError

from tests.otlp.requests import field_bytes, make_span, requests, seeded, span_on_the_wire, trace_request

ARRAY = field_bytes(2, field_bytes(5, b"\x0a\x00" * 500))


def count_parsed(message: Message) -> int:
    """The elements of a parsed message, counted the slow way: packed numbers by their bytes."""
    total = 0
    for field, value in message.ListFields():
        if not field.message_type:
            total += len(value) if field.is_repeated and field.type == field.TYPE_STRING else 0
            continue
        items = value if field.is_repeated else [value]
        total += sum(field.is_repeated + count_parsed(item) for item in items)
    return total


def is_over(signal: str, body: bytes, limit: int) -> bool:
    try:
        ElementCounter(SIGNALS[signal], limit).check(body)
    except RequestTooLargeError:
        return True
    return False


@seeded
@given(st.data(), st.sampled_from(sorted(SIGNALS)))
def test_a_request_over_the_limit_is_refused_and_one_at_the_limit_is_not(
    data: st.DataObject, signal: str
) -> None:
    request = data.draw(requests(signal))
    elements, body = count_parsed(request), request.SerializeToString()
    assert is_over(signal, body, elements - 1)
    if signal != "metrics":  # packed numbers count there too
        assert not is_over(signal, body, elements)


@pytest.mark.parametrize("signal", [TRACES, LOGS, METRICS])
@pytest.mark.parametrize("depth", range(3))
def test_a_body_of_empty_messages_is_refused_at_every_level(signal: Any, depth: int) -> None:
    body = b"\x0a\x00" * 2_000 if depth == 0 else b"\x12\x00" * 2_000
    for level in range(depth):
        body = field_bytes(2 if level < depth - 1 else 1, body)
    with pytest.raises(RequestTooLargeError, match="more than 1,000 elements"):
        ElementCounter(signal, 1_000).check(body)


@pytest.mark.parametrize(
    "span_field",
    [
        field_bytes(9, b"") * 2_000,
        field_bytes(11, b"") * 2_000,
        field_bytes(13, field_bytes(4, b"") * 2_000),
        field_bytes(11, field_bytes(3, b"") * 2_000),
        field_bytes(9, field_bytes(2, field_bytes(5, field_bytes(1, b"") * 2_000))),
        field_bytes(9, field_bytes(2, field_bytes(6, field_bytes(1, b"") * 2_000))),
        b"\xca\x80\x00\x80\x00" * 2_000,
        b"\xfa\x7f\x00" * 2_000,
    ],
    ids=["attributes", "events", "links", "event-attributes", "array", "map", "overlong", "unknown"],
)
def test_whatever_is_repeated_inside_a_span_counts(span_field: bytes) -> None:
    with pytest.raises(RequestTooLargeError):
        ElementCounter(TRACES, 1_000).check(span_on_the_wire(span_field))


@pytest.mark.parametrize(
    "attribute",
    [
        ARRAY,
        ARRAY + field_bytes(1, b"key") + ARRAY,
        field_bytes(1, b"k" * 200) + ARRAY,
        field_bytes(1, b"key") + field_bytes(2, field_bytes(1, b"text") + field_bytes(5, b"\x0a\x00" * 500)),
        field_bytes(1, b"key") + field_bytes(2, b"\x18\x05" + field_bytes(5, b"\x0a\x00" * 500)),
        field_bytes(1, b"key") + field_bytes(2, b"\x18\x05") + ARRAY,
    ],
)
def test_no_order_of_fields_hides_an_array(attribute: bytes) -> None:
    with pytest.raises(RequestTooLargeError):
        ElementCounter(TRACES, 300).check(span_on_the_wire(field_bytes(9, attribute)))


@pytest.mark.parametrize("value", [b"\x18", b"\x21\x00", b"\x0a", b"\x0a\xff", b"\x3a\x05x", b""])
def test_an_attribute_cut_short_does_not_break_the_count(value: bytes) -> None:
    many = field_bytes(9, b"") * 300
    cut = field_bytes(9, field_bytes(1, b"key") + field_bytes(2, value))
    with pytest.raises((RequestTooLargeError, MalformedError)):
        ElementCounter(TRACES, 250).check(span_on_the_wire(cut, many, cut))


def test_packed_numbers_count_by_the_eight() -> None:
    buckets = field_bytes(8, field_bytes(2, bytes(9 << 20)))
    body = field_bytes(1, field_bytes(2, field_bytes(2, field_bytes(10, field_bytes(1, buckets)))))
    with pytest.raises(RequestTooLargeError):
        ElementCounter(METRICS, 1_000_000).check(body)


def test_long_texts_are_no_elements() -> None:
    text = 'line\n"quoted" JZj*\x12\x1a\x00' * 100_000
    assert not is_over("traces", trace_request(make_span({"prompt": text})).SerializeToString(), 100)


def test_nesting_without_end_is_malformed() -> None:
    value = b""
    for _ in range(200):
        value = field_bytes(5, field_bytes(1, value))
    body = span_on_the_wire(field_bytes(9, field_bytes(2, value)))
    with pytest.raises(MalformedError, match="nested deeper than 100 levels"):
        ElementCounter(TRACES, 250).check(body)


@seeded
@given(st.binary(max_size=200))
def test_any_bytes_are_counted_or_malformed(body: bytes) -> None:
    try:
        ElementCounter(TRACES, 0).check(body)
    except (RequestTooLargeError, MalformedError):
        return
    with contextlib.suppress(DecodeError):  # for the parser to refuse
        assert count_parsed(TRACES.request.FromString(body)) == 0


@pytest.mark.parametrize(("value", "is_suspect"), [([], True), (["a"], False), ("", False), (0, False)])
def test_a_body_that_may_hold_an_empty_array_is_told_apart(value: Any, is_suspect: bool) -> None:
    body = trace_request(make_span({"stop": value})).SerializeToString()
    assert ElementCounter(TRACES, 10_000).check(body) is is_suspect
