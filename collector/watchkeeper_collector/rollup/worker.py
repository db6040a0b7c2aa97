"""The roll-up worker: keeps the hours that are over rolled up, and right."""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from watchkeeper_collector.errors import QueryLimitError, WatchkeeperError
from watchkeeper_collector.rollup.building import build_hours
from watchkeeper_collector.rollup.cleaning import delete_outdated
from watchkeeper_collector.rollup.marks import Extent, mark_extents, mark_hours
from watchkeeper_collector.rollup.survey import (
    NOTHING,
    Built,
    State,
    changed,
    engine_now_us,
    find_built,
    find_marked,
    find_received,
    find_states,
    is_changing,
)
from watchkeeper_collector.rollup.tables import HOUR_S, ProjectHour, RollupTables

logger = logging.getLogger(__name__)

SECOND_US = 1_000_000
DAY_S = 86_400

OVERLAP_NS = 30 * 1_000_000_000
"""Spans become visible some time after they were received."""
CLOSED_AFTER_S = 120
"""An hour that is over is given so long for its last spans to come."""
SWEEP_EVERY_S = 600
SWEEP_S = 0.5
"""A round looks so long at days that nothing is known to have happened in, and at one of them at least."""
CLEAN_EVERY_S = 600
BATCH_SPANS = 1_000_000
REST_S = 60.0
SPANS_PER_REST = 1_000_000
"""An hour is not built again before so many seconds, and as many for each million of its spans."""


@dataclass(slots=True)
class RollupStatus:
    """Counters since the start, for ``/status`` and ``/metrics``; times are of the last round."""

    rounds: int = 0
    failed_rounds: int = 0
    hours_built: int = 0
    spans_rolled_up: int = 0
    hours_waiting: int = 0
    hours_too_varied: int = 0
    round_s: float = 0.0
    last_error: str = ""


