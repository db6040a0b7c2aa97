"""Answers questions about many moments of the past at once: what a preview of a rule asks."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask
from watchkeeper_collector.alerts.evaluation.asking import answer_asks, build_sliding_statement, read_answers
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.query.source import Source

MOST_ALONE = 3
MOST_OVERLAP = 60
"""A span is counted in at most so many windows by one query."""


def answer_history(asks: Sequence[Ask], source: Source) -> dict[Ask, Answer | WatchkeeperError]:
    """Every question with its answer. Those that differ in nothing but when share a query where they can."""
    alike = defaultdict[tuple[object, ...], list[Ask]](list)
    for ask in dict.fromkeys(asks):
        length_ns = 0 if ask.step_ns else ask.end_ns - ask.start_ns
        alike[ask.measures, ask.filter, ask.by, ask.projects, ask.step_ns, length_ns].append(ask)
    found: dict[Ask, Answer | WatchkeeperError] = {}
    for group in alike.values():
        ordered = sorted(group, key=lambda ask: ask.end_ns)
        try:
            for even in _spaced_evenly(ordered):
                found |= _answer_alike(even, source)
        except WatchkeeperError as error:
            found |= dict.fromkeys(ordered, error)
    return found


def _spaced_evenly(asks: Sequence[Ask]) -> Iterator[Sequence[Ask]]:
    """The parts with the same gap throughout: those about now, and those about a week before."""
    if asks[0].step_ns or len(asks) < MOST_ALONE:
        yield asks
        return
    begin = 0
    for place in range(2, len(asks)):
        gap_ns = asks[begin + 1].end_ns - asks[begin].end_ns if place > begin + 1 else None
        if gap_ns is not None and asks[place].end_ns - asks[place - 1].end_ns != gap_ns:
            yield asks[begin:place]
            begin = place
    yield asks[begin:]


def _answer_alike(asks: Sequence[Ask], source: Source) -> dict[Ask, Answer | WatchkeeperError]:
    gaps = {later.end_ns - earlier.end_ns for earlier, later in pairwise(asks)}
    first = asks[0]
    if first.step_ns and all((ask.start_ns - first.start_ns) % first.step_ns == 0 for ask in asks):
        return dict(_cut(asks, source))
    if not first.step_ns and len(gaps) == 1:
        (every_ns,) = gaps
        if (first.end_ns - first.start_ns) // every_ns <= MOST_OVERLAP:
            return dict(_slide(asks, every_ns, source))
    return answer_asks(asks, source)


def _cut(asks: Sequence[Ask], source: Source) -> dict[Ask, Answer]:
    """Of one long series of steps, the part that each question is about."""
    first = min(asks, key=lambda ask: ask.start_ns)
    whole = replace(first, end_ns=max(ask.end_ns for ask in asks))
    answer = answer_asks([whole], source)[whole]
    if isinstance(answer, WatchkeeperError):
        raise answer
    found: dict[Ask, Answer] = {}
    for ask in asks:
        skipped = (ask.start_ns - first.start_ns) // ask.step_ns
        count = -(-(ask.end_ns - ask.start_ns) // ask.step_ns)
        found[ask] = {
            key: {step - skipped: one for step, one in steps.items() if 0 <= step - skipped < count}
            for key, steps in answer.items()
        }
    return found


def _slide(asks: Sequence[Ask], every_ns: int, source: Source) -> dict[Ask, Answer]:
    statement = build_sliding_statement(asks[0], every_ns, len(asks), source)
    (answer,) = read_answers(statement, asks[0], source)
    found: dict[Ask, Answer] = {}
    for place, ask in enumerate(asks):
        found[ask] = {key: {0: moments[place]} for key, moments in answer.items() if place in moments}
    return found
