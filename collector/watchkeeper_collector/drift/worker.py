"""The drift worker: checks every window once it is over, and again when calls came late."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watchkeeper_collector.drift.baselines import Saved
from watchkeeper_collector.drift.results import Table
from watchkeeper_collector.drift.survey import Due, find_due
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.query.source import DAY_NS, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

logger = logging.getLogger(__name__)

OVER_AFTER_S = 120
"""A window that is over is given so long for its last calls to come."""
WINDOWS_BACK = 24
"""So many windows back late calls are looked for."""
NOT_YET_S = 5.0
"""So soon it is looked again whether the store is open, and whether another has stopped working."""
DAY_S = 86_400
DAYS_BACK = 3
MOST_WINDOWS = 3
"""Of one round: where many are due at once, as at the first start, others get the processor between."""


@dataclass(slots=True)
class DriftStatus:
    """Counters since the start, for ``/status`` and ``/metrics``; times are of the last round."""

    rounds: int = 0
    failed_rounds: int = 0
    windows_checked: int = 0
    failed_windows: int = 0
    drifts_found: int = 0
    events_found: int = 0
    round_s: float = 0.0
    last_error: str = ""


class DriftWorker:
    """Checks windows of ``window_s``, and days for who has few calls.

    ``watched`` gives the saved baselines of a project that its windows are compared with too. What computes
    is loaded with the first window that is due: numpy, scipy and scikit-learn are no part of a start.
    """

    def __init__(
        self,
        source: Source,
        table: Table,
        watched: Callable[[str], Sequence[Saved]],
        *,
        window_s: int = 3_600,
        baseline_days: float = 7.0,
        interval_s: float = 60.0,
        most_windows: int = MOST_WINDOWS,
        may_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self.status = DriftStatus()
        self._source = source
        self._table = table
        self._watched = watched
        self._lengths_s = (window_s, DAY_S) if window_s < DAY_S else (window_s,)
        self._baseline_days = baseline_days
        self._interval_s = interval_s
        self._most_windows = most_windows
        self._may_run = may_run
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="drift", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float | None = None) -> None:
        """Stop after the window that is being checked, and wait for that no longer than the time."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def run_round(self, now_ns: int | None = None) -> int:
        """Check what is due; how many windows. May be called from any thread."""
        with self._lock:
            now_ns = time.time_ns() if now_ns is None else now_ns
            due = self._find_due(now_ns - OVER_AFTER_S * SECOND_NS)
            checked = sum(self._check(one) for one in self._while_allowed(due[: self._most_windows]))
            self.status.rounds += 1
            return checked

    def _find_due(self, until_ns: int) -> list[Due]:
        return [
            due
            for length_s in self._lengths_s
            for due in find_due(
                self._source,
                length_s=length_s,
                windows=DAYS_BACK if length_s == DAY_S else WINDOWS_BACK,
                until_ns=until_ns,
            )
        ]

    def _while_allowed(self, due: Iterable[Due]) -> Iterable[Due]:
        for one in due:
            if self._closing.is_set() or not self._may_run():
                return
            yield one

    def _check(self, due: Due) -> bool:
        """Whether the window was checked. What the engine refuses of one keeps no other from it."""
        try:
            self._check_all(due)
        except WatchkeeperError as error:
            self.status.failed_windows += 1
            self.status.last_error = error.message
            logger.warning("Checking a window of '%s' for drift failed: %s", due.project, error.message)
            return False
        self.status.windows_checked += 1
        return True

    def _check_all(self, due: Due) -> None:
        from watchkeeper_collector.drift.duty import check_due  # noqa: PLC0415 - loads scikit-learn

        before = Window(due.start_ns - round(self._baseline_days * DAY_NS), due.start_ns)
        found = check_due(
            self._source,
            self._table,
            due,
            before,
            self._watched(due.project),
            checked_at=datetime.now(UTC),
        )
        self.status.drifts_found += found.drifts
        self.status.events_found += found.events

    def _run(self) -> None:
        while not self._closing.is_set():
            began_s, pause_s = time.monotonic(), self._interval_s
            try:
                if self._may_run():
                    self.run_round()
                else:
                    pause_s = min(pause_s, NOT_YET_S)
            except WatchkeeperError as error:
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                logger.warning("Looking for drift failed, will be repeated: %s", error.message)
            self.status.round_s = time.monotonic() - began_s
            # A round that takes long leaves the engine as long to others.
            self._closing.wait(max(pause_s, self.status.round_s))
