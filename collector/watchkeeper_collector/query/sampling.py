"""Parts of a window that stand for all of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper_collector.query.times import Window

ALL_UP_TO = 500_000
"""So many spans are looked at one by one."""
SAMPLED_SPANS = 250_000
PARTS = 13
"""A prime, so that the parts are not all of the same hour of the day, or day of the week."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Evenly spread parts of a window; ``share`` is how much of its time they are."""

    parts: Sequence[Window]
    share: float


def sample_window(window: Window, spans: int) -> Sample:
    """Parts with about as many spans as can be looked at; all of the window where these are few."""
    if spans <= ALL_UP_TO or window.start_ns is None or window.end_ns is None:
        return Sample([window], 1.0)
    share = SAMPLED_SPANS / spans
    every_ns = (window.end_ns - window.start_ns) / PARTS
    starts = [window.start_ns + round(number * every_ns) for number in range(PARTS)]
    return Sample([Window(start, start + round(every_ns * share)) for start in starts], share)
