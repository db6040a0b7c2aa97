"""The settling worker: completes spans with what only the whole trace tells, soon after it arrived."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.settling.patches import apply_patches
from watchkeeper_collector.settling.settlement import SettleCounts, settle
from watchkeeper_collector.settling.span_table import Connection, SpanTable, Touch
from watchkeeper_collector.settling.survey import Window, count_received, windows

logger = logging.getLogger(__name__)

SECOND_NS = 1_000_000_000

# Spans become visible some time after they were received, and the engine's clock is not ours.
OVERLAP_NS = 15 * SECOND_NS
# A foreign writer's clock may be ahead by so much; what claims to come later still, a sweep finds.
AHEAD_NS = 600 * SECOND_NS
END_OF_TIME_NS = 9_000_000_000 * SECOND_NS

# A sweep looks at everything received within a day: what became visible later than the overlap, and what
# came while no worker ran. A round does that many spans of it.
SWEEP_EVERY_NS = 600 * SECOND_NS
SWEPT_NS = 24 * 3600 * SECOND_NS
SWEEP_SPANS = 500_000
APPLY_EVERY_NS = 600 * SECOND_NS
SPANS_PER_QUERY = 10_000
"""What asking about a window costs at least, in spans."""


@dataclass(slots=True)
class SettleStatus:
    """Counters since the start, for ``/status`` and ``/metrics``; times are of the last round."""

    rounds: int = 0
    failed_rounds: int = 0
    traces_looked_at: int = 0
    traces_completed: int = 0
    spans_told: int = 0
    spans_corrected: int = 0
    duplicates_found: int = 0
    traces_too_large: int = 0
    round_s: float = 0.0
    last_error: str = ""

    def add(self, counts: SettleCounts) -> None:
        self.rounds += 1
        self.traces_looked_at += counts.looked_at
        self.traces_completed += counts.completed
        self.spans_told += counts.told
        self.spans_corrected += counts.corrected
        self.duplicates_found += counts.duplicates
        self.traces_too_large = counts.too_large


class SettlingWorker:
    """Settles what was received since the last round, and now and then everything of the last day.

    :meth:`run_round` may be called from any thread; :meth:`start` runs rounds on an own one until
    :meth:`close`. Several workers on one store do no harm, only the same work: ``may_run`` holds back all
    but one of them. ``touch`` is told which spans are changed.
    """

    def __init__(
        self,
        connection: Connection,
        database: str = "watchkeeper",
        cluster: str = "",
        *,
        interval_s: float = 5.0,
        clock_ns: Callable[[], int] = time.time_ns,
        may_run: Callable[[], bool] = lambda: True,
        touch: Touch = lambda _: None,
    ) -> None:
        self.table = SpanTable(connection, database, cluster, touch)
        self.status = SettleStatus()
        self._interval_s = interval_s
        self._clock_ns = clock_ns
        self._may_run = may_run
        self._lock = threading.Lock()
        self._looking_back = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._since_ns = clock_ns() - OVERLAP_NS
        self._swept_ns = 0
        self._sweep: Iterator[Window] = iter(())
        self._applied_ns = clock_ns()
        self._has_written = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="settling", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the statement that is running."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def look_back_to(self, received_ns: int) -> None:
        """Spans that were received at this time, a while ago, have just become visible."""
        with self._looking_back:
            self._since_ns = min(self._since_ns, received_ns)

    def run_round(self) -> SettleCounts:
        """Settle what is new, then a piece of the sweep.

        Raises what the store raises; the next round then looks at the same spans again.
        """
        with self._lock:
            counts = SettleCounts()
            started_ns = self._clock_ns()
            since_ns = self._next_start(started_ns)
            try:
                for window in windows(self.table, since_ns, started_ns + AHEAD_NS):
                    self._settle(window, counts)
                self._sweep_some(started_ns, counts)
                self._apply_patches(started_ns, counts)
            except BaseException:
                self.look_back_to(since_ns)
                self._swept_ns = 0
                raise
            self.status.add(counts)
            return counts

    def _next_start(self, now_ns: int) -> int:
        with self._looking_back:
            since_ns, self._since_ns = self._since_ns, now_ns - OVERLAP_NS
            return since_ns

    def _settle(self, window: Window, counts: SettleCounts) -> None:
        settle(self.table, window, counts, self._clock_ns() // 1_000_000, self._closing.is_set)

    def _sweep_some(self, now_ns: int, counts: SettleCounts) -> None:
        if now_ns - self._swept_ns >= SWEEP_EVERY_NS:
            self._swept_ns = now_ns
            self._sweep = chain(
                windows(self.table, now_ns + AHEAD_NS, END_OF_TIME_NS),
                windows(self.table, now_ns - SWEPT_NS, now_ns - OVERLAP_NS),
            )
        left = SWEEP_SPANS
        while left > 0 and (window := next(self._sweep, None)) is not None:
            left -= SPANS_PER_QUERY + count_received(self.table, window)
            self._settle(window, counts)

    def _apply_patches(self, now_ns: int, counts: SettleCounts) -> None:
        self._has_written |= counts.told + counts.completed + counts.corrected > 0
        if self._has_written and now_ns - self._applied_ns >= APPLY_EVERY_NS:
            apply_patches(self.table)
            self._applied_ns = now_ns
            self._has_written = False

    def _run(self) -> None:
        while not self._closing.is_set():
            began_s = time.monotonic()
            try:
                if self._may_run():
                    self.run_round()
            except WatchkeeperError as error:
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                logger.warning("Settling round failed, will be repeated: %s", error.message)
            self.status.round_s = time.monotonic() - began_s
            # A round that takes long leaves the engine as long to others.
            self._closing.wait(max(self._interval_s, self.status.round_s))
