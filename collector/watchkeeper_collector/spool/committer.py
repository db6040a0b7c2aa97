"""Group commit: one thread writes what is waiting, fsyncs once for all of it, and answers."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from watchkeeper_collector.errors import OverloadedError
from watchkeeper_collector.spool.request import Request

MOST_WAITING_BYTES = 256 << 20
"""Bodies in memory that wait for a slow disk; beyond it senders are told to wait."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What the thread does: commit requests, look after open segments, close them at the end.

    ``tend`` returns the seconds until it wants to be called again, or nothing.
    """

    commit: Callable[[Sequence[Request]], None]
    tend: Callable[[], float | None]
    finish: Callable[[], None]


class Committer:
    """Collects requests from any number of event loops and commits them in batches."""

    def __init__(self, work: Work, window_s: float) -> None:
        self._work = work
        self._window_s = window_s
        self._waiting: list[Request] = []
        self._waiting_bytes = 0
        self._company = 0
        self._is_open = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="spool-commit", daemon=True)

    def start(self) -> None:
        self._is_open = True
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request; its ``answer`` is resolved on its loop. Raises ``OverloadedError``."""
        with self._changed:
            if not self._is_open:
                raise OverloadedError("The collector is not accepting data: it is starting or stopping.")
            if self._waiting and self._waiting_bytes + len(request.body) > MOST_WAITING_BYTES:
                raise OverloadedError("Too much data waits for the spool's disk. Send it again later.")
            self._waiting.append(request)
            self._waiting_bytes += len(request.body)
            if len(self._waiting) in {1, self._company}:  # a wake-up for each would cost more than the rest
                self._changed.notify()

    def close(self) -> None:
        """Accept nothing more, commit what waits, close the open segments. Blocks until done."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s: float | None = None
        while (batch := self._next_batch(pause_s)) is not None:
            if batch:
                self._commit(batch)
            pause_s = self._work.tend()
        self._work.finish()

    def _next_batch(self, pause_s: float | None) -> list[Request] | None:
        """Wait for requests: an empty batch when the pause is over, nothing when closed."""
        with self._changed:
            if self._is_open and not self._waiting:
                self._changed.wait(pause_s)
            if self._is_open and 0 < len(self._waiting) < self._company:
                self._changed.wait(self._window_s)
            if not self._is_open and not self._waiting:
                return None
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            self._company = len(batch)
            return batch

    def _commit(self, batch: Sequence[Request]) -> None:
        try:
            self._work.commit(batch)
        except Exception:  # a fault of ours must not leave senders waiting, nor end the thread
            log.exception("A commit of %d requests failed.", len(batch))
        answer(batch)


def answer(requests: Iterable[Request]) -> None:
    """Resolve the requests' futures, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Request]] = {}
    for request in requests:
        by_loop.setdefault(request.answer.get_loop(), []).append(request)
    for loop, answered in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, answered)


def _resolve(requests: Iterable[Request]) -> None:
    for request in requests:
        if request.answer.done():  # cancelled: the sender went away
            continue
        if isinstance(request.outcome, bool):
            request.answer.set_result(request.outcome)
        else:
            request.answer.set_exception(
                request.outcome or OverloadedError("The spool failed. Send it again later.")
            )
