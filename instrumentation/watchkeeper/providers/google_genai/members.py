"""Members of what the client sends and gets, which it spells in two ways."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def member(value: Any, name: str) -> Any:
    """A member by its name on the wire, ``mimeType``; the API takes ``mime_type`` as well, and the client
    sends what it was given. ``None`` where there is none.
    """
    if not isinstance(value, Mapping):
        return getattr(value, snake_case(name), None)
    found = value.get(name)
    return value.get(snake_case(name)) if found is None else found
