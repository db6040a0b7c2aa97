"""The wire format: numbers, fields, and bytes that are neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper_collector.otlp.wire import (
    MalformedError,
    read_fields,
    read_varint,
    write_field,
    write_varint,
)

from tests.otlp.requests import seeded


@seeded
@given(st.integers(0, (1 << 64) - 1), st.binary(max_size=3))
def test_a_varint_reads_as_it_was_written(number: int, behind: bytes) -> None:
    data = write_varint(number)
    assert read_varint(data + behind, 0) == (number, len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\xff" * 11])
def test_a_varint_without_an_end_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError, match="a number without an end at byte 0"):
        read_varint(data, 0)


def test_fields_of_every_wire_type_are_found() -> None:
    span = Span(name="x" * 200, kind=3, start_time_unix_nano=5, flags=1, trace_state="")
    data = span.SerializeToString() + b"\x1a\x00"
    tags = [tag for tag, _, _ in read_fields(data, 0, len(data))]
    assert tags == [5 << 3 | 2, 6 << 3, 7 << 3 | 1, 16 << 3 | 5, 3 << 3 | 2]


def test_overlong_tags_and_lengths_are_read() -> None:
    assert list(read_fields(b"\xaa\x80\x00\x81\x80\x00z", 0, 7)) == [(0x2A, 6, 7)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",
        b"\x0a\x02x",
        b"\x09\x00",
        b"\x0d\x00",
        b"\x0e",
        b"\x0f",
        b"\x00\x00",
        b"\x02\x00",
        b"\x0a\xff\xff\xff\xff\x0f",
    ],
)
def test_a_field_that_does_not_fit_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        list(read_fields(data, 0, len(data)))


@seeded
@given(st.binary(max_size=40))
def test_any_bytes_are_fields_or_malformed(data: bytes) -> None:
    try:
        places = [(start, end) for _, start, end in read_fields(data, 0, len(data))]
    except MalformedError:
        return
    assert all(0 < start <= end <= len(data) for start, end in places)


@seeded
@given(st.integers(1, 1 << 20), st.lists(st.binary(max_size=200), max_size=4))
def test_a_field_in_pieces_is_one_field(number: int, pieces: list[bytes]) -> None:
    data = b"".join(write_field(number << 3 | 2, pieces))
    [(tag, start, end)] = read_fields(data, 0, len(data))
    assert (tag >> 3, data[start:end]) == (number, b"".join(pieces))
