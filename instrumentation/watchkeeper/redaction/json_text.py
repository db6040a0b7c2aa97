"""Masks in a text that is JSON, which stays JSON: a number becomes a string, a string keeps its quotes."""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache

Mask = tuple[int, int, str]
"""From, to before, and what takes the place."""


def is_json(text: str) -> bool:
    """Whether ``text`` is an object, an array or a string of JSON."""
    if not text.lstrip(" \t\r\n").startswith(("{", "[", '"')):
        return False
    try:
        json.loads(text, parse_int=_ignored, parse_float=_ignored)
    except (ValueError, RecursionError):
        return False
    return True


def replaced_in_json(text: str, masks: Sequence[Mask], redact: Callable[[str], str]) -> str:
    """``text`` with each mask inside its token. A string that is JSON in itself is left to ``redact``."""
    pieces: list[str] = []
    end = first = 0
    for token in _token().finditer(text):
        while first < len(masks) and masks[first][1] <= token.start():
            first += 1
        last = first
        while last < len(masks) and masks[last][0] < token.end():
            last += 1
        inside = masks[first:last]
        if inside:
            pieces += (text[end : token.start()], _replaced(token, inside, redact))
            end = token.end()
    return "".join(pieces) + text[end:]


def _replaced(token: re.Match[str], masks: Sequence[Mask], redact: Callable[[str], str]) -> str:
    text, shift = token[0], token.start()
    if not text.startswith('"'):
        return json.dumps(masks[0][2])
    decoded = json.loads(text)
    if is_json(decoded):
        return json.dumps(redact(decoded), ensure_ascii=text.isascii())
    pieces, end = ['"'], 1
    for start, stop, mask in masks:
        first, last = max(end, start - shift), min(len(text) - 1, stop - shift)
        pieces += (text[end:first], json.dumps(mask)[1:-1])
        end = max(end, last)
    return "".join(pieces) + text[end:]


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s"{}\[\],:]++')


def _ignored(number: str) -> str:
    """A number may have more digits than Python is willing to read."""
    return number
