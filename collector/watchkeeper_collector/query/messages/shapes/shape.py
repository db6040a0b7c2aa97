"""What is known of one provider's or framework's way to write messages.

A shape looks at one level of JSON only and names what it finds there. Who walks through the levels is
``blocks.py``, ``message.py`` and ``documents.py``: shapes know nothing of each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.query.messages.parts import Part

Document = dict[str, Any]
BlockReader = Callable[[Document], list[Part] | None]
"""The parts that a block of content stands for; ``None`` where the block is somebody else's."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was found in a request, as it stands there."""

    messages: Any
    system: Any = None
    tools: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice of a response, as it stands there: a message, an item, text, or a list of these."""

    message: Any
    finish_reason: Any = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a shape knows, by name.

    ``types`` are blocks by their ``type``, ``keys`` blocks by a key that only they have. ``items`` stand in
    the place of messages and have no role: the role they speak in and their parts, by ``type``.
    """

    types: Mapping[str, BlockReader] = field(default_factory=dict)
    keys: Mapping[str, BlockReader] = field(default_factory=dict)
    items: Mapping[str, tuple[str, BlockReader]] = field(default_factory=dict)
    request: Callable[[Document], Request | None] | None = None
    response: Callable[[Document], Sequence[Answer]] | None = None


def first_of(document: Document, *keys: str) -> Any:
    """The value of the first of the keys that has one."""
    for key in keys:
        if (value := document.get(key)) is not None:
            return value
    return None


def inner(document: Document, key: str) -> Document:
    """The object at that key; an empty one where there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}
