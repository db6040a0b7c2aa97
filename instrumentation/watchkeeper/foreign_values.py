"""Values of attributes of other instrumentations: what they tell beside content, and their size."""

import json
import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.content import render
from watchkeeper.dialects import (
    DOCUMENTS,
    GENAI_PREFIXES,
    LABELS,
    LONGEST_NAME,
    PARAMETER_TEXTS,
    PARAMETERS,
    is_content,
    is_structure,
)
from watchkeeper.reading import decoded

BINARY = re.compile(r"(?:data:[\w/+.-]{1,80};base64,)?(?P<data>[A-Za-z0-9+/_-]{1024,})={0,2}")
"""Images, sounds and files inside messages. No language has words as long."""
ROLES = frozenset({"role", "finish_reason", "index"})
"""What events of messages tell beside their content."""


def told(name: str, value: Any, *, is_genai: bool) -> Any:
    """What of a value is no content; ``None`` where all of it is.

    Of a span that a GenAI instrumentation made, what the conventions don't know is content too: texts under
    a dialect's names, documents, long texts. The application's own attributes are its own business.
    """
    is_number = isinstance(value, bool | int | float)
    if is_content(name):
        return (
            value if is_number and "." not in name else None
        )  # some dialect's "events" is a count elsewhere
    if name in PARAMETERS:
        return _without_texts(value)
    if is_number or not is_genai or name.startswith(DOCUMENTS) or is_structure(name, value):
        return value
    if decoded(value) is not value:
        return _without_texts(value)
    is_unknown = name.startswith(GENAI_PREFIXES) and not name.startswith(LABELS)
    return None if is_unknown or len(str(value)) > LONGEST_NAME else value


def told_of_event(name: str, value: Any) -> bool:
    """Whether an attribute of an event that carries content is none."""
    is_number = isinstance(value, bool | int | float)
    return not is_content(name) and (is_number or name in ROLES or is_structure(name, value))


def without_binary(text: str) -> str:
    if len(text) < 1024:
        return text
    return BINARY.sub(lambda found: f"[{len(found['data']) * 3 // 4} bytes]", text)


def cut(text: str, limit_bytes: int) -> tuple[str, bool]:
    """A text of at most about ``limit_bytes``, and whether it had to be cut; JSON stays JSON."""
    if len(text) * 4 <= limit_bytes or len(text.encode("utf-8", "replace")) <= limit_bytes:
        return text, False
    value = decoded(text)
    if value is not text:
        return render(value, limit_bytes)[0], True
    return text.encode("utf-8", "replace")[:limit_bytes].decode("utf-8", "ignore") + "…", True


def render_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _without_texts(text: Any) -> str | None:
    """A JSON document without its texts; ``None`` where it isn't one."""
    document = decoded(text)
    return None if document is text else render_json(_stripped(document))


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: item if isinstance(item, str) else _stripped(item)
            for key, item in value.items()
            if not isinstance(item, str) or (key in PARAMETER_TEXTS and len(item) <= LONGEST_NAME)
        }
    if isinstance(value, list):
        return [_stripped(item) for item in value if not isinstance(item, str)]
    return value
