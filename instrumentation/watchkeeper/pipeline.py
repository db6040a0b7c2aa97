"""From ended calls to the collector: one thread that finishes, packs and sends what waits in the queue.

Nothing here makes the application wait. While the collector is away, calls stay queued until the queue is
full; then the oldest are dropped and counted.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from opentelemetry.context import attach

from watchkeeper.byte_queue import ByteQueue
from watchkeeper.guard import Guard
from watchkeeper.leaving import flush_when_leaving
from watchkeeper.packing import Packed, Packer
from watchkeeper.sending import Outcome, Sender
from watchkeeper.settings import Settings
from watchkeeper.suppression import suppressed

logger = logging.getLogger("watchkeeper")

WAKE_BYTES = 1 << 20
"""The thread is woken before its time when this much waits."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
FORK_WAIT_S = 1.0
"""Most that a fork waits for the thread's work on one request, never for the network."""
LONGEST_ASKED_PAUSE_S = 600.0
"""Most that is waited because the collector asked for it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of spans (and scores) since ``instrument()``."""

    sent: int
    dropped: int
    """The oldest ones, because the queue was full; what couldn't be packed; at the exit, what the collector
    didn't take in time.
    """
    refused: int
    """By the collector, which said that sending them again would not help."""


class Due(Protocol):
    def __call__(self, *, now: bool = False) -> Packed | None: ...


