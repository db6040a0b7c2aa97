"""Answers that the application took as bytes: raw responses and streamed bodies."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.snapshot import Plain


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body, decompressed, with its content type."""

    content: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Compressed:
    """How to decompress what was seen on the wire."""

    content_type: str
    decompress: Callable[[bytes], bytes] = field(repr=False)


def decode_body(
    result: Plain | Encoded | Compressed, pieces: Sequence[Plain], fold: Callable[[Sequence[Plain]], Plain]
) -> Plain:
    """The answer as plain data, however it was received."""
    if isinstance(result, Compressed):
        content = b"".join(piece for piece in pieces if isinstance(piece, bytes))
        return _decode(Encoded(result.decompress(content), result.content_type), fold)
    if isinstance(result, Encoded):
        return _decode(result, fold)
    return fold(pieces) if pieces else result


def _decode(body: Encoded, fold: Callable[[Sequence[Plain]], Plain]) -> Plain:
    if body.content_type.startswith("text/event-stream"):
        return fold(list(decode_events(body.content)))
    if "json" in body.content_type:
        return _json(body.content)
    if body.content_type.startswith("text/"):
        return body.content.decode("utf-8", "replace")
    return body.content


def decode_events(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a stream of server-sent events, as far as it goes."""
    for event in content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        data = b"\n".join(_data_lines(event.split(b"\n")))
        if isinstance(decoded := _json(data), Mapping):
            yield decoded


def _data_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.startswith(b"data:"):
            yield line[5:].removeprefix(b" ")


def _json(content: bytes) -> Plain:
    """The decoded value, or ``None`` for what is no JSON: a body may be cut anywhere."""
    try:
        return json.loads(content)
    except ValueError:
        return None
