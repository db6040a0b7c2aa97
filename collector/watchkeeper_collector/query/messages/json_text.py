"""Reads text that may be JSON, from anybody: never raises, and bounds what it builds.

A document that is nested too deeply or has too many values stays text, so that whoever walks through
what was read may recurse.
"""

import json
from typing import Any

import orjson

MAX_DEPTH = 64
MAX_VALUES = 200_000  # some 20 MB once they are objects
MAX_LAYERS = 2  # Langfuse and MLflow encode strings as JSON, which may be JSON themselves
OPENINGS = ("{", "[", '"')


def read_json(text: str, layers: int = MAX_LAYERS) -> Any:
    """The value of JSON text; any other text as it is."""
    if not layers or not text.lstrip().startswith(OPENINGS) or _has_many_values(text):
        return text
    value = _decode(text)
    if isinstance(value, str):
        return read_json(value, layers - 1)
    return value if isinstance(value, dict | list) and not is_deeper(value, MAX_DEPTH) else text


def read_nested(value: Any) -> Any:
    """The value itself, decoded where it is JSON text: arguments are JSON inside JSON."""
    return read_json(value) if isinstance(value, str) else value


def render_json(value: Any) -> str:
    """Text stays as it is, everything else becomes JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def is_deeper(value: Any, limit: int) -> bool:
    """Whether objects and arrays are nested in more levels than that."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        level = [child for holder in level for child in _children(holder) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(holder: dict[str, Any] | list[Any]) -> Any:
    return holder.values() if isinstance(holder, dict) else holder


def _has_many_values(text: str) -> bool:
    """Counts what is inside of strings too: a text that is refused for that is shown as it came."""
    return text.count("{") + text.count("[") + text.count(",") > MAX_VALUES


def _decode(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _decode_loosely(text)


def _decode_loosely(text: str) -> Any:
    """What senders write and JSON forbids: NaN, halves of surrogate pairs, line breaks in strings."""
    try:
        value = json.loads(text, strict=False, parse_constant=lambda _: None)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
