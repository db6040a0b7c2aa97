"""Why texts differ, so that people see it: strings that became frequent or rare, and telling answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from watchkeeper_collector.drift.classifier import Judgement
from watchkeeper_collector.drift.texts import Said

MOST_STRINGS = 8
MOST_CANDIDATES = 60
MOST_EXAMPLES = 3
LEAST_SHARE_CHANGE = 0.1
LEAST_UNITS = 5
"""A string that fewer units have is shown to nobody: it might be what one person wrote."""
LEAST_CHARS = 3
LONGEST_STRING = 40
GROWS_WITH = 0.8

KNOWN_STRINGS = {
    "```": "code fence",
    "\n- ": "list",
    "\n* ": "list",
    "\n1. ": "numbered list",
    "\n#": "heading",
    "**": "bold",
    "$$": "formula",
}


@dataclass(frozen=True, slots=True)
class TellingString:
    """A string, its share of the answers on either side, and its name if it has one."""

    text: str
    before: float
    after: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class ExamplePair:
    """An answer most like before and one most like after: to the same question, where there is one."""

    before: Said
    after: Said
    is_same_question: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """``more`` strings became frequent, ``fewer`` became rare, the greatest change first."""

    more: Sequence[TellingString] = ()
    fewer: Sequence[TellingString] = ()
    examples: Sequence[ExamplePair] = ()


def explain(judgement: Judgement, before: Sequence[Said], after: Sequence[Said]) -> Explanation:
    """What tells the judged answers apart."""
    texts = [said.answer for said in before], [said.answer for said in after]
    order = np.argsort(judgement.weights)
    more = [judgement.grams[place] for place in order[::-1][:MOST_CANDIDATES]]
    fewer = [judgement.grams[place] for place in order[:MOST_CANDIDATES]]
    return Explanation(
        _telling(more, *texts, sign=1), _telling(fewer, *texts, sign=-1), _examples(judgement, before, after)
    )


def _telling(
    grams: Sequence[str], before: Sequence[str], after: Sequence[str], *, sign: int
) -> list[TellingString]:
    """The grams whose share changed most, grown to what they are mostly part of, none within another."""
    holders = after if sign > 0 else before
    grown = dict.fromkeys([*KNOWN_STRINGS, *(_grown(gram, holders) for gram in grams)])
    legible = [text for text in grown if text in KNOWN_STRINGS or len("".join(text.split())) >= LEAST_CHARS]
    rated = [_share_of(text, before, after) for text in legible]
    frequent = [each for each in rated if sign * (each.after - each.before) >= LEAST_SHARE_CHANGE]
    seen = [
        each for each in frequent if max(each.before * len(before), each.after * len(after)) >= LEAST_UNITS
    ]
    seen.sort(key=lambda each: (-round(abs(each.after - each.before), 1), not each.name, -len(each.text)))
    chosen: list[TellingString] = []
    for each in seen:
        if not any(_overlap(each.text, other.text) for other in chosen):
            chosen.append(each)
    return chosen[:MOST_STRINGS]


def _overlap(text: str, other: str) -> bool:
    """Whether the two are mostly the same string."""
    found = SequenceMatcher(a=text, b=other, autojunk=False).find_longest_match()
    return found.size >= 0.6 * min(len(text), len(other))


def _share_of(text: str, before: Sequence[str], after: Sequence[str]) -> TellingString:
    shares = [sum(text in answer for answer in side) / len(side) for side in (before, after)]
    return TellingString(text, shares[0], shares[1], _name_of(text))


def _name_of(text: str) -> str:
    return next((name for known, name in KNOWN_STRINGS.items() if known in text), "")


def _grown(gram: str, texts: Sequence[str]) -> str:
    """The longest string around the gram that four of five answers with the gram have too."""
    holders = [text for text in texts if gram in text]
    text = gram
    while holders and len(text) < LONGEST_STRING:
        options = Counter(option for holder in holders for option in _longer(text, holder))
        best, count = max(options.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        if count < GROWS_WITH * len(holders):
            break
        text = best
    return text


def _longer(text: str, holder: str) -> set[str]:
    """The string with the character before, and with the one after, where the holder has it first."""
    at = holder.find(text)
    end = at + len(text)
    if at < 0:
        return set()
    return {holder[max(0, at - 1) : end], holder[at : end + 1]} - {text}


def _examples(judgement: Judgement, before: Sequence[Said], after: Sequence[Said]) -> list[ExamplePair]:
    least = [before[judgement.before[place]] for place in np.argsort(judgement.before_scores)]
    most = [after[judgement.after[place]] for place in np.argsort(judgement.after_scores)[::-1]]
    by_question = {said.question: said for said in reversed(least) if said.question}
    same = [
        ExamplePair(by_question[said.question], said, is_same_question=True)
        for said in most
        if said.question in by_question
    ]
    others = [
        ExamplePair(one, other, is_same_question=False) for one, other in zip(least, most, strict=False)
    ]
    return [*same, *others][:MOST_EXAMPLES]
