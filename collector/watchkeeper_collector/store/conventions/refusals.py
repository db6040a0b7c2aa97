"""The SQL that tells whether an answer declines, and by which cue, by ``refusals.toml``.

All patterns are looked for at once. Their numbers tell their kind: those of firm cues come first, then those
of soft ones, of offers, of openings.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

from watchkeeper_collector.store.conventions.data import literals, load

Kind = Literal["firm", "soft", "offer", "opening"]

KINDS: tuple[Kind, ...] = ("firm", "soft", "offer", "opening")
WORD = re.compile(r"\{([a-z_]+)\}")
BEGINNING_CHARS = 400
"""How much of an answer is looked at: who declines does so at once."""


def beginning(text: str) -> str:
    """What the patterns are made for: the first characters, in lower case, plain."""
    first = f"substringUTF8({text}, 1, {BEGINNING_CHARS})"
    return f"lowerUTF8(replaceAll(replaceAll({first}, '\u2019', '\\''), '*', ''))"


def cue(text: str) -> str:
    """The first cue by which a text declines, empty where none does. The text is a :func:`beginning`."""
    patterns = literals(pattern for _, _, pattern in load_patterns())
    cues = literals(name for _, name, _ in load_patterns())
    firm, soft, offer, _ = _last_numbers()
    first, last = "arrayMin(found)", "arrayMax(found)"
    is_refusal = f"notEmpty(found) AND {last} <= {offer} AND ({first} <= {firm} OR {last} <= {soft})"
    found = f"multiMatchAllIndices({text}, [{patterns}])"
    return f"arrayMap(found -> if({is_refusal}, [{cues}][{first}], ''), [{found}])[1]"


@cache
def load_patterns() -> tuple[tuple[Kind, str, str], ...]:
    """The kind, the cue and the pattern of each, in their order."""
    return tuple(_read_patterns())


def _read_patterns() -> Iterator[tuple[Kind, str, str]]:
    data = load("refusals")
    for kind in KINDS:
        for name, patterns in data[kind].items():
            for pattern in patterns:
                yield kind, name, WORD.sub(lambda word: data["words"][word[1]], pattern)


def _last_numbers() -> list[int]:
    """The number of the last pattern of each kind."""
    kinds = [kind for kind, _, _ in load_patterns()]
    return [len(kinds) - kinds[::-1].index(kind) for kind in KINDS]
