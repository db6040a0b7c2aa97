"""The worker: turns the engine for every group at its time, on threads of its own."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.schedule import Group, Key, build_groups
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import WatchkeeperError

TICK_S = 0.5
REFRESH_S = 5.0
"""So soon a change of the rules is seen."""
SIDE_BY_SIDE = 4
"""Groups that are evaluated at the same time: one that is slow holds up no other."""
CONTEND_S = 2.0
"""So often a collector looks whether the one that evaluates is gone."""
RENEW_S = 10.0
"""So often the claim is renewed while an evaluation runs, which may take longer than a claim lasts."""
OPENING_S = 60.0
"""So long the store is given to open: till then nothing is said about rules that can't be evaluated."""

log = logging.getLogger(__name__)


class Book(Protocol):
    """The rules in force; ``problem``: why those of the files may not be all."""

    @property
    def problem(self) -> str: ...

    def rules(self) -> Sequence[Rule]: ...


class Claim(Protocol):
    """Of several collectors, one evaluates."""

    def acquire(self) -> bool: ...

    def release(self) -> None: ...


@dataclass(slots=True)
class Progress:
    """Where a group stands in this process."""

    at: datetime
    began_s: float
    is_running: bool = False


class AlertWorker:
    """Evaluates on threads of its own from :meth:`start` to :meth:`close`. Timestamps are the wall clock's.

    ``is_open`` says whether the store is. :meth:`run_round` starts what is due, and may be called alone.
    """

    def __init__(
        self,
        engine: Engine,
        book: Book,
        claim: Claim,
        *,
        is_open: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = engine.status
        self._engine = engine
        self._book = book
        self._claim = claim
        self._is_open = is_open
        self._now = now
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._refreshed_s = self._refused_s = self._claimed_s = -math.inf
        self._groups: list[Group] = []
        self._progress: dict[Key, Progress] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._places = threading.BoundedSemaphore(SIDE_BY_SIDE)
        self._running: list[threading.Thread] = []

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float = 60.0) -> None:
        """Stop, and let another collector go on at once. What runs longer comes to nothing."""
        ends_at_s = self._clock_s() + timeout_s
        self._closing.set()
        self._engine.close()
        for thread in (self._thread, *self._running):
            if thread.is_alive():
                thread.join(max(0.0, ends_at_s - self._clock_s()))
        self._safely(self._claim.release)

    def wait(self) -> None:
        """Until the evaluations that run have ended."""
        for thread in self._running:
            thread.join()

    def run_round(self) -> int:
        """Look after the rules, and start the evaluation of every group that is due; how many."""
        if not (self._is_open() or self._clock_s() - self._began_s > OPENING_S):
            return 0
        if self._clock_s() - self._refreshed_s >= REFRESH_S:
            self._refreshed_s = self._clock_s()
            self._safely(self._refresh)
        if self._is_evaluating() and self._clock_s() - self._claimed_s >= RENEW_S:
            self._has_claim()
        due = [(group, at) for group in self._groups if (at := self._due_at(group)) is not None]
        if not due or not self._has_claim():
            return 0
        for group, at in due:
            self._begin(group, at)
        return len(due)

    def _refresh(self) -> None:
        rules = self._book.rules()
        self._groups = build_groups(rules)
        known = {group.key for group in self._groups}
        self._progress = {key: one for key, one in self._progress.items() if key in known or one.is_running}
        self._engine.tidy(rules, self._now(), problem=self._book.problem)

    def _is_evaluating(self) -> bool:
        return any(progress.is_running for progress in self._progress.values())

    def _has_claim(self) -> bool:
        if self._clock_s() - self._refused_s < CONTEND_S:
            return False
        self._refused_s = self._clock_s()  # also where the answer is an error
        if self._claim.acquire():
            self._claimed_s, self._refused_s = self._clock_s(), -math.inf
            return True
        self._progress = {key: one for key, one in self._progress.items() if one.is_running}
        return False

    def _due_at(self, group: Group) -> datetime | None:
        at, progress = group.timestamp(self._now()), self._progress.get(group.key)
        is_new = progress is None or (not progress.is_running and progress.at != at)
        return at if is_new else None

    def _begin(self, group: Group, at: datetime) -> None:
        before, now = self._progress.get(group.key), Progress(at, self._clock_s(), is_running=True)
        missed = _count_missed(group, before, now) if before else 0
        progress = self._progress[group.key] = now

        def run() -> None:
            with self._places:
                if not self._closing.is_set():
                    self._safely(lambda: self._engine.evaluate(group, at, missed))
            progress.is_running = False

        thread = threading.Thread(target=run, name=f"alert-group-{group.name}", daemon=True)
        self._running = [*(one for one in self._running if one.is_alive()), thread]
        thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._safely(self.run_round)
            self._closing.wait(TICK_S)

    def _safely(self, call: Callable[[], object]) -> None:
        """Whatever goes wrong once, alerting goes on."""
        try:
            call()
        except WatchkeeperError as error:
            self._note(error.message)
        except Exception as error:
            log.exception("A turn of the alerts failed.")
            self._note(f"{type(error).__name__}: {error}")

    def _note(self, problem: str) -> None:
        self.status.failed_turns += 1
        self.status.last_error = problem
        log.warning("A turn of the alerts failed, the next one begins where it did: %s", problem)


def _count_missed(group: Group, before: Progress, now: Progress) -> int:
    """Timestamps in between that were left out; not those that a clock jumped over."""
    by_timestamp = round((now.at - before.at) / group.interval) - 1
    by_clock = int((now.began_s - before.began_s) / group.interval_s + 0.5) - 1
    return max(0, min(by_timestamp, by_clock))
