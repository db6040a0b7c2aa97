"""Keeps the store to what projects keep: classes of new rows, days of stored ones, and what is over."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.retention import delete_overdue, drop_expired

EXPIRE_EVERY_S = 3_600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RetentionStatus:
    """Counters since the start."""

    rounds: int = 0
    failed_rounds: int = 0
    retentions_applied: int = 0
    partitions_dropped: int = 0
    rows_deleted: int = 0
    last_error: str = ""


class RetentionWorker:
    """Applies retentions when they change, and once an hour removes what is over.

    ``load`` gives the layout as the state store has it; ``apply`` brings the store's schema to one. Several
    workers do no harm: ``may_run`` holds back all but one.
    """

    def __init__(
        self,
        store: Store,
        load: Callable[[], Layout],
        apply: Callable[[Layout], None],
        *,
        may_run: Callable[[], bool] = lambda: True,
        interval_s: float = 10.0,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self.status = RetentionStatus()
        self._store = store
        self._load = load
        self._apply = apply
        self._may_run = may_run
        self._interval_s = interval_s
        self._today = today
        self._lock = threading.Lock()
        self._applied: Layout | None = None
        self._expired_at_s = float("-inf")
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the statement that is running."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def run_round(self) -> None:
        """Apply what changed; then, or when it is time, remove what is over."""
        with self._lock:
            layout = self._load()
            if not self._may_run():
                return
            if layout != self._applied:
                self._apply(layout)
                self.status.retentions_applied += self._applied is not None
                self._applied = layout
                self._expired_at_s = float("-inf")
            if time.monotonic() - self._expired_at_s >= EXPIRE_EVERY_S:
                today = self._today()
                self.status.partitions_dropped += drop_expired(self._store, layout, today)
                self.status.rows_deleted += delete_overdue(self._store, layout, today)
                self._expired_at_s = time.monotonic()
            self.status.rounds += 1

    def _run(self) -> None:
        while not self._closing.wait(self._interval_s):
            try:
                self.run_round()
            except WatchkeeperError as error:
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                log.warning("Keeping to retentions failed, will be repeated: %s", error.message)
