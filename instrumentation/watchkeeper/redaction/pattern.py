"""Patterns of the application's own, matched by RE2: in time linear in the text, whatever the pattern."""

from collections.abc import Iterator
from typing import Any

from watchkeeper.redaction.finding import Finding


class PolicyError(ValueError):
    """A policy, or a pattern in it, that cannot be used: what was given, what was expected, what to do."""


class PatternDetector:
    """A match stands for itself; where the pattern has a group, the first one is what is found."""

    def __init__(self, name: str, pattern: str) -> None:
        self.name = name
        self._pattern = _compile(name, pattern)
        self._group = min(1, self._pattern.groups)

    def __call__(self, text: str) -> Iterator[Finding]:
        for found in self._pattern.finditer(_encodable(text)):
            start, end = found.span(self._group)
            if start < 0:  # the group took no part
                start, end = found.span()
            if start < end:
                yield Finding(start, end, self.name, text[start:end])


def _compile(name: str, pattern: str) -> Any:
    try:
        import re2  # noqa: PLC0415 - an extra, for those who have patterns
    except ImportError:
        raise PolicyError(
            f"The pattern '{name}' needs RE2, which matches in linear time, and it is not installed: "
            'pip install "watchkeeper[redaction]"'
        ) from None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise PolicyError(f"The pattern '{name}' is {pattern!r}, which RE2 refuses: {reason}.") from None


def _encodable(text: str) -> str:
    """RE2 reads UTF-8, which half a surrogate pair is not; another character takes its place."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
