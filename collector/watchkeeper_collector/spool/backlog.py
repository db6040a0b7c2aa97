"""Closed segments waiting for the store: who takes which one, and when."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from watchkeeper_collector.spool.request import SIGNALS
from watchkeeper_collector.spool.segment import Segment


@dataclass(slots=True)
class Queue:
    """The segments of one signal, oldest first. A pause follows a failure of the first one."""

    segments: deque[Segment] = field(default_factory=deque)
    is_busy: bool = False
    resume_at_s: float = 0.0
    failures: int = 0
    last_failure: str = ""


class Backlog:
    """Queues by signal; a signal's segments are handed out in order, one at a time. Thread-safe."""

    def __init__(self) -> None:
        self._queues = {signal: Queue() for signal in SIGNALS}
        self._bytes = 0
        self._is_finishing = False
        self._changed = threading.Condition()

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def __len__(self) -> int:
        return sum(len(queue.segments) for queue in self._queues.values())

    def waiting(self, signal: str) -> int:
        """Return how many closed segments of the signal the store has not got."""
        return len(self._queues[signal].segments)

    def oldest(self) -> Segment | None:
        """Return the oldest segment of all."""
        with self._changed:
            heads = [queue.segments[0] for queue in self._queues.values() if queue.segments]
            return min(heads, key=lambda segment: segment.id, default=None)

    def add(self, segment: Segment) -> None:
        with self._changed:
            self._queues[segment.signal].segments.append(segment)
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
            queue.is_busy = True
            return queue.segments[0]

    def done(self, segment: Segment) -> None:
        """Take the segment off its queue: it is stored or moved, and its file is gone."""
        with self._changed:
            queue = self._queues[segment.signal]
            queue.segments.popleft()
            queue.is_busy, queue.failures, queue.last_failure = False, 0, ""
            self._bytes -= segment.size_bytes
            self._changed.notify()

    def failures(self, signal: str) -> int:
        """Return how often in a row the signal's first segment was postponed."""
        return self._queues[signal].failures

    @property
    def last_failure(self) -> str:
        """Why the store does not take what it is offered; empty when it does."""
        return next((queue.last_failure for queue in self._queues.values() if queue.last_failure), "")

    def postpone(self, segment: Segment, pause_s: float, reason: str) -> None:
        """Put the segment back to the front of its queue and rest the queue. When finishing, for good."""
        with self._changed:
            queue = self._queues[segment.signal]
            queue.is_busy = False
            queue.failures += 1
            queue.last_failure = reason
            queue.resume_at_s = float("inf") if self._is_finishing else time.monotonic() + pause_s
            self._changed.notify()

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
        now_s = time.monotonic()
        ready = [q for q in self._queues.values() if q.segments and not q.is_busy and q.resume_at_s <= now_s]
        return min(ready, key=lambda queue: queue.segments[0].id, default=None)

    def _shortest_pause_s(self) -> float | None:
        resting = [q.resume_at_s for q in self._queues.values() if q.segments and not q.is_busy]
        return max(0.0, min(resting) - time.monotonic()) if resting else None
