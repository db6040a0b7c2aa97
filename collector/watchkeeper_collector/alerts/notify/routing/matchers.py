"""Matchers on labels, in Alertmanager's syntax: ``severity="page"``, ``{model=~"gpt-.*", team!="b"}``.

A label that is missing is an empty one. Regular expressions are RE2's, anchored at both ends: they take
linear time, whoever wrote them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

import re2

from watchkeeper_collector.errors import InvalidRequestError

Operator = Literal["=", "!=", "=~", "!~"]
Labels = Mapping[str, str]
MOST_MATCHERS = 64
MOST_CHARS = 1024
MATCHER = re.compile(
    r'\s*(?:(?P<name>[A-Za-z_][\w.:-]*)|"(?P<quoted>(?:[^"\\]|\\.)+)")\s*(?P<operator>=~|!~|!=|=)\s*'
    r'(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"{}]*))\s*',
    re.DOTALL,
)
ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}
EXPECTED = 'Expected name="text" with one of =, !=, =~, !~.'


@dataclass(frozen=True, slots=True)
class Matcher:
    """What one label must be."""

    name: str
    operator: Operator
    value: str
    _pattern: Any = field(default=None, compare=False, repr=False)

    def matches(self, labels: Labels) -> bool:
        found = labels.get(self.name, "")
        match self.operator:
            case "=":
                return found == self.value
            case "!=":
                return found != self.value
            case "=~":
                return self._pattern.fullmatch(found) is not None
            case "!~":
                return self._pattern.fullmatch(found) is None

    def render(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{_render_name(self.name)}{self.operator}"{escaped}"'


def matches_all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def build_matcher(name: str, operator: str, value: str) -> Matcher:
    """Raises ``InvalidRequestError`` for a regular expression that is none."""
    if operator not in get_args(Operator):
        raise InvalidRequestError(f"'{operator[:10]}' is no operator of a matcher. {EXPECTED}")
    known: Operator = operator  # type: ignore[assignment]
    pattern = _compile(value) if operator in ("=~", "!~") else None
    return Matcher(name, known, value, pattern)


def read_matchers(texts: Sequence[str]) -> tuple[Matcher, ...]:
    """Each text holds one matcher, or several in braces. Raises ``InvalidRequestError``."""
    found = tuple(matcher for text in texts for matcher in read_matcher_list(text))
    if len(found) > MOST_MATCHERS:
        raise InvalidRequestError(f"There are {len(found)} matchers. Expected {MOST_MATCHERS} at the most.")
    return found


def read_matcher_list(text: str) -> list[Matcher]:
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    if not inner.strip():
        return []
    found, place = [], 0
    while True:
        matched = MATCHER.match(inner, place)
        if matched is None or not _ends_well(inner, matched.end()) or len(inner) > 16 * MOST_CHARS:
            raise InvalidRequestError(f"'{text[:80]}' is no matcher. {EXPECTED}")
        found.append(_matcher_of(matched))
        place = matched.end() + 1
        if matched.end() >= len(inner) or not inner[place:].strip():
            return found


def render_matchers(matchers: Iterable[Matcher]) -> str:
    return "{" + ",".join(sorted(matcher.render() for matcher in matchers)) + "}"


def _matcher_of(matched: re.Match[str]) -> Matcher:
    name = matched["name"] or _unescape(matched["quoted"])
    value = _unescape(matched["text"]) if matched["text"] is not None else matched["bare"]
    return build_matcher(name, matched["operator"], value)


def _ends_well(text: str, end: int) -> bool:
    return end >= len(text) or text[end] == ","


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], f"\\{found[1]}"), text, flags=re.DOTALL)


def _render_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][\w.:-]*", name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@lru_cache(maxsize=1024)
def _compile(text: str) -> Any:
    if len(text) > MOST_CHARS:
        raise InvalidRequestError(f"The pattern '{text[:40]}…' is longer than {MOST_CHARS} characters.")
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 1 << 20
    try:
        return re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise InvalidRequestError(
            f"'{text[:80]}' is no regular expression of RE2: {_reason(error)}."
        ) from None


def _reason(error: Exception) -> str:
    found = error.args[0] if error.args else ""
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
