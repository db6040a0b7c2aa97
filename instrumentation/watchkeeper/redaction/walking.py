"""Redaction of values: messages, arguments, results, all that is made of texts, numbers, lists, mappings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.redaction.redactor import Hits, Redactor

STRUCTURE = frozenset({"type", "role", "id", "modality", "mime_type", "sha256"})
"""Members of messages and of their parts that give them their form."""
PARTS = ("parts", "content")
"""What a message's parts are called by OpenTelemetry, and by most providers."""
NAMELESS = frozenset(
    {"content", "text", "arguments", "response", "result", "value", "parts", "input", "output"}
)
"""Members whose name says nothing about the value."""
SMALLEST_NUMBER = 1_000_000


class Walk:
    """One walk over the contents of a span. ``hits`` counts what was found."""

    __slots__ = ("_redactor", "hits")

    def __init__(self, redactor: Redactor, hits: Hits) -> None:
        self._redactor = redactor
        self.hits = hits

    def value(self, value: Any, name: str = "") -> Any:
        """``value`` with every text, every name and every number in it redacted."""
        match value:
            case str():
                return self._redactor.redacted(value, self.hits, "" if name in NAMELESS else name)
            case bool() | None:
                return value
            case int() | float():
                return self._number(value, name)
            case Mapping():
                return self._message(value) if _is_message(value) else dict(self._members(value, name))
            case list() | tuple():
                return [self.value(item, name) for item in value]
        return value

    def _members(self, members: Mapping[Any, Any], name: str) -> Iterator[tuple[Any, Any]]:
        names: set[Any] = set()
        for key, item in members.items():
            redacted = key
            if isinstance(key, str):
                redacted = self._redactor.redacted(key, self.hits, is_structure=True)
            while redacted in names:
                redacted = f"{redacted} "  # two names that became one
            names.add(redacted)
            yield redacted, self.value(item, key if isinstance(key, str) else name)

    def _message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: self._parts(item)
            if key in PARTS and isinstance(item, list | tuple)
            else self._member(key, item)
            for key, item in message.items()
        }

    def _parts(self, parts: Sequence[Any]) -> list[Any]:
        """Each by itself, but for values that begin in one text and end in the next."""
        texts = {number: key for number, part in enumerate(parts) if (key := _text_member(part))}
        if len(texts) > 1:
            parts = list(parts)
            together = self._redactor.joined([parts[number][key] for number, key in texts.items()], self.hits)
            for (number, key), text in zip(texts.items(), together, strict=True):
                parts[number] = {**parts[number], key: text}
        return [self._part(part) for part in parts]

    def _part(self, part: Any) -> Any:
        if not isinstance(part, Mapping):
            return self.value(part)
        return {key: self._member(key, item) for key, item in part.items()}

    def _member(self, key: str, item: Any) -> Any:
        if key in STRUCTURE and isinstance(item, str):
            return self._redactor.redacted(item, self.hits, is_structure=True)
        return self.value(item, key)

    def _number(self, value: float, name: str) -> Any:
        """A number that is a value becomes its mask; JSON knows no other way."""
        if abs(value) < SMALLEST_NUMBER or value != value // 1:
            return value
        text = str(int(value))
        redacted = self._redactor.redacted(text, self.hits, name, is_structure=True)
        return value if redacted == text else redacted


def _is_message(value: Mapping[Any, Any]) -> bool:
    return isinstance(value.get("role"), str) and any(name in value for name in PARTS)


def _text_member(part: Any) -> str | None:
    """The member with the text of a part that is one: OpenTelemetry's name for it, or most providers'."""
    if not isinstance(part, Mapping) or part.get("type") != "text":
        return None
    return next((name for name in ("content", "text") if isinstance(part.get(name), str)), None)
