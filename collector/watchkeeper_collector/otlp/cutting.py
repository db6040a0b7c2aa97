"""Cuts text that is too long for one attribute, and keeps what has structure whole.

Content is mostly JSON: messages with a text or an image in them. Cutting such a document at its end
would leave nothing that can be read, so its strings are cut instead, the longest first.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from watchkeeper_collector.otlp.json_size import has_more_values

MAX_VALUES = 100_000  # a larger document is not read, and cut at its end
MAX_NESTED = 2  # JSON inside a string of JSON, and once more
ESCAPE_BYTES = 6  # the longest escaped character


@dataclass(slots=True)
class _Place:
    """A string in a document, and how many bytes it takes there."""

    holder: Any
    key: Any
    text: str
    size: int


def cut_text(text: str, limit: int, nested: int = MAX_NESTED) -> tuple[str, int]:
    """``text`` in at most ``limit`` bytes of UTF-8, and how many characters were cut from it.

    A JSON object or array stays one, unless what surrounds its strings alone is over the limit.
    """
    data = text.encode()
    if len(data) <= limit:
        return text, 0
    if nested and data[:1] in (b"{", b"["):
        whole = _cut_document(data, limit, nested - 1)
        if whole is not None:
            return whole
    kept = data[:limit].decode("utf-8", "ignore")
    return kept, len(text) - len(kept)


def _cut_document(data: bytes, limit: int, nested: int) -> tuple[str, int] | None:
    if has_more_values(data, MAX_VALUES):
        return None
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    places = _find_strings(document)
    room = limit - len(orjson.dumps(document)) + sum(place.size for place in places)
    if room < 0:
        return None
    level = _level(sorted(place.size for place in places), room)
    cut = sum(_shorten(place, level, nested) for place in places if place.size > level)
    return orjson.dumps(document).decode(), cut


def _find_strings(document: Any) -> list[_Place]:
    places, pending = [], [document]
    while pending:
        holder = pending.pop()
        for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(value, str):
                places.append(_Place(holder, key, value, len(_escape(value))))
            elif isinstance(value, dict | list):
                pending.append(value)
    return places


def _escape(text: str) -> bytes:
    return orjson.dumps(text)[1:-1]


def _level(sizes: list[int], room: int) -> int:
    """The size to which the longest must shrink so that all fit; ``sizes`` ascend."""
    for index, size in enumerate(sizes):
        share = room // (len(sizes) - index)
        if size > share:
            return share
        room -= size
    return room


def _shorten(place: _Place, level: int, nested: int) -> int:
    """Cut the string in its place to ``level`` bytes as escaped there, and return how many characters."""
    kept, cut = _cut_nested(place, level, nested) or _cut_escaped(place.text, level)
    place.holder[place.key] = kept
    return cut


def _cut_nested(place: _Place, level: int, nested: int) -> tuple[str, int] | None:
    """JSON inside the string stays whole, if it can: how much quoting is left of it shows afterwards only."""
    if not nested or place.text[:1] not in ("{", "["):
        return None
    for limit in (level * len(place.text.encode()) // place.size, level // 2):
        kept, cut = cut_text(place.text, limit, nested)
        if len(_escape(kept)) <= level:
            return kept, cut
    return None


def _cut_escaped(text: str, level: int) -> tuple[str, int]:
    """The longest beginning of the text that takes at most ``level`` bytes when it is escaped."""
    escaped = _escape(text)
    for end in range(level, max(level - ESCAPE_BYTES, 0), -1):
        try:
            kept: str = orjson.loads(b'"' + escaped[:end] + b'"')
        except orjson.JSONDecodeError:  # in the middle of an escape or a character
            continue
        return kept, len(text) - len(kept)
    return "", len(text)
