"""The ``Record`` envelope around a sender's request, and streams of them, as ClickHouse reads them.

::

    Record { string project = 1; uint64 received_ns = 2; string segment_id = 3;
             Export…ServiceRequest request = 4; string api_key_id = 5; }

The wire format is written by hand, because the request is already encoded: a record is a few
bytes of ours in front of the sender's own, which are neither parsed nor copied. A segment's
payload is a stream of records, each behind its length as a varint.
"""

from dataclasses import dataclass

PROJECT, RECEIVED_NS, SEGMENT_ID, REQUEST, API_KEY_ID = 1, 2, 3, 4, 5
VARINT, LENGTH_DELIMITED = 0, 2
LONGEST_VARINT_BYTES = 10


@dataclass(frozen=True, slots=True)
class Record:
    """A record read back. ``request`` is a view into the payload that it was read from."""

    project: str
    received_ns: int
    segment_id: str
    api_key_id: str
    request: memoryview


def encode_varint(value: int) -> bytes:
    """Encode a number ≥ 0 as a base-128 varint, least significant group first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def decode_varint(data: memoryview, offset: int) -> tuple[int, int]:
    """Return the varint at ``offset`` and the offset behind it. Raises ``ValueError`` where it is cut."""
    value = 0
    for position in range(min(LONGEST_VARINT_BYTES, len(data) - offset)):
        byte = data[offset + position]
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value, offset + position + 1
    raise ValueError(f"No varint ends at or after byte {offset}.")


def encode_sender(project: str, received_ns: int, api_key_id: str) -> bytes:
    """Encode the fields that are known when a request arrives, before its segment is."""
    received = _tag(RECEIVED_NS, VARINT) + encode_varint(received_ns)
    return _text(PROJECT, project) + received + _text(API_KEY_ID, api_key_id)


def encode_head(sender: bytes, segment_id: str, request_bytes: int) -> bytes:
    """Return everything of a delimited record that stands before the ``request_bytes`` of its request."""
    tag = _tag(REQUEST, LENGTH_DELIMITED)
    fields = sender + _text(SEGMENT_ID, segment_id) + tag + encode_varint(request_bytes)
    return encode_varint(len(fields) + request_bytes) + fields


def read_records(payload: bytes | memoryview) -> tuple[list[Record], int]:
    """Return the whole records at the start of ``payload`` and the bytes they take up.

    A torn or strange tail ends the list; it is no error.
    """
    view, records, valid_bytes = memoryview(payload), [], 0
    try:
        while valid_bytes < len(view):
            message, end = _delimited(view, valid_bytes)
            records.append(decode_record(message))
            valid_bytes = end
    except ValueError:
        pass
    return records, valid_bytes


def decode_record(message: memoryview) -> Record:
    """Decode one record without its length. Raises ``ValueError`` when it is not one of ours."""
    texts: dict[int, memoryview] = {}
    received_ns = offset = 0
    while offset < len(message):
        key, offset = decode_varint(message, offset)
        field, wire_type = key >> 3, key & 7
        if wire_type == LENGTH_DELIMITED:
            texts[field], offset = _delimited(message, offset)
        elif (field, wire_type) == (RECEIVED_NS, VARINT):
            received_ns, offset = decode_varint(message, offset)
        else:
            raise ValueError(f"A record has no field {field} of wire type {wire_type}.")
    project, segment_id, key_id = (
        str(texts.get(field, b""), "utf-8") for field in (PROJECT, SEGMENT_ID, API_KEY_ID)
    )
    return Record(project, received_ns, segment_id, key_id, texts.get(REQUEST, memoryview(b"")))


def _delimited(data: memoryview, offset: int) -> tuple[memoryview, int]:
    length, start = decode_varint(data, offset)
    end = start + length
    if end > len(data):
        raise ValueError(f"{length} bytes were announced at byte {offset}, {len(data) - start} follow.")
    return data[start:end], end


def _tag(field: int, wire_type: int) -> bytes:
    return encode_varint(field << 3 | wire_type)


def _text(field: int, value: str) -> bytes:
    encoded = value.encode()
    return _tag(field, LENGTH_DELIMITED) + encode_varint(len(encoded)) + encoded if encoded else b""