class Pipeline:
    """The queue and its thread. Safe to fork: after ``reset`` a child has an empty queue and no thread yet.

    ``due`` is asked after each round for a request of its own, which is sent once and not kept. No lock here
    is one that a signal's handler, which may record, flush and close, could wait for in vain.
    """

    def __init__(
        self, settings: Settings, packer: Packer, sender: Callable[[], Sender], guard: Guard, due: Due
    ) -> None:
        self._settings = settings
        self._packer = packer
        self._build_sender = sender
        self._guard = guard
        self._due = due
        self.epoch = 0
        """Counts the processes: what was begun before a fork is the parent's to end."""
        self.reset()

    def reset(self) -> None:
        """Start anew, as a forked child must: what was queued is its parent's to send, and locks may be
        held.
        """
        self.epoch += 1
        self._sent = self._refused = 0
        self._queue: ByteQueue[Any] = ByteQueue(self._settings.queue_bytes)
        self._packer.clear()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._working = threading.RLock()
        self._news = threading.Condition(threading.RLock())
        self._is_woken = False
        self._asked = 0
        self._answered = 0
        self._sender: Sender | None = None
        self._pending: Packed | None = None
        self._pause_s = 0.0
        self._deadline_s: float | None = None
        self._is_over = False

    def hold(self) -> None:
        """Before a fork: let the thread come to where it holds no lock, such as that of an import, which the
        child would wait for in vain.
        """
        self._working.acquire(timeout=FORK_WAIT_S)

    def release(self) -> None:
        """After a fork, in the parent."""
        with suppress(RuntimeError):  # the wait was too short
            self._working.release()

    # The application's side.

    def put(self, item: Any, weight_bytes: int) -> None:
        """Queue a call, a span, a score; may be called while the garbage collector runs."""
        self._queue.put(item, weight_bytes)

    def run(self) -> None:
        """See to it that the thread runs, in a forked child too, and that it comes when much waits."""
        if self._thread is None:
            self._start()
        elif self._queue.size_bytes > WAKE_BYTES and not self._pause_s and not self._is_woken:
            self._wake()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that is queued now is sent; ``False`` if that took too long or the collector is
        away.
        """
        if self._thread is None and not self.waiting[0]:
            return True
        self.run()
        with self._news:
            self._asked += 1
            ticket = self._asked
            self._wake()
            is_done = self._news.wait_for(lambda: self._answered >= ticket, timeout_s)
        return is_done and self._pending is None

    def close(self, timeout_s: float) -> bool:
        """Flush and end the thread; what could not be sent by then is dropped and counted."""
        if self._is_over:
            return True
        if self.waiting[0]:
            self.run()
        self._deadline_s = monotonic() + timeout_s
        is_flushed = self.flush(timeout_s)
        self._is_over = True
        self._queue.close()
        return is_flushed

    @property
    def counts(self) -> Counts:
        lost = self._queue.dropped + self._packer.lost + (self._on_its_way[0] if self._is_over else 0)
        return Counts(self._sent, lost, self._refused)

    @property
    def waiting(self) -> tuple[int, int]:
        """Items that wait or are on their way, and bytes."""
        if self._is_over:
            return 0, 0
        items, size_bytes = self._on_its_way
        return len(self._queue) + items, self._queue.size_bytes + size_bytes

    @property
    def _on_its_way(self) -> tuple[int, int]:
        packed = [*self._packer.ready, *filter(None, (self._pending,))]
        return sum(request.spans for request in packed), sum(len(request.body) for request in packed)

    def _wake(self) -> None:
        with self._news:
            self._is_woken = True
            self._news.notify_all()

    def _start(self) -> None:
        if self._deadline_s is None and self._starting.acquire(blocking=False):
            try:
                if self._thread is None:
                    flush_when_leaving(self.flush, self._settings.exit_timeout_s)
                    thread = threading.Thread(target=self._work, name="watchkeeper", daemon=True)
                    Context().run(thread.start)  # else it would keep the span that is current here
                    self._thread = thread
            finally:
                self._starting.release()

    # The thread's side.

    def _work(self) -> None:
        """Until it is closed. What ends a thread, such as the ``SystemExit`` of an application's function,
        ends this one, and the next call starts another.
        """
        try:
            attach(suppressed())
            while self._deadline_s is None or self._answered < self._asked:
                self._work_round()
        finally:
            if self._deadline_s is None:
                self._thread = None

    def _work_round(self) -> None:
        self._rest()
        asked = self._asked
        self._guard(self._drain)
        self._guard(self._send_due)
        with self._news:
            self._answered = asked
            self._news.notify_all()

    def _rest(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._is_woken, max(self._settings.export_interval_s, self._pause_s))
            self._is_woken = False

    def _drain(self) -> None:
        """Send what waits now, until nothing of it does or the collector cannot be reached."""
        last = self._queue.last
        while (packed := self._pending or self._pack(last)) is not None:
            self._pending = packed
            outcome = self._send(packed)
            if outcome.state == "again":
                self._wait_longer(outcome)
                return
            self._pending = None
            if outcome.state != "too large" or not self._packer.divide(packed):
                self._settle(packed, outcome)

    def _pack(self, last: int) -> Packed | None:
        with self._working:
            return self._packer.pack(self._queue) if self._packer.ready or self._queue.gone < last else None

    def _send_due(self) -> None:
        with self._working:
            packed = self._due(now=self._deadline_s is not None)
        if packed is not None and not self._pause_s:
            self._send(packed)

    def _send(self, packed: Packed) -> Outcome:
        timeout_s = self._settings.timeout_s
        if self._deadline_s is not None:
            timeout_s = max(0.1, min(timeout_s, self._deadline_s - monotonic()))
        try:
            with self._working:
                self._sender = self._sender or self._build_sender()
        except (OSError, ValueError, ImportError) as error:  # such as a certificate that isn't there
            return Outcome("again", f"{type(error).__name__}: {error}")
        return self._sender.send(packed.path, packed.body, packed.content_type, timeout_s)

    def _settle(self, packed: Packed, outcome: Outcome) -> None:
        if self._pause_s:
            logger.info("Watchkeeper: the collector at '%s' takes spans again.", self._settings.endpoint)
        self._pause_s = 0.0
        refused = packed.rejected(outcome.body) if outcome.state == "sent" else packed.spans
        if refused and not self._refused:
            logger.warning(
                "Watchkeeper: the collector at '%s' refused %d spans%s. They are lost: "
                "see its log, or run `watchkeeper doctor`. Further ones are counted in handle.stats().",
                self._settings.endpoint, refused, f" ({outcome.reason})" if outcome.reason else "",
            )  # fmt: skip
        self._refused += refused
        self._sent += packed.spans - refused

    def _wait_longer(self, outcome: Outcome) -> None:
        if not self._pause_s:
            logger.warning(
                "Watchkeeper: the collector at '%s' cannot be reached (%s). Spans wait in memory, "
                "at most %d bytes; the application is not affected.",
                self._settings.endpoint, outcome.reason, self._settings.queue_bytes,
            )  # fmt: skip
        own_s = min(LONGEST_PAUSE_S, self._pause_s * 2) or FIRST_PAUSE_S
        self._pause_s = min(LONGEST_ASKED_PAUSE_S, outcome.after_s or own_s)
