"""Closed segments waiting for the store: who takes which one, and when."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from watchkeeper_collector.spool.request import SIGNALS
from watchkeeper_collector.spool.segment import Segment


@dataclass(slots=True)
class Queue:
    """The segments of one signal, oldest first. After a failure it rests, then tries one at a time."""

    waiting: deque[Segment] = field(default_factory=deque)
    taken: list[Segment] = field(default_factory=list)
    resume_at_s: float = 0.0
    failures: int = 0
    last_failure: str = ""

    def __len__(self) -> int:
        return len(self.waiting) + len(self.taken)

    def is_free(self, side_by_side: int) -> bool:
        """Whether another segment may be worked on, once the pause is over."""
        return bool(self.waiting) and len(self.taken) < (1 if self.failures else side_by_side)


class Backlog:
    """Queues by signal, each handed out oldest first, ``side_by_side`` at a time. Thread-safe.

    The engine works on an insert with one thread: two inserts use two cores.
    """

    def __init__(self, side_by_side: int = 2) -> None:
        self._side_by_side = side_by_side
        self._queues = {signal: Queue() for signal in SIGNALS}
        self._bytes = 0
        self._is_finishing = False
        self._is_held = False
        self._changed = threading.Condition()

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def waiting(self, signal: str) -> int:
        """Return how many closed segments of the signal the store has not got."""
        return len(self._queues[signal])

    def oldest(self, signal: str = "") -> Segment | None:
        """Return the oldest segment of the signal, or of all."""
        with self._changed:
            queues = [self._queues[signal]] if signal else self._queues.values()
            heads = [s for queue in queues for s in (*queue.taken, *list(queue.waiting)[:1])]
            return min(heads, key=lambda segment: segment.id, default=None)

    def add(self, segment: Segment) -> None:
        with self._changed:
            self._queues[segment.signal].waiting.append(segment)
            self._bytes += segment.size_bytes
            self._changed.notify()

    def take(self) -> Segment | None:
        """Wait for a segment to work on. Returns nothing when finishing and nothing is left to try.

        The taker calls :meth:`done` or :meth:`postpone` with it.
        """
        with self._changed:
            while (queue := self._next_queue()) is None:
                if self._is_finishing:
                    return None
                self._changed.wait(self._shortest_pause_s())
            queue.taken.append(queue.waiting.popleft())
            return queue.taken[-1]

    def done(self, segment: Segment) -> None:
        """Take the segment off its queue: it is stored or moved, and its file is gone."""
        with self._changed:
            queue = self._queues[segment.signal]
            queue.taken.remove(segment)
            queue.failures, queue.last_failure = 0, ""
            self._bytes -= segment.size_bytes
            self._changed.notify_all()

    def failures(self, signal: str) -> int:
        """Return how often in a row a segment of the signal was postponed."""
        return self._queues[signal].failures

    @property
    def last_failure(self) -> str:
        """Why the store does not take what it is offered; empty when it does."""
        return next((queue.last_failure for queue in self._queues.values() if queue.last_failure), "")

    def postpone(self, segment: Segment, pause_s: float, reason: str) -> None:
        """Put the segment back to the front of its queue and rest the queue. When finishing, for good."""
        with self._changed:
            queue = self._queues[segment.signal]
            queue.taken.remove(segment)
            queue.waiting = deque(sorted((segment, *queue.waiting), key=lambda waiting: waiting.id))
            queue.failures += 1
            queue.last_failure = reason
            queue.resume_at_s = float("inf") if self._is_finishing else time.monotonic() + pause_s
            self._changed.notify_all()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hand nothing out for as long as the block lasts, which begins when what was taken is back."""
        with self._changed:
            self._is_held = True
            while any(queue.taken for queue in self._queues.values()):
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                self._is_held = False
                self._changed.notify_all()

    def finish(self) -> None:
        """Try every segment once more without a pause; then :meth:`take` returns nothing."""
        with self._changed:
            self._is_finishing = True
            for queue in self._queues.values():
                queue.resume_at_s = 0.0
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._is_finishing = True
            for queue in self._queues.values():
                queue.resume_at_s = float("inf")
            self._changed.notify_all()

    def _next_queue(self) -> Queue | None:
        if self._is_held:
            return None
        now_s = time.monotonic()
        ready = [q for q in self._queues.values() if q.is_free(self._side_by_side) and q.resume_at_s <= now_s]
        return min(ready, key=lambda queue: queue.waiting[0].id, default=None)

    def _shortest_pause_s(self) -> float | None:
        if self._is_held:
            return None
        resting = [q.resume_at_s for q in self._queues.values() if q.is_free(self._side_by_side)]
        return max(0.0, min(resting) - time.monotonic()) if resting else None
