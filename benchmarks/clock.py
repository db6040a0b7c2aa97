"""Time on the wall and on the processors."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(slots=True)
class Timing:
    """Seconds. ``cpu_s`` is of all threads of this process, the engine's too."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def timed() -> Iterator[Timing]:
    """What it yields is filled in when the block ends."""
    timing = Timing()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    yield timing
    timing.wall_s, timing.cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s


def middle(timings: list[Timing]) -> Timing:
    """The medians of both times."""
    return Timing(median(t.wall_s for t in timings), median(t.cpu_s for t in timings))
