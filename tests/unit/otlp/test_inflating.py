"""Content encodings, whole and broken."""

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.errors import InvalidRequestError, RequestTooLargeError, UnsupportedMediaError
from watchkeeper_collector.otlp.inflating import PIECE_BYTES, inflate

from tests.otlp.requests import seeded

TEXT = b"hello world, " * 1_000
LIMIT = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT[:5_000]) + gzip.compress(TEXT[5_000:]), "gzip"),
        (gzip.compress(b"") * 50 + gzip.compress(TEXT), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
    ids=["none", "identity", "gzip", "two-members", "empty-members", "zlib", "raw-deflate"],
)
def test_every_encoding_gives_the_body_back(data: bytes, encoding: str) -> None:
    assert inflate(data, encoding, LIMIT) == TEXT


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_no_body_is_no_body_in_any_encoding(encoding: str) -> None:
    assert inflate(b"", encoding, LIMIT) == b""


@pytest.mark.parametrize("cut", [1, 5, 9, 40])
def test_a_truncated_body_says_so(cut: int) -> None:
    with pytest.raises(InvalidRequestError, match="truncated"):
        inflate(gzip.compress(TEXT)[:-cut], "gzip", LIMIT)


@pytest.mark.parametrize("garbage", [b"x", b"\x00" * 8, b"garbage behind the end"])
def test_anything_behind_the_end_is_an_error(garbage: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        inflate(gzip.compress(TEXT) + garbage, "gzip", LIMIT)
    with pytest.raises(InvalidRequestError, match="data behind its end"):
        inflate(zlib.compress(TEXT) + garbage, "deflate", LIMIT)


def test_a_damaged_checksum_is_an_error() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-5] ^= 1
    with pytest.raises(InvalidRequestError, match="not valid gzip"):
        inflate(bytes(data), "gzip", LIMIT)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES])
@pytest.mark.parametrize("is_random", [True, False])
def test_bodies_of_any_size_around_the_piece_come_through(size: int, is_random: bool) -> None:
    data = random.Random(size).randbytes(size) if is_random else bytes(size)
    assert inflate(gzip.compress(data) + gzip.compress(b"end"), "gzip", LIMIT) == data + b"end"


def test_the_limit_holds_while_inflating() -> None:
    assert inflate(gzip.compress(bytes(LIMIT)), "gzip", LIMIT) == bytes(LIMIT)
    with pytest.raises(RequestTooLargeError, match="more than 1,048,576 bytes"):
        inflate(gzip.compress(bytes(LIMIT + 1)), "gzip", LIMIT)


def test_a_flood_of_empty_members_ends() -> None:
    with pytest.raises(InvalidRequestError):
        inflate(gzip.compress(b"") * 20_000, "gzip", LIMIT)


def test_an_unknown_encoding_is_named_with_what_is_known() -> None:
    with pytest.raises(UnsupportedMediaError, match="'zstd' is not supported: use gzip, deflate, identity"):
        inflate(b"x", "zstd", LIMIT)


@seeded
@given(st.binary(max_size=60), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_inflate_or_are_invalid(data: bytes, encoding: str) -> None:
    try:
        inflate(data, encoding, LIMIT)
    except InvalidRequestError:
        return
