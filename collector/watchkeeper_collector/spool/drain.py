"""The threads that bring closed segments to the store, and wait while it is away."""

import logging
import random
import threading
import time

from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.spool.dead_letters import DeadLetters
from watchkeeper_collector.spool.delivery import Delivery
from watchkeeper_collector.spool.segment import Segment
from watchkeeper_collector.spool.sink import SegmentSink
from watchkeeper_collector.spool.spool import Spool

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
MOST_DOUBLINGS = 30

log = logging.getLogger(__name__)


class Drain:
    """Delivers a spool's segments, oldest first, ``workers`` at a time: two of a signal at the most.

    Nothing is ever dropped: what the store does not take now is tried again, with growing pauses
    of at most ``longest_pause_s``.
    """

    def __init__(
        self,
        spool: Spool,
        sink: SegmentSink,
        dead_letters: DeadLetters,
        *,
        workers: int = 3,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._backlog = spool.backlog
        self._totals = spool.totals
        self._delivery = Delivery(spool, sink, dead_letters, spool.totals)
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._threads = [
            threading.Thread(target=self._run, name=f"spool-drain-{number}", daemon=True)
            for number in range(workers)
        ]

    def start(self) -> None:
        """Begin with what the last process left behind. The spool has been started."""
        for thread in self._threads:
            thread.start()

    def close(self, timeout_s: float) -> bool:
        """Bring what is closed to the store, as far as it takes it, then end the threads.

        Close the spool before. Returns False when a thread is still in a call of the sink after
        ``timeout_s``; what is not stored by then waits on disk for the next start.
        """
        deadline_s = time.monotonic() + timeout_s
        self._backlog.finish()
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        self._backlog.stop()
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (segment := self._backlog.take()) is not None:
            self.attempt(segment)

    def attempt(self, segment: Segment) -> None:
        """Deliver a segment that was taken from the backlog, or postpone it."""
        try:
            self._delivery.deliver(segment)
        except Exception as error:  # noqa: BLE001 - whatever it is, the data stays and is tried again
            pause_s = self._pause_s(self._backlog.failures(segment.signal))
            self._note(segment, error, pause_s)
            self._backlog.postpone(segment, pause_s, str(error))
        else:
            self._backlog.done(segment)

    def _pause_s(self, failures: int) -> float:
        longest_s = min(self._longest_pause_s, self._first_pause_s * 2 ** min(failures, MOST_DOUBLINGS))
        return random.uniform(longest_s / 2, longest_s)  # noqa: S311 - spreads load, hides nothing

    def _note(self, segment: Segment, error: Exception, pause_s: float) -> None:
        is_expected = isinstance(error, StoreUnavailableError)
        log.warning(
            "Segment '%s' (%s) is not stored yet, next attempt in %.1f s: %s",
            segment.id, segment.signal, pause_s, error, exc_info=None if is_expected else error,
        )  # fmt: skip
        self._totals.add(drain_failures=1)
