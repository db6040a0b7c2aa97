"""What of a request or a row may stand in the audit: what was changed, but no secret and no content.

Names decide, as nothing else is known about a value: what is named like a secret or like text of people is
left out, whoever's router or table it belongs to. Ids of people become hashes, so that an entry outlives the
erasure of the person it is about, and can still be found by who knows the id.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

SECRET = re.compile(
    r"secret|passw|token|credential|authorization|cookie|private|headers|api_?key|(^|_)key$|dsn",
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
PERSON = frozenset({"user_id", "session_id", "user", "session", "subject", "filter"})
"""A filter may name users, or quote what they wrote."""
SQL_TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
MOST_CHARS = 500
MOST_ITEMS = 50
MOST_DEPTH = 6


def redact(value: Any, name: str = "", depth: int = 0) -> Any:
    """The value as JSON for an entry. ``name`` is the field that it stands in."""
    if value is None:
        return None
    if _is_secret(name):
        return "[redacted]"
    if isinstance(value, Mapping | list | tuple):
        return _redact_inside(value, name, depth + 1) if depth < MOST_DEPTH else "[…]"
    if isinstance(value, bool | int | float):
        return value
    return _redact_text(str(value), name, depth)


def _redact_inside(value: Mapping[Any, Any] | Sequence[Any], name: str, depth: int) -> Any:
    if not isinstance(value, Mapping):
        return [redact(found, name, depth) for found in value[:MOST_ITEMS]]
    if _is_content(name):
        return f"[{len(value):,} fields]"
    return {
        str(key)[:100]: redact(found, str(key), depth) for key, found in islice(value.items(), MOST_ITEMS)
    }


def _is_secret(name: str) -> bool:
    return SECRET.search(name) is not None and name not in COUNTS


def pseudonym(text: str) -> str:
    """What stands for an id of a person: who knows the id finds it."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _is_content(name: str) -> bool:
    return CONTENT.search(name) is not None and name not in HARMLESS


def _redact_text(text: str, name: str, depth: int) -> Any:
    if not text:
        return text
    if name in PERSON:
        return pseudonym(text)
    if name == "query":
        return _cut(SQL_TEXT.sub("'…'", text))
    if _is_content(name):
        return f"[{len(text):,} characters]"
    if text[0] in "{[" and (document := _read_document(text)) is not None:
        return redact(document, name, depth + 1)
    return _cut(_without_path(text) if "://" in text else text)


def _read_document(text: str) -> Any:
    """Columns may hold JSON, with secrets in it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_path(text: str) -> str:
    """Of an address only the host: paths and passwords of webhooks are secrets."""
    try:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.hostname or ''}/[redacted]"
    except ValueError:
        return "[redacted]"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "…"
