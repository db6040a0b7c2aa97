"""From text to text without what the policy's detectors find in it."""

import hashlib
import hmac
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate

from watchkeeper.redaction.card import CardDetector
from watchkeeper.redaction.email import EmailDetector
from watchkeeper.redaction.finding import Detector, Finding, merged, outside
from watchkeeper.redaction.folding import fold
from watchkeeper.redaction.iban import IbanDetector
from watchkeeper.redaction.ip_address import IpDetector
from watchkeeper.redaction.json_text import is_json, replaced_in_json
from watchkeeper.redaction.pattern import PatternDetector
from watchkeeper.redaction.phone import PhoneDetector
from watchkeeper.redaction.policy import Mode, Policy
from watchkeeper.redaction.secret import SecretDetector
from watchkeeper.redaction.ssn import SsnDetector

ROUNDS = 8
"""Taking a value out can bring another one to light; a text that still has some after so many is dropped."""
DIGEST_LETTERS = "bcdfghjkmnpqrstv"
"""A digest in letters is never found again as a number."""
MOST_REMEMBERED = 8192
LONGEST_VALUE = 256
"""Characters of a text that may be a value as a whole, such as a password."""
DROPPED = "[REDACTED]"
NUMBERS = frozenset({"card", "ssn", "phone"})
"""Detectors with nothing to do where few digits stand together."""
BUILDERS: Mapping[str, Callable[[Policy], Detector]] = {
    "secret": lambda _: SecretDetector(),
    "email": lambda _: EmailDetector(),
    "iban": lambda _: IbanDetector(),
    "card": lambda _: CardDetector(),
    "ssn": lambda _: SsnDetector(),
    "ip": lambda _: IpDetector(),
    "phone": lambda policy: PhoneDetector(policy.phone_regions),
}
FEWEST_DIGITS = 7
DIGITS = b"0123456789"
NEAR_DIGITS = re.compile(r"[0-9](?:[^0-9\n]{0,4}+[0-9]){6}")

Hits = Counter[str]
"""How many values each detector found."""


