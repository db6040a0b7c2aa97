"""Where a page ended, as an opaque text."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from watchkeeper_collector.errors import InvalidQueryError

Place = tuple[int | str, ...]


def render_cursor(place: Sequence[int | str]) -> str:
    """The text of a place: a time in nanoseconds and ids that make it the only one."""
    text = json.dumps(list(place), separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, shape: tuple[type, ...]) -> Place | None:
    """The place, ``None`` for the first page. Raises ``InvalidQueryError`` for a text that is not ours."""
    if not text:
        return None
    try:
        place = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        place = None
    if not isinstance(place, list) or tuple(map(type, place)) != shape or not _fits(place):
        raise InvalidQueryError(f"The cursor '{text[:40]}' is none that this list gave.")
    return tuple(place)


def _fits(place: list[int | str]) -> bool:
    return all(abs(part) < 1 << 63 if isinstance(part, int) else len(part) <= 256 for part in place)
