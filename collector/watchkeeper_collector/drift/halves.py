"""Two halves of what was said, each with both sides, and each question whole in one of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper_collector.drift.texts import Said

MOST_OF_A_QUESTION = 10
"""What is asked more often on a side is no trait of one half: its answers go to both by turns."""


@dataclass(slots=True)
class Half:
    """Places in the lists of both sides."""

    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)


def split_halves(before: Sequence[Said], after: Sequence[Said]) -> tuple[Half, Half]:
    """Deal the questions out by turns, those of both sides first, so that both halves have of both sides."""
    halves = (Half(), Half())
    for both in _groups(before, after):
        small = min(halves, key=lambda half: (_fill(half, both), len(half.before) + len(half.after)))
        small.before += both.before
        small.after += both.after
    return halves


def _fill(half: Half, both: Half) -> int:
    """How far the half is filled on the sides that the question is of."""
    return len(half.before) * bool(both.before) + len(half.after) * bool(both.after)


def _groups(before: Sequence[Said], after: Sequence[Said]) -> list[Half]:
    """The places of each question."""
    questions: defaultdict[str, Half] = defaultdict(Half)
    for place, said in enumerate(before):
        questions[said.question].before.append(place)
    for place, said in enumerate(after):
        questions[said.question].after.append(place)
    whole = {
        question: both
        for question, both in questions.items()
        if question and max(len(both.before), len(both.after)) <= MOST_OF_A_QUESTION
    }
    frequent = [both for question, both in questions.items() if question not in whole]
    alone = [Half([place]) for both in frequent for place in both.before]
    alone += [Half([], [place]) for both in frequent for place in both.after]
    return sorted(whole.values(), key=lambda both: not (both.before and both.after)) + alone
