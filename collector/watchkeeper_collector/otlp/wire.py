"""The protobuf wire format, as far as a request is taken apart and put together without parsing it."""

from collections.abc import Iterable, Iterator

from watchkeeper_collector.errors import InvalidRequestError

VARINT, FIXED64, DELIMITED, GROUP_START, GROUP_END, FIXED32 = range(6)
FIRST_TAG = 8  # field numbers start at 1
SIZES = {FIXED64: 8, FIXED32: 4, GROUP_START: 0, GROUP_END: 0}


class MalformedError(InvalidRequestError):
    """Bytes that are no protobuf message."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(f"The body is not valid protobuf: {what} at byte {at:,}.")


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The varint at ``at`` and the place after it."""
    value = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
        shift += 7
    raise MalformedError(at, "a number without an end")


def write_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def skip_field(data: bytes, at: int, tag: int) -> int:
    """The place after a field that is not length-delimited; ``at`` is behind its tag.

    Of a group only the bracket is skipped: its fields follow as if they were the message's own.
    """
    kind = tag & 7
    if kind == VARINT and tag >= FIRST_TAG:
        return read_varint(data, at)[1]
    if kind not in SIZES or tag < FIRST_TAG:
        raise MalformedError(at, "an unknown wire type, or a field without a number,")
    return at + SIZES[kind]


def read_fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Every field of the message in ``data[at:end]``: its tag and where its payload starts and ends."""
    while at < end:
        tag, start = (data[at], at + 1) if data[at] < 0x80 else read_varint(data, at)
        if tag & 7 != DELIMITED:
            at = skip_field(data, start, tag)
        elif end - start > 2 and data[start] > 0x7F and data[start + 1] < 0x80:  # two bytes, as most are
            size = data[start] & 0x7F | data[start + 1] << 7
            start += 2
            at = start + size
        else:
            size, start = read_varint(data, start)
            at = start + size
        if at > end or tag < FIRST_TAG:
            raise MalformedError(start, "a field that is longer than what holds it, or has no number,")
        yield tag, start, at


def write_field(tag: int, payload: Iterable[bytes]) -> list[bytes]:
    """A length-delimited field in pieces: its header, then the payload's."""
    pieces = list(payload)
    return [write_varint(tag) + write_varint(sum(map(len, pieces))), *pieces]
