"""A page of a list."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """``next_cursor`` asks for the page after this one; ``None``: there is none."""

    items: list[dict[str, Any]]
    next_cursor: str | None