class RollupWorker:
    """Rolls up hours that are over, and those again whose spans were changed or came late.

    New spans are found by their time of receipt, changes by marks, and whatever else by a sweep that compares
    all hours with what they were built from. :meth:`run_round` may be called from any thread;
    :meth:`start` runs rounds on an own one until :meth:`close`. Several workers on one store do no harm, only
    the same work: ``may_run`` holds back all but one of them.
    """

    def __init__(
        self,
        tables: RollupTables,
        *,
        kept_days: int = 90,
        kept_days_of: Callable[[], Mapping[str, int]] = dict,
        interval_s: float = 10.0,
        rest_s: float = REST_S,
        may_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self.tables = tables
        self.status = RollupStatus()
        self._kept_days = kept_days
        self._kept_days_of = kept_days_of
        self._interval_s = interval_s
        self._rest_s = rest_s
        self._may_run = may_run
        self._lock = threading.Lock()
        self._looking_back = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._since_ns = time.time_ns() - OVERLAP_NS
        self._waiting: set[ProjectHour] = set()
        self._too_varied: dict[ProjectHour, State] = {}
        self._sweep: Iterator[range] = iter(())
        self._swept_s = -math.inf
        self._cleaned_s = time.monotonic()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="rollup", daemon=True)
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

    def mark(self, extents: Collection[Extent]) -> None:
        """Spans are about to be changed in place, or just were."""
        mark_extents(self.tables, extents)

    def run_round(self) -> int:
        """Build what is new and what changed, as far as it has been at rest; how many hours."""
        with self._lock:
            now_us = engine_now_us(self.tables)
            since_ns = self._next_start(now_us)
            try:
                built = 0 if is_changing(self.tables) else self._build(now_us, since_ns)
            except BaseException:
                self.look_back_to(since_ns)
                self._swept_s = -math.inf
                raise
            self._clean()
            self.status.rounds += 1
            return built

    def _next_start(self, now_us: int) -> int:
        with self._looking_back:
            since_ns, self._since_ns = self._since_ns, now_us * 1_000 - OVERLAP_NS
            return since_ns

    def _build(self, now_us: int, since_ns: int) -> int:
        own_days = self._kept_days_of()
        closed = closed_hours(now_us // SECOND_US, max((self._kept_days, *own_days.values())))
        marked = find_marked(self.tables, closed)
        wanted = find_received(self.tables, since_ns, closed) | self._waiting | marked.keys()
        built = find_built(self.tables, spanned(wanted))
        dirty = {hour for hour, at_us in marked.items() if hour in built and at_us >= built[hour].built_us}
        wanted = {hour for hour in wanted if hour.hour_s in closed}
        found = find_states(self.tables, [hour.hour_s for hour in wanted])
        found = {hour: state for hour, state in found.items() if hour in wanted}
        todo = changed(found, {hour: one for hour, one in built.items() if hour in wanted})
        todo |= {hour: found.get(hour, NOTHING) for hour in dirty}
        for hours in self._next_sweep(closed):
            seen, known = find_states(self.tables, hours), find_built(self.tables, hours)
            todo |= changed(seen, known)
            built |= known
        kept = {hour: state for hour, state in todo.items() if self._is_kept(hour, own_days, now_us)}
        return self._build_rested(kept, built, dirty, now_us)

    def _is_kept(self, hour: ProjectHour, own_days: Mapping[str, int], now_us: int) -> bool:
        """False for an hour whose spans may have gone by their retention: what it added up to stays."""
        days = own_days.get(hour.project, self._kept_days)
        return hour.hour_s >= closed_hours(now_us // SECOND_US, days).start

    def _next_sweep(self, closed: range) -> Iterator[range]:
        """The next days of the sweep, as many as hold so many spans."""
        if time.monotonic() - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = time.monotonic()
            self._sweep = days(closed)
        ends_at_s = time.monotonic() + SWEEP_S
        while time.monotonic() < ends_at_s and (hours := next(self._sweep, None)) is not None:
            yield hours

    def _build_rested(
        self,
        todo: Mapping[ProjectHour, State],
        built: Mapping[ProjectHour, Built],
        dirty: Set[ProjectHour],
        now_us: int,
    ) -> int:
        """Build the hours that have been at rest. The others are marked, and wait if they can be built."""
        varied = {hour for hour, state in todo.items() if self._too_varied.get(hour) == state}
        ready = {
            hour: state
            for hour, state in todo.items()
            if hour not in varied
            and (hour not in built or now_us - built[hour].built_us >= self._rest_us(state))
        }
        left = todo.keys() - ready.keys()
        self._waiting = left - varied
        mark_hours(self.tables, sorted((left & built.keys()) - dirty))
        for some in by_spans(ready):
            if self._closing.is_set():
                break
            self._build_some(some, now_us)
        self.status.hours_waiting = len(self._waiting)
        return len(ready)

    def _rest_us(self, state: State) -> float:
        return self._rest_s * (1 + state.spans / SPANS_PER_REST) * SECOND_US

    def _build_some(self, hours: Mapping[ProjectHour, State], now_us: int) -> None:
        try:
            build_hours(self.tables, hours, now_us)
        except QueryLimitError:
            if len(hours) > 1:
                for hour, state in hours.items():
                    self._build_some({hour: state}, now_us)
                return
            self._too_varied |= hours
            self._waiting |= hours.keys()
            self.status.hours_too_varied += 1
            return
        self.status.hours_built += len(hours)
        self.status.spans_rolled_up += sum(state.spans for state in hours.values())

    def _clean(self) -> None:
        if time.monotonic() - self._cleaned_s >= CLEAN_EVERY_S:
            self._cleaned_s = time.monotonic()
            delete_outdated(self.tables)

    def _run(self) -> None:
        while not self._closing.is_set():
            began_s = time.monotonic()
            try:
                if self._may_run():
                    self.run_round()
            except WatchkeeperError as error:
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                logger.warning("Rolling up failed, will be repeated: %s", error.message)
            self.status.round_s = time.monotonic() - began_s
            # A round that takes long leaves the engine as long to others.
            self._closing.wait(max(self._interval_s, self.status.round_s))


def closed_hours(now_s: int, kept_days: int) -> range:
    """The hours that are over and whose spans are all kept, by their start, with a day to spare."""
    first_s = max(0, now_s - (kept_days - 1) * DAY_S)
    return range(-(-first_s // HOUR_S) * HOUR_S, (now_s - CLOSED_AFTER_S) // HOUR_S * HOUR_S, HOUR_S)


def days(hours: range) -> Iterator[range]:
    """Cut into days, the newest first."""
    for stop in range(hours.stop, hours.start, -DAY_S):
        yield range(max(hours.start, stop - DAY_S), stop, HOUR_S)


def spanned(hours: Iterable[ProjectHour]) -> range:
    """From the first to the last of these hours."""
    starts = [hour.hour_s for hour in hours] or [0]
    return range(min(starts), max(starts) + HOUR_S, HOUR_S)


def by_spans(hours: Mapping[ProjectHour, State]) -> Iterator[dict[ProjectHour, State]]:
    """Cut into lists that the engine takes at one go, the newest first."""
    some: dict[ProjectHour, State] = {}
    spans = 0
    for hour, state in sorted(hours.items(), key=lambda item: item[0].hour_s, reverse=True):
        if some and spans + state.spans > BATCH_SPANS:
            yield some
            some, spans = {}, 0
        some[hour] = state
        spans += state.spans
    if some:
        yield some
