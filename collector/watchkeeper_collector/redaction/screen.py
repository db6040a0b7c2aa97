"""A policy at work: from names and values of telemetry to what may be stored of them."""

import hashlib
import json
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeVar

from watchkeeper.redaction import SECRET, Mode, Policy
from watchkeeper.redaction.redactor import DIGEST_LETTERS, DROPPED, Redactor, digest
from watchkeeper.redaction.walking import Walk

from watchkeeper_collector.redaction.policy import ProjectPolicy
from watchkeeper_collector.redaction.rules import Rules, Treatment
from watchkeeper_collector.redaction.structure import LONGEST_VALUE, NAMELESS, is_structure

Hits = Counter[str]
"""How many values each detector found; ``attribute``, ``user``: by a rule; ``failed``: dropped unread."""
T = TypeVar("T")

CONTENT: Treatment = ("content", "", "off")
MOST_NAMES = 5_000
LONGEST_NAME = 256
MOST_CLEAN = 16_384
LONGEST_TEXT = 2 << 20
SMALLEST_NUMBER = 1_000_000
OWN_HASH = re.compile(rf"\[[A-Z][A-Z_]*:[{DIGEST_LETTERS}]{{16}}\]")
FAILED = "failed"
MASK = DROPPED

log = logging.getLogger(__name__)


class Dropped:
    """What is returned for an attribute that goes altogether."""


DROP = Dropped()


