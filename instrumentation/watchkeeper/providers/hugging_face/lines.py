"""Streams of server-sent events, line by line, as the clients read them."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.call import Call
from watchkeeper.snapshot import Plain
from watchkeeper.streams import Record

DONE = "[DONE]"
LITERAL = r'("(?:[^"\\]|\\.)*")'
CHAT_TEXT = re.compile(rf'"delta":\s*\{{(?:"role":\s*"assistant",\s*)?"content":\s*{LITERAL}')
TOKEN_TEXT = re.compile(rf'"token":\s*\{{"id":\s*\d+,\s*"text":\s*{LITERAL}[^{{}}]*"special":\s*false')
MORE = re.compile(
    r'"(?:usage|details|error)":\s*\{|"(?:finish_reason|reasoning\w*|generated_text|error)":\s*"'
    r'|"tool_calls":\s*\[\s*\{'
)
"""What a line has that says more than some text."""
OTHER_CHOICE = re.compile(r'"index":\s*[1-9]')


class Lines(Record):
    """A stream of server-sent events, line by line: the client reads no further than the last event."""

    __slots__ = ("_call",)

    def __init__(self, call: Call, *, limit_bytes: int) -> None:
        super().__init__(call.reader.chunk, limit_bytes=limit_bytes)
        self._call = call

    def add(self, chunk: Any) -> None:
        if not chunk.startswith("data:"):
            return
        if chunk[5:].strip() == DONE:
            self._call.complete()
        else:
            super().add(chunk)


def read_chat_line(line: str) -> str | None:
    """The text of a line that has no more to say, as it is written in JSON: it is decoded later."""
    if MORE.search(line) or OTHER_CHOICE.search(line):
        return None
    found = CHAT_TEXT.search(line)
    return found[1] if found else None


def read_token_line(line: str) -> str | None:
    found = None if MORE.search(line) else TOKEN_TEXT.search(line)
    return found[1] if found else None


def decode_pieces(pieces: Sequence[Plain]) -> Iterator[Plain]:
    """Texts, and the events of whole lines."""
    for piece in pieces:
        try:
            yield json.loads(piece.removeprefix("data:")) if isinstance(piece, str) else piece
        except ValueError:
            continue
