"""Taking personal data and secrets out of texts before they leave the process.

This package needs nothing else of the SDK: detectors (``card``, ``iban``, …) find values in a text as
``folding`` spells it, ``redactor`` takes them out by a ``policy``, ``walking`` does so for messages and
arguments.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from watchkeeper.redaction.pattern import PolicyError
from watchkeeper.redaction.policy import BUILT_IN, PERSONAL, SECRET, Mode, Policy, read_policy

if TYPE_CHECKING:
    from watchkeeper.redaction.redactor import Redactor

__all__ = [
    "BUILT_IN",
    "PERSONAL",
    "SECRET",
    "Hits",
    "Mode",
    "Policy",
    "PolicyError",
    "Redaction",
    "read_policy",
    "without_secrets",
]

Hits = Counter[str]
"""How many values each detector found."""


class Redaction:
    """A policy over every text of a value.

    Detectors are loaded with the first text, on the exporting thread.
    """

    def __init__(self, redact: Any = None) -> None:
        """``redact`` is a policy, or what ``read_policy`` reads; here ``None`` means nothing."""
        self.policy = Policy(modes={}) if redact is None else read_policy(redact)
        self.is_on = self.policy.is_on
        self._takes_secrets = SECRET in self.policy.active

    @cached_property
    def detectors(self) -> str:
        """Names of the detectors that run beside that of secrets, for a mark."""
        return ",".join(name for name in self.policy.active if name != SECRET)

    def apply(self, value: Any, hits: Hits | None = None) -> Any:
        """``value`` redacted: a text, a number, messages, a mapping of contents by their names.

        Adds to ``hits``. Raises what a detector, or the application's function, raises: the content must then
        be dropped.
        """
        if not self.is_on:
            return value
        return _walk(self._redactor, hits, value)

    def failure(self, text: str, hits: Hits | None = None) -> str:
        """An exception's text, of which some clients make a place for keys and headers: those always go."""
        redacted: str = self.apply(text, hits)
        return redacted if self._takes_secrets else without_secrets(redacted)

    def labels(self, attributes: Mapping[str, Any], hits: Hits, *, personal: bool) -> Mapping[str, Any]:
        """What is no content: secrets go; what all other detectors find, only where ``personal``."""
        if personal:
            return self.apply(attributes, hits) if self.is_on else attributes
        if not self._takes_secrets:
            return attributes
        texts = {
            name: value if isinstance(value, str) else str(value)
            for name, value in attributes.items()
            if not isinstance(value, bool | int | float)
        }
        if self._secrets.is_clean(texts):
            return attributes
        redacted: Mapping[str, Any] = _walk(self._secrets, hits, attributes)
        return redacted

    @cached_property
    def _redactor(self) -> "Redactor":
        return _build_redactor(self.policy)

    @cached_property
    def _secrets(self) -> "Redactor":
        mode = self.policy.modes.get(SECRET, "mask")
        return _build_redactor(Policy(modes={SECRET: mode}, key=self.policy.key))


def without_secrets(text: str) -> str:
    """``text`` without keys, tokens, passwords and authorization headers, whatever the policy says."""
    redacted: str = _SECRETS.apply(text)
    return redacted


_SECRETS = Redaction(Policy())


def _build_redactor(policy: Policy) -> "Redactor":
    from watchkeeper.redaction.redactor import Redactor  # noqa: PLC0415 - not at the start of the application

    return Redactor(policy)


def _walk(redactor: "Redactor", hits: Hits | None, value: Any) -> Any:
    from watchkeeper.redaction.walking import Walk  # noqa: PLC0415 - not at the start of the application

    return Walk(redactor, Counter() if hits is None else hits).value(value)