class Screen:
    """One version of a project's policy. May be used by several threads.

    It remembers hashes of texts in which nothing was found, and no text.
    """

    def __init__(
        self, version: str, policy: ProjectPolicy, key: str, *, longest_text: int = LONGEST_TEXT
    ) -> None:
        """Behind ``longest_text`` characters, where the door cuts anyway, a text is blank and is not read."""
        self.version = version
        self._key = key
        self._longest = longest_text
        self._names_too = policy.names
        detecting = policy.detecting(key)
        self._all = Redactor(detecting)
        sure = _without_personal(detecting)
        self._sure = Redactor(sure)
        self._detects, self._detects_sure = bool(detecting.active), bool(sure.active)
        self._rules = Rules(policy)
        self._treatments: dict[str, Treatment] = {}
        self._clean: set[int] = set()

    def attribute(self, name: str, value: Any, hits: Hits) -> Any:
        """What is stored of an attribute's value: a text, a number, a list or a mapping of such.

        The very same object where nothing was found, ``DROP`` where the attribute is not stored at all.
        """
        if value.__class__ is str and hash((name, value)) in self._clean:
            return value
        kind, label, mode = self._treatments.get(name) or self._treatment(name)
        if kind == "rule":
            return self._ruled(label, mode, name, value, hits)
        if kind == "structure":
            return self._structural(name, value, hits)
        return self._content(name, value, hits)

    def name(self, text: str, hits: Hits) -> str:
        """A name of a span, an event, an attribute, …: what enumerates more than it tells."""
        if not self._detects or hash(text) in self._clean:
            return text
        own = Hits()
        redactor = self._all if self._names_too else self._sure
        redacted: str = self._guarded(own, lambda inner: redactor.redacted(text, inner, is_structure=True))
        if own:
            hits.update(own)
        else:
            self._remember(hash(text))
        return redacted

    def key(self, text: str, hits: Hits) -> str:
        """The name of an attribute, which anybody may make of anything."""
        if not self._detects or text in self._treatments:  # it was found to be clean
            return text
        redacted: str = self._guarded(hits, lambda own: self._all.redacted(text, own))
        return redacted

    def _treatment(self, name: str) -> Treatment:
        found = self._rules.find(name) or (("structure", "", "off") if is_structure(name) else CONTENT)
        if len(self._treatments) >= MOST_NAMES:
            self._treatments.clear()
        if len(name) <= LONGEST_NAME and self.key(name, Hits()) == name:
            self._treatments[name] = found
        return found

    def _ruled(self, label: str, mode: Mode, name: str, value: Any, hits: Hits) -> Any:
        if mode == "off":
            return value
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if text in ("", MASK) or OWN_HASH.fullmatch(text):  # of an earlier time, or the application's own
            return value
        hits[label] += 1
        match mode:
            case "flag":
                return self._content(name, value, hits)
            case "drop":
                return DROP
            case "hash":
                return f"[{label.upper()}:{digest(self._key, label, _shortened(text))}]"
        return MASK

    def _structural(self, name: str, value: Any, hits: Hits) -> Any:
        if isinstance(value, bool | int | float) or not self._detects_sure:
            return value
        if not isinstance(value, str):
            return self._walked(self._sure, "", value, hits)
        redactor = self._sure if len(value) <= LONGEST_VALUE else self._all
        return self._text(name, value, hits, lambda own: redactor.redacted(value, own))

    def _content(self, name: str, value: Any, hits: Hits) -> Any:
        if not self._detects and not self._rules.members(name):
            return value
        match value:
            case str():
                return self._text(name, value, hits, lambda own: self._read(name, value, own))
            case bool() | None:
                return value
            case int() | float() if abs(value) < SMALLEST_NUMBER:
                return value
            case list():
                return [self._content(name, item, hits) for item in value]
        return self._walked(self._all, name, value, hits)

    def _text(self, name: str, text: str, hits: Hits, read: Callable[[Hits], str]) -> str:
        own = Hits()
        redacted: str = self._guarded(own, read)
        if own:
            hits.update(own)
        elif redacted == text:
            self._remember(hash((name, text)))  # of 64 bits, under a key of the process
        return redacted

    def _read(self, name: str, text: str, hits: Hits) -> str:
        """Inside JSON each text by itself, by the name of the member that holds it."""
        given, is_whole = _decoded(text)
        document = self._blanked(text if given is None else given) if len(text) > self._longest else given
        if given is None:
            return self._all.redacted(document or text, hits, "" if name in NAMELESS else name)
        try:
            redacted = self._walk(self._all, name, document, hits)
        except RecursionError:  # as a text it has no depth
            return self._all.redacted(text, hits)
        if redacted == given and is_whole:
            return text
        return json.dumps(redacted, ensure_ascii=False)

    def _walked(self, redactor: Redactor, name: str, value: T, hits: Hits) -> T:
        redacted = self._guarded(hits, lambda own: self._walk(redactor, name, value, own))
        return value if redacted == value else redacted

    def _walk(self, redactor: Redactor, name: str, value: Any, hits: Hits) -> Any:
        for member, label, mode in self._rules.members(name):
            if isinstance(value, Mapping) and member in value:
                ruled = self._ruled(label, mode, member, value[member], hits)
                value = {**value, member: ruled}
                if ruled is DROP:
                    del value[member]
        return Walk(redactor, hits).value(value, "" if name in NAMELESS else name)

    def _blanked(self, value: Any) -> Any:
        """As long as before, so that the door counts right what it cuts."""
        match value:
            case str() if len(value) > self._longest:
                return value[: self._longest].ljust(len(value))
            case dict():
                return {name: self._blanked(item) for name, item in value.items()}
            case list():
                return [self._blanked(item) for item in value]
        return value

    def _guarded(self, hits: Hits, read: Callable[[Hits], Any]) -> Any:
        """What ``read`` makes of a value; a mask, where a detector fails."""
        own = Hits()
        try:
            redacted = read(own)
        except Exception as error:  # noqa: BLE001 - whatever it is, the text does not pass
            log.error("A detector failed (%s), and the text was dropped.", _described(error))
            hits[FAILED] += 1
            return MASK
        if own:
            hits.update(own)
        return redacted

    def _remember(self, known: int) -> None:
        if len(self._clean) >= MOST_CLEAN:
            self._clean.clear()
        self._clean.add(known)


def _shortened(text: str) -> str:
    """What is hashed for a text: of a long one a digest, as the last values are remembered."""
    if len(text) <= LONGEST_VALUE:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _described(error: Exception) -> str:
    """What failed and where, without the error's message, which may quote the text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.filename}, line {place.lineno}"


def _without_personal(policy: Policy) -> Policy:
    """Secrets, and the patterns of the project's own."""
    kept = {name: mode for name, mode in policy.modes.items() if name == SECRET or name in policy.patterns}
    return Policy(modes=kept, patterns=policy.patterns, key=policy.key)


def _finite(text: str) -> float | str:
    """A number that is none of ours stays as it was written, in quotes: JSON has no infinity."""
    number = float(text)
    return number if isfinite(number) else text


def _decoded(text: str) -> tuple[Any, bool]:
    """The document in a text, ``None`` where it isn't one; and whether all of the text is in it.

    Of two members of one name the document has the last, and the text both.
    """
    if not text.startswith(("{", "[")):
        return None, True
    doubled: list[bool] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            doubled.append(True)
        return members

    try:
        document = json.loads(text, object_pairs_hook=build, parse_float=_finite)
    except (ValueError, RecursionError):
        return None, True
    return document, not doubled
