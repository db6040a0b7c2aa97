"""What we write by hand is what protobuf's own library reads."""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.spool.record import encode_head, encode_sender, encode_varint, read_records

FIELDS = [("project", 9), ("received_ns", 4), ("segment_id", 9), ("request", 12), ("api_key_id", 9)]

texts = st.text(st.characters(codec="utf-8"))
records = st.tuples(texts, st.integers(0, 2**64 - 1), texts, st.binary(max_size=300), texts)


@cache
def record_class() -> Any:
    """Let protobuf make the class of ``Record``; a body of arbitrary bytes is declared as bytes."""
    file = descriptor_pb2.FileDescriptorProto(name="record.proto", syntax="proto3")
    message = file.message_type.add(name="Record")
    for number, (name, kind) in enumerate(FIELDS, 1):
        message.field.add(name=name, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    return message_factory.GetMessageClass(pool.Add(file).message_types_by_name["Record"])


def encode(record: tuple[str, int, str, bytes, str]) -> bytes:
    project, received_ns, segment_id, request, key_id = record
    return encode_head(encode_sender(project, received_ns, key_id), segment_id, len(request)) + request


@given(records)
def test_protobuf_reads_what_we_write(record: tuple[str, int, str, bytes, str]) -> None:
    encoded = encode(record)
    parsed = record_class()()
    parsed.ParseFromString(encoded[len(encode_varint(parsed_length(encoded))) :])
    assert tuple(getattr(parsed, name) for name, _ in FIELDS) == record


@given(st.lists(records, max_size=5), st.data())
def test_a_payload_cut_anywhere_gives_its_first_records(sent: list[Any], data: st.DataObject) -> None:
    encoded = [encode(record) for record in sent]
    payload = b"".join(encoded)
    cut = data.draw(st.integers(0, len(payload)))
    read, valid_bytes = read_records(payload[:cut])
    assert valid_bytes == sum(map(len, encoded[: len(read)])) <= cut
    assert len(read) == len(sent) or valid_bytes + len(encoded[len(read)]) > cut
    for record, original in zip(read, sent, strict=False):
        assert (
            record.project,
            record.received_ns,
            record.segment_id,
            bytes(record.request),
            record.api_key_id,
        ) == original


@given(st.binary(max_size=200))
def test_rubbish_is_read_without_an_exception(rubbish: bytes) -> None:
    _, valid_bytes = read_records(rubbish)
    assert 0 <= valid_bytes <= len(rubbish)


def parsed_length(encoded: bytes) -> int:
    """Return the length that stands in front, decoded by the rule and not by our code."""
    length = shift = 0
    for byte in encoded:
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return length