class Redactor:
    """A policy at work; may be used by several threads. Keeps no text, but hashes of clean ones:
    conversations, instructions and tools are sent again and again.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._modes: dict[str, Mode] = policy.active
        self._ranks = tuple(self._modes)
        self._clean: set[int] = set()
        self._detectors = [
            PatternDetector(name, policy.patterns[name])
            if name in policy.patterns
            else BUILDERS[name](policy)
            for name in self._ranks
        ]

    def redacted(self, text: str, hits: Hits, name: str = "", *, is_structure: bool = False) -> str:
        """``text`` without values, which are added to ``hits``. ``name`` is the member that holds the text.

        The application's own function is kept from structure: roles and types, which give a message its form.
        """
        if self._policy.function is not None and not is_structure:
            text = _checked(self._policy.function(text))
        return self._without_values(text, hits, name)

    def joined(self, texts: Sequence[str], hits: Hits) -> list[str]:
        """Texts that follow each other without the values that begin in one of them and end in another."""
        for _ in range(ROUNDS):
            ends = list(accumulate(map(len, texts)))
            across = [
                finding
                for finding in self.find("".join(texts))
                if self._modes[finding.detector] != "flag"
                and bisect_right(ends, finding.start) != bisect_right(ends, finding.end - 1)
            ]
            if not across:
                return list(texts)
            hits.update(finding.detector for finding in across)
            if any(self._modes[finding.detector] == "drop" for finding in across):
                break
            texts = self._split(texts, ends, across)
        return [DROPPED] * len(texts)

    def _split(self, texts: Sequence[str], ends: Sequence[int], across: Sequence[Finding]) -> list[str]:
        """Each mask stands where its value began."""
        left = []
        for text, stop in zip(texts, ends, strict=True):
            start, end = stop - len(text), 0
            pieces: list[str] = []
            for finding in across:
                first, last = max(finding.start - start, 0), min(finding.end - start, len(text))
                if first < last:
                    pieces += (text[end:first], self._mask(finding) if finding.start >= start else "")
                    end = last
            left.append("".join(pieces) + text[end:])
        return left

    def _without_values(self, text: str, hits: Hits, name: str) -> str:
        known = hash((text, name))  # of 64 bits, under a key of the process
        if known in self._clean:
            return text
        findings = self.find(text, name)
        if not findings:
            self._remember(known)
        hits.update(finding.detector for finding in findings if self._modes[finding.detector] == "flag")
        for _ in range(ROUNDS):
            findings = [finding for finding in findings if self._modes[finding.detector] != "flag"]
            if not findings:
                return text
            hits.update(finding.detector for finding in findings)
            if any(self._modes[finding.detector] == "drop" for finding in findings):
                break
            text = self._replaced(text, findings)
            findings = self.find(text, name)
        return f'"{DROPPED}"' if is_json(text) else DROPPED

    def is_clean(self, texts: Mapping[str, str]) -> bool:
        """Whether nothing is found in texts by their names, which are read as one."""
        new = {
            known: _framed(name, text)
            for name, text in texts.items()
            if (known := hash((text, name))) not in self._clean
        }
        if new and self.find("\n".join(new.values())):
            return False
        for known in new:
            self._remember(known)
        return True

    def _remember(self, known: int) -> None:
        if len(self._clean) >= MOST_REMEMBERED:
            self._clean.clear()
        self._clean.add(known)

    def find(self, text: str, name: str = "") -> list[Finding]:
        """Values in order, none over another, by their places in ``text``; flagged ones beside the others."""
        head, tail = _frame(name, text)
        folded = fold(head + text + tail)
        has_numbers = _has_numbers(folded.text)
        found = [
            finding
            for detector in self._detectors
            if has_numbers or detector.name not in NUMBERS
            for finding in detector(folded.text)
        ]
        return self._placed(text, len(head), folded.span, found) if found else found

    def _placed(
        self, text: str, head: int, span: Callable[[int, int], tuple[int, int]], found: Sequence[Finding]
    ) -> list[Finding]:
        spans = ((finding, *span(finding.start, finding.end)) for finding in found)
        placed = [
            finding._replace(start=max(0, start - head), end=min(end - head, len(text)))
            for finding, start, end in spans
            if end > head and start - head < len(text)
        ]
        masks = [mask.span() for mask in self._masks.finditer(text)] if "[" in text else []
        left = list(outside(placed, masks)) if masks else placed
        flagged = [finding for finding in left if self._modes[finding.detector] == "flag"]
        return flagged + merged((one for one in left if self._modes[one.detector] != "flag"), self._ranks)

    def _replaced(self, text: str, findings: Sequence[Finding]) -> str:
        masks = [(finding.start, finding.end, self._mask(finding)) for finding in findings]
        if is_json(text):
            return replaced_in_json(text, masks, self._replaced_inside)
        pieces: list[str] = []
        end = 0
        for start, stop, mask in masks:
            pieces += (text[end:start], mask)
            end = stop
        return "".join(pieces) + text[end:]

    def _replaced_inside(self, text: str) -> str:
        """A text inside a JSON text, which may be JSON itself."""
        return self._without_values(text, Hits(), "")

    def _mask(self, finding: Finding) -> str:
        label = finding.detector.upper()
        if self._modes[finding.detector] != "hash":
            return f"[{label}]"
        return f"[{label}:{digest(self._policy.key, finding.detector, finding.value)}]"

    @cached_property
    def _masks(self) -> re.Pattern[str]:
        labels = "|".join(re.escape(name.upper()) for name in (*self._modes, *BUILDERS))
        return re.compile(rf"\[(?:(?:{labels})(?::[{DIGEST_LETTERS}]{{16}})?|REDACTED)\]")


def _frame(name: str, text: str) -> tuple[str, str]:
    """What to read before and behind a text, so that its member's name speaks for it."""
    if not name:
        return "", ""
    return (f'{name}="', '"') if len(text) <= LONGEST_VALUE and '"' not in text else (f"{name}: ", "")


def _framed(name: str, text: str) -> str:
    head, tail = _frame(name, text)
    return f"{head}{text}{tail}"


def _has_numbers(text: str) -> bool:
    """Whether as many digits as the shortest value has stand near each other."""
    encoded = text.encode("utf-8", "replace")
    count = len(encoded) - len(encoded.translate(None, DIGITS))
    return count >= FEWEST_DIGITS and NEAR_DIGITS.search(text) is not None


@lru_cache(maxsize=1024)
def digest(key: str, detector: str, value: str) -> str:
    """64 bits of HMAC-SHA-256 as 16 letters: equal for equal values under one key, of no use without it."""
    message = f"{detector}:{value}".encode("utf-8", "replace")
    code = hmac.new(key.encode(), message, hashlib.sha256).digest()[:8]
    return "".join(DIGEST_LETTERS[byte >> 4] + DIGEST_LETTERS[byte & 15] for byte in code)


def _checked(redacted: object) -> str:
    if not isinstance(redacted, str):
        raise TypeError(f"The function given as redact returned {type(redacted).__name__}; expected str.")
    return redacted
