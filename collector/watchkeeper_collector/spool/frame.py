"""How a record stands in a segment file: behind a header that makes it checkable by itself.

::

    frame  = header (40 bytes, little-endian) + record (with its varint length)
    header = crc32 of all that follows · record length · items · number · received_ns · fingerprint

ClickHouse must get plain records, so the headers are left out when a payload is joined. They
stand in the same file, and not in an index beside it, because one file needs one fsync and
cannot disagree with itself: a record, its item count and the fingerprint by which a retry is
recognised become durable together or not at all.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

HEADER = struct.Struct("<IIIIQ16s")
CRC_BYTES = 4
MOST_BODY_BYTES = 1 << 31  # far beyond any request that a door lets in; the header has room for twice as much


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole record in a segment file.

    ``number`` is its place in the segment as first written; it survives the removal of others.
    ``start`` and ``end`` bound the delimited record; the header stands right before ``start``.
    """

    number: int
    items: int
    received_ns: int
    fingerprint: bytes
    start: int
    end: int

    @property
    def header_start(self) -> int:
        return self.start - HEADER.size


def encode_header(
    record: Sequence[bytes], *, items: int, number: int, received_ns: int, fingerprint: bytes
) -> bytes:
    """Return the header for a record given in parts, which are to be written behind it in order."""
    length = sum(map(len, record))
    checked = HEADER.pack(0, length, items, number, received_ns, fingerprint)[CRC_BYTES:]
    crc = zlib.crc32(checked)
    for part in record:
        crc = zlib.crc32(part, crc)
    return crc.to_bytes(CRC_BYTES, "little") + checked


def scan_frames(data: bytes) -> list[Frame]:
    """Return the frames at the start of a segment file, up to the first that is cut or damaged."""
    view, frames, offset = memoryview(data), [], 0
    while (frame := _frame_at(view, offset)) is not None:
        frames.append(frame)
        offset = frame.end
    return frames


def _frame_at(view: memoryview, offset: int) -> Frame | None:
    start = offset + HEADER.size
    if start > len(view):
        return None
    crc, length, items, number, received_ns, fingerprint = HEADER.unpack_from(view, offset)
    end = start + length
    if end > len(view) or zlib.crc32(view[offset + CRC_BYTES : end]) != crc:
        return None
    return Frame(number, items, received_ns, fingerprint, start, end)
