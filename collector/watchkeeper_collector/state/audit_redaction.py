"""What of a request or a row may stand in the audit: what was changed, but no secret and no content.

Names decide, as nothing else is known about a value: what is named like a secret or like text of people is
left out, whoever's router or table it belongs to. Ids of people become hashes, so that an entry outlives the
erasure of the person it is about, and can still be found by who knows the id.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SECRET = re.compile(
    r"secret|passw|token|credential|authorization|cookie|private|headers|(api|routing|integration)_?key",
    re.IGNORECASE,
)
CONTENT = re.compile(
    r"text|comment|content|prompt|inputs?|outputs?|messages?|body|explanation|metadata|arguments|result|note",
    re.IGNORECASE,
)
HARMLESS = frozenset(
    {"prompt_name", "prompt_version", "content_days", "content_retention_days", "with_content"}
)
"""Names that look like content and are none."""
COUNTS = frozenset({"input_tokens", "output_tokens", "from_input_tokens", "max_tokens"})
"""Numbers of tokens, which are no secrets."""
PERSON = frozenset({"user_id", "session_id", "user", "session", "filter"})
"""A filter may name users, or quote what they wrote."""
SQL_TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
MOST_CHARS = 500
MOST_ITEMS = 50
MOST_DEPTH = 6


def redact(value: Any, name: str = "", depth: int = 0) -> Any:
    """The value as JSON for an entry. ``name`` is the field that it stands in."""
    if value is None or isinstance(value, bool | int | float):
        return "[redacted]" if value is not None and _is_secret(name) else value
    if _is_secret(name):
        return "[redacted]"
    if depth >= MOST_DEPTH:
        return "[…]"
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MOST_ITEMS]
        return {str(key)[:100]: redact(found, str(key), depth + 1) for key, found in pairs}
    if isinstance(value, list | tuple):
        return [redact(found, name, depth + 1) for found in value[:MOST_ITEMS]]
    return _redact_text(str(value), name)


def _is_secret(name: str) -> bool:
    return SECRET.search(name) is not None and name not in COUNTS


def pseudonym(text: str) -> str:
    """What stands for an id of a person: who knows the id finds it."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _redact_text(text: str, name: str) -> str:
    if not text:
        return text
    if name in PERSON:
        return pseudonym(text)
    if name == "query":
        return _cut(SQL_TEXT.sub("'…'", text))
    if CONTENT.search(name) and name not in HARMLESS:
        return f"[{len(text):,} characters]"
    return _cut(_without_path(text) if "://" in text else text)


def _without_path(text: str) -> str:
    """Of an address only the host: paths and passwords of webhooks are secrets."""
    try:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.hostname or ''}/[redacted]"
    except ValueError:
        return "[redacted]"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "…"
