"""Words beside a number that say what it is, or that it is something else."""

import re
from functools import cached_property

BEFORE = 72
"""Characters before a number in which a word speaks of it."""
AFTER = 16
WORD = re.compile(r"[^\W\d_]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
MASK = re.compile(r"\[[A-Z_]+(?::[a-z]+)?\]")


class Words:
    """A vocabulary from a text of words; ``*`` at a word's end stands for any ending.

    ``phrases`` is a regular expression that is only looked for in texts with one of ``marks`` in them;
    ``unspaced`` are words of scripts that put no space between words.
    """

    def __init__(self, words: str, *, phrases: str = "", marks: str = "", unspaced: str = "") -> None:
        listed = words.split()
        self._words = frozenset(word for word in listed if not word.endswith("*"))
        self._stems = tuple(word[:-1] for word in listed if word.endswith("*"))
        self._phrases = phrases
        self._marks = tuple(marks.split())
        self._unspaced = tuple(unspaced.split())

    def __contains__(self, word: str) -> bool:
        return word in self._words or word.startswith(self._stems)

    def last_phrase(self, text: str) -> int:
        """Where the last phrase, or word without spaces, ends; -1 when there is none."""
        ends = [-1]
        for mark in self._marks:
            if mark in text:
                ends += (found.end() for found in self._phrase.finditer(text))
                break
        if not text.isascii():
            ends += (text.rfind(word) + len(word) for word in self._unspaced if word in text)
        return max(ends)

    @cached_property
    def _phrase(self) -> re.Pattern[str]:
        return re.compile(self._phrases)


class Context:
    """``speaking`` words make a number the thing that is looked for, ``denying`` ones another.

    The nearest word before the number decides, unless one of the ``signs`` stands there, which deny; else
    what follows close behind it.
    """

    def __init__(self, speaking: Words, denying: Words, *, following: str = "", signs: str = "") -> None:
        self._speaking = speaking
        self._denying = denying
        self._following = following
        self._signs = tuple(signs)

    def says(self, text: str, start: int, end: int) -> bool | None:
        """Whether the number from ``start`` to ``end`` is meant; ``None`` when nothing is said."""
        before = text[max(0, start - BEFORE) : start]
        if before.rstrip().endswith(self._signs):
            return False
        if "[" in before:
            before = MASK.sub(" ", before)
        said = self._nearest(CAMEL.sub(" ", before).lower())
        if said is None and self._following and self._behind.match(text[end : end + AFTER].lower()):
            return True
        return said

    def _nearest(self, before: str) -> bool | None:
        verdict, place = None, -1
        for word in reversed(WORD.findall(before)):
            if word in self._speaking or word in self._denying:
                verdict, place = word in self._speaking, before.rfind(word) + len(word)
                break
        for words, claim in ((self._speaking, True), (self._denying, False)):
            if (phrase := words.last_phrase(before)) >= max(place, 0):
                verdict, place = claim, phrase
        return verdict

    @cached_property
    def _behind(self) -> re.Pattern[str]:
        return re.compile(self._following)
