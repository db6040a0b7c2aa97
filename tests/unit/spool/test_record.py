import pytest
from watchkeeper_collector.spool.record import (
    decode_varint,
    encode_head,
    encode_sender,
    encode_varint,
    read_records,
)


def record(project: str = "shop", body: bytes = b"request", key_id: str = "key-1") -> bytes:
    return (
        encode_head(encode_sender(project, 1_700_000_000_000_000_000, key_id), "segment-1", len(body)) + body
    )


def test_a_record_stands_on_the_wire_as_the_protobuf_documentation_says() -> None:
    head = encode_head(encode_sender("p", 300, "k"), "s", 3)
    assert (
        head + b"abc"
        == bytes([17]) + b"\x0a\x01p" + b"\x10\xac\x02" + b"\x2a\x01k" + b"\x1a\x01s" + b"\x22\x03abc"
    )


def test_an_absent_key_is_left_out() -> None:
    assert encode_sender("p", 1, "") == b"\x0a\x01p\x10\x01"


def test_records_are_read_back() -> None:
    records, valid_bytes = read_records(payload := record() + record("bank", b"", ""))
    assert valid_bytes == len(payload)
    assert [(r.project, r.api_key_id, r.segment_id, bytes(r.request)) for r in records] == [
        ("shop", "key-1", "segment-1", b"request"),
        ("bank", "", "segment-1", b""),
    ]
    assert records[0].received_ns == 1_700_000_000_000_000_000


def test_a_torn_tail_ends_the_records() -> None:
    whole = record()
    records, valid_bytes = read_records(whole + whole[:-1])
    assert (len(records), valid_bytes) == (1, len(whole))


@pytest.mark.parametrize(
    "message", [b"\x3a", b"\x0a\x05ab", b"\x0d\x00\x00\x00\x00", b"\x0a\x01\xff", b"\x0a"]
)
def test_a_message_that_is_not_ours_ends_the_records(message: bytes) -> None:
    whole = record()
    records, valid_bytes = read_records(whole + encode_varint(len(message)) + message)
    assert (len(records), valid_bytes) == (1, len(whole))


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16383, 16384, 2**32, 2**63, 2**64 - 1])
def test_varints_are_read_back(value: int) -> None:
    encoded = encode_varint(value)
    assert decode_varint(memoryview(b"x" + encoded + b"y"), 1) == (value, 1 + len(encoded))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 11])
def test_a_varint_without_an_end_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="No varint ends"):
        decode_varint(memoryview(data), 0)
