"""What a detector found, and which of several findings at one place counts."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol


class Finding(NamedTuple):
    """A value from ``start`` to before ``end``. ``value`` is its plain form, equal for all its spellings."""

    start: int
    end: int
    detector: str
    value: str


class Detector(Protocol):
    """Finds values of one kind in a folded text, in time linear in its length."""

    @property
    def name(self) -> str: ...

    def __call__(self, text: str) -> Iterable[Finding]: ...


def merged(findings: Iterable[Finding], ranks: Sequence[str]) -> list[Finding]:
    """Findings in order, overlapping ones united: the detector that stands first in ``ranks`` names them.

    Uniting rather than choosing leaves no rest of a value behind.
    """
    rank = {name: number for number, name in enumerate(ranks)}
    united: list[Finding] = []
    for finding in sorted(findings):
        if united and finding.start < united[-1].end:
            last = united.pop()
            first, second = sorted((last, finding), key=lambda one: rank[one.detector])
            finding = first._replace(  # noqa: PLW2901 - the union takes its place
                start=last.start,
                end=max(last.end, finding.end),
                value=first.value if first.end - first.start >= second.end - second.start else "",
            )
        united.append(finding)
    return united


def outside(findings: Iterable[Finding], taken: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """What is left of findings beside the spans in ``taken``, which are in order."""
    ends = [end for _, end in taken]
    for finding in findings:
        start = finding.start
        for place in range(bisect_right(ends, start), len(taken)):
            taken_start, taken_end = taken[place]
            if taken_start >= finding.end:
                break
            if taken_start > start:
                yield finding._replace(start=start, end=taken_start)
            start = taken_end
        if start < finding.end:
            yield finding._replace(start=start)


def is_word_sign(character: str) -> bool:
    """Whether a number would go on with it; letters of other scripts follow without a space."""
    return character.isascii() and character.isalnum()
