"""Taking personal data and secrets out of texts before they leave the process."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.settings import Redact

STRUCTURE = frozenset({"type", "role", "id", "modality", "mime_type", "sha256"})
"""Members of messages that are no content."""
SECRET = re.compile(
    r"(?i)(?P<kept>\bbearer\s+|\bapi[-_]?key[\"']?\s*[:=]\s*b?[\"']?|\bauthorization[\"']?\s*[:=]\s*b?[\"']?(?:basic\s+)?)"
    r"[^\s\"',;)}\\]{6,}"
    r"|\bsk-[A-Za-z0-9_-]{12,}"
)


class Redaction:
    """The application's ``redact`` function over every text of a value; counts nothing, keeps nothing."""

    __slots__ = ("_redact",)

    def __init__(self, redact: Redact | None) -> None:
        self._redact = redact

    @property
    def is_on(self) -> bool:
        return self._redact is not None

    def apply(self, value: Any) -> Any:
        """``value`` with every text redacted. Raises what ``redact`` raises: the content must then be
        dropped.
        """
        return value if self._redact is None else _walked(value, self._checked)

    def _checked(self, text: str) -> str:
        redacted = self._redact(text) if self._redact else text
        if not isinstance(redacted, str):
            raise TypeError(f"The function given as redact returned {type(redacted).__name__}; expected str.")
        return redacted


def _walked(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: item if key in STRUCTURE else _walked(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walked(item, redact) for item in value]
    return value


def without_secrets(text: str) -> str:
    """An exception's text without API keys and authorization headers, which some clients put there."""
    return SECRET.sub(lambda found: f"{found['kept'] or ''}[secret]", text)
