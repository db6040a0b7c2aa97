"""Lanes: one for each target that something is to be sent to, on a thread of its own.

So a slow or dead receiver delays nobody else. Within a lane one thing goes after the other.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from watchkeeper_collector.alerts.notify.message import Retry
from watchkeeper_collector.alerts.notify.sending.sender import Sender
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.state.deliveries import Deliveries

LONGEST_HOLD_S = 60.0

log = logging.getLogger(__name__)


class Lanes:
    """``wake`` has a thread for each of the targets; it ends when nothing is due any more."""

    def __init__(self, ledger: Deliveries, sender: Sender, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._sender = sender
        self._clock = clock
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def wake(self, targets: Iterable[str]) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            for target in targets:
                if target not in self._threads:
                    thread = threading.Thread(
                        target=self._run, args=(target,), name="notify-lane", daemon=True
                    )
                    self._threads[target] = thread
                    thread.start()

    def close(self, timeout_s: float) -> bool:
        """Begin nothing more. Returns False when an attempt is still under way after the time."""
        self._closing.set()
        ends_at_s = time.monotonic() + timeout_s
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, ends_at_s - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _run(self, target: str) -> None:
        try:
            while not self._closing.is_set() and self._attempt_next(target):
                pass
        except WatchkeeperError as error:
            log.warning("The lane to '%s' rests: %s", target, error.message)
        except Exception:
            log.exception("The lane to '%s' failed, and begins anew.", target)
        finally:
            with self._lock:
                del self._threads[target]

    def _attempt_next(self, target: str) -> bool:
        delivery = self._ledger.next_due(target, self._clock())
        if delivery is None or self._closing.wait(self._sender.pause_s(delivery)):
            return False
        outcome = self._sender.attempt(delivery)
        if isinstance(outcome, Retry) and outcome.after_s:
            self._closing.wait(min(outcome.after_s, LONGEST_HOLD_S))
        return True
