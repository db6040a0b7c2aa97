"""How many repeated elements a request holds, known before it is parsed.

An empty message costs two bytes on the wire, next to nothing under gzip, and a hundred bytes once
parsed: 63 kB can take gigabytes. So elements are counted on the wire, at every depth.
"""

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from watchkeeper_collector.errors import RequestTooLargeError
from watchkeeper_collector.otlp.signals import Signal
from watchkeeper_collector.otlp.wire import DELIMITED, MalformedError, read_varint, skip_field

WINDOW_BYTES = 1 << 18
MAX_DEPTH = 100
SPARE_FIELDS = 32  # how many fields a message may hold that it has no reason to repeat
PACKED_BYTES = 8 << 20
SHORT = 0x20
SPREAD = 17
KEY_TAG = 0x0A
VALUE_TAG = 0x12
TEXT_TAGS = (0x0A, 0x3A)
NUMBER_TAGS = (0x10, 0x18, 0x21)
EMPTY_ARRAY = b"\x12\x02\x2a\x00"  # the end of an attribute whose value is an empty array

# Tag of a length-delimited field → (what an occurrence counts, bytes per element if packed, fields inside).
Fields = dict[int, tuple[int, int, "Fields"]]


class ElementCounter:
    """Counts the elements of one signal's requests against a limit."""

    def __init__(self, signal: Signal, limit: int) -> None:
        self._limit = limit
        known: dict[str, Fields] = {}
        self._root = _fields(signal.request.DESCRIPTOR, known)
        self._attribute = known[KeyValue.DESCRIPTOR.full_name]
        tags = {*_repeated_tags(known.values()), 0x00}
        self._scans = (
            (_all_but({*range(SHORT), *EMPTY_ARRAY}), SPREAD),
            (_all_but({*tags, *EMPTY_ARRAY}), 0),
        )
        self._has_packed = any(packed for fields in known.values() for _, packed, _ in fields.values())

    def check(self, body: bytes) -> bool:
        """Raise ``RequestTooLargeError`` over the limit; else say whether an empty array may be in it.

        Two scans in C bound the elements from above, and only a body that neither clears is walked field
        by field. The first counts bytes below ``SHORT``: an element has one in its tag or its length, or
        spreads over at least 34 bytes, and of those at most two are nested in each other. The second
        counts bytes that equal a tag of a repeated field, or the zero that an overlong tag must end with.
        """
        scans = () if self._has_packed and len(body) > PACKED_BYTES else self._scans
        for dropped, spread in scans:
            frame = self._frame(body, dropped)
            if len(frame) + (len(body) // spread if spread else 0) <= self._limit:
                return EMPTY_ARRAY in frame
        _Walk(body, self._limit, self._attribute).check(self._root)
        return True

    def _frame(self, body: bytes, dropped: bytes) -> bytes:
        frame = bytearray()
        for at in range(0, len(body), WINDOW_BYTES):
            frame += body[at : at + WINDOW_BYTES].translate(None, dropped)
            if len(frame) > self._limit:
                break
        return bytes(frame)


class _Walk:
    """Counts one body's elements exactly, and stops at the first that is too many."""

    def __init__(self, body: bytes, limit: int, attribute: Fields) -> None:
        self._body = body
        self._limit = self._left = limit
        self._attribute = attribute

    def check(self, fields: Fields) -> None:
        try:
            self._count(0, len(self._body), fields, MAX_DEPTH)
        except IndexError:
            raise MalformedError(len(self._body), "it ends inside a field") from None

    def _count(self, at: int, end: int, fields: Fields, depth: int) -> None:
        if depth < 0:
            raise MalformedError(at, f"a message nested deeper than {MAX_DEPTH} levels")
        data, spare = self._body, SPARE_FIELDS
        while at < end:
            tag, at = data[at], at + 1
            if tag > 0x7F:
                tag, at = read_varint(data, at - 1)
            if tag & 7 != DELIMITED:
                at, weight = skip_field(data, at, tag), 0
            else:
                size, start = data[at], at + 1
                if size > 0x7F:
                    size, start = read_varint(data, at)
                at = start + size
                if at > end:
                    raise MalformedError(start, "a field that is longer than what holds it")
                weight, packed, inner = fields.get(tag, UNKNOWN)
                self._left -= size // packed if packed else weight
                if inner and size and not (inner is self._attribute and _is_plain(data, start, at)):
                    self._count(start, at, inner, depth - 1)
            if not weight:
                spare -= 1
                self._left -= spare < 0
            if self._left < 0:
                raise RequestTooLargeError(
                    f"The request has more than {self._limit:,} elements (spans, attributes and all that "
                    "repeats, at all depths): send smaller batches."
                )


def _is_plain(data: bytes, at: int, end: int) -> bool:
    """Whether the attribute in ``data[at:end]`` is a short key and one scalar, as nearly all are."""
    if end - at < 2 or data[at] != KEY_TAG or data[at + 1] > 0x7F:
        return False
    at += 2 + data[at + 1]
    if at + 4 > end or data[at] != VALUE_TAG:
        return False
    size, start = data[at + 1], at + 2
    if size > 0x7F:
        size, start = read_varint(data, at + 1)
    kind = data[start]
    if size < 2 or start + size != end:
        return False
    if kind in NUMBER_TAGS:
        return skip_field(data, start + 1, kind) == end
    size, at = read_varint(data, start + 1)
    return kind in TEXT_TAGS and at + size == end


UNKNOWN: tuple[int, int, Fields] = (0, 0, {})


def _fields(message: Descriptor, known: dict[str, Fields]) -> Fields:
    if message.full_name in known:
        return known[message.full_name]
    fields = known[message.full_name] = {}
    for field in message.fields:
        tag = field.number << 3 | DELIMITED
        if field.message_type is not None:
            fields[tag] = (int(field.is_repeated), 0, _fields(field.message_type, known))
        elif field.is_repeated:
            is_text = field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
            fields[tag] = (1, 0 if is_text else 8, {})
    return fields


def _all_but(kept: set[int]) -> bytes:
    return bytes(byte for byte in range(256) if byte not in kept)


def _repeated_tags(messages: Iterable[Fields]) -> Iterator[int]:
    for fields in messages:
        for tag, (weight, _, _) in fields.items():
            if weight:
                yield tag if tag < 0x80 else tag & 0x7F | 0x80
