"""Content encodings: what is inflated never grows beyond the limit."""

import zlib
from io import BytesIO

from watchkeeper_collector.errors import InvalidRequestError, RequestTooLargeError, UnsupportedMediaError

PIECE_BYTES = 1 << 16
GZIP_BITS, ZLIB_BITS, DEFLATE_BITS = 31, 15, -15
MAX_MEMBERS = 10_000
ENCODINGS = ("gzip", "deflate", "identity")


def check_encoding(encoding: str) -> None:
    """Raise ``UnsupportedMediaError`` for an encoding that ``inflate`` does not take."""
    if encoding not in ("", *ENCODINGS):
        raise UnsupportedMediaError(
            f"Content-Encoding '{encoding}' is not supported: use {', '.join(ENCODINGS)}."
        )


def check_size(size: int, limit: int) -> None:
    if size > limit:
        raise RequestTooLargeError(
            f"The request has more than {limit:,} bytes (uncompressed): send smaller batches."
        )


def inflate(data: bytes, encoding: str, limit: int) -> bytes:
    """``data`` without its encoding. Raises ``RequestTooLargeError`` beyond ``limit`` bytes.

    Several gzip members in a row are one body; anything else behind the end is an error.
    """
    check_encoding(encoding)
    check_size(len(data), limit)
    if encoding in ("", "identity") or not data:
        return data
    inflater = _Inflater(encoding, GZIP_BITS if encoding == "gzip" else _deflate_bits(data), limit)
    try:
        for at in range(0, len(data), PIECE_BYTES):
            inflater.feed(data[at : at + PIECE_BYTES])
        return inflater.close()
    except zlib.error as error:
        raise InvalidRequestError(f"The body is not valid {encoding}: {error}.") from error


class _Inflater:
    """Takes compressed data in small pieces: zlib copies what it leaves over, each time."""

    def __init__(self, encoding: str, bits: int, limit: int) -> None:
        self._bits = bits
        self._limit = limit
        self._max_members = MAX_MEMBERS if encoding == "gzip" else 1
        self._members = 1
        self._stream = zlib.decompressobj(bits)
        self._out = BytesIO()

    def feed(self, data: bytes) -> None:
        while data:
            if self._stream.eof:
                self._start_member()
            piece = self._stream.decompress(data, PIECE_BYTES)
            check_size(self._out.tell() + len(piece), self._limit)
            self._out.write(piece)
            data = self._stream.unconsumed_tail or self._stream.unused_data

    def close(self) -> bytes:
        while piece := self._stream.decompress(b"", PIECE_BYTES):
            check_size(self._out.tell() + len(piece), self._limit)
            self._out.write(piece)
        if not self._stream.eof:
            raise InvalidRequestError("The compressed body is truncated, or has other data behind its end.")
        return self._out.getvalue()

    def _start_member(self) -> None:
        self._members += 1
        if self._members > self._max_members:
            raise InvalidRequestError("The compressed body has data behind its end.")
        self._stream = zlib.decompressobj(self._bits)


def _deflate_bits(data: bytes) -> int:
    """HTTP's deflate is zlib's format; some senders leave its header out."""
    is_zlib = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return ZLIB_BITS if is_zlib else DEFLATE_BITS
