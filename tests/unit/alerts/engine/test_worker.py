"""The worker on real threads and a real state store, its clocks in the tests' hands."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.history import COLUMNS, HistoryWriter
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.engine.worker import AlertWorker
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import StateUnavailableError, StoreUnavailableError
from watchkeeper_collector.state.leases import Lease
from watchkeeper_collector.state.state import State

from tests.alert_machine import NOON, build_rule, sample


class Book:
    """Rules that a test changes."""

    def __init__(self, *rules: Rule) -> None:
        self.problem = ""
        self.found: Sequence[Rule] = rules

    def rules(self) -> Sequence[Rule]:
        return self.found


class NotedLease(Lease):
    """A lease that notes at which seconds of a scene it was asked for."""

    def __init__(self, scene: "Scene", state: State, holder: str) -> None:
        super().__init__(state.database, "alerts", ttl_s=60, holder=holder)
        self.asked: list[float] = []
        self.is_away = False
        self._scene = scene

    def acquire(self) -> bool:
        self.asked.append(self._scene.seconds)
        return refuse() if self.is_away else super().acquire()


class Scene:
    """A worker whose time only passes when it is told so."""

    def __init__(self, state: State, *rules: Rule, holder: str = "first") -> None:
        self.seconds = self.ahead_s = 0.0
        self.began = Group(rules[0].source, rules[0].project, rules[0].group, 60.0, ()).timestamp(NOON)
        self.stuck: set[str] = {rule.uid for rule in rules}
        self.is_open = True
        self.book = Book(*rules)
        self.asked: list[tuple[str, float]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        lease = self.lease = NotedLease(self, state, holder)
        self.engine = Engine(state.alerts, lease, self.evaluate)
        self.worker = AlertWorker(
            self.engine,
            self.book,
            lease,
            is_open=lambda: self.is_open,
            now=lambda: self.began + timedelta(seconds=self.seconds + self.ahead_s),
            clock_s=lambda: self.seconds,
        )

    def evaluate(self, rules: Sequence[Rule], at: Any) -> list[Evaluation]:
        self.asked += [(rule.uid, (at - self.began).total_seconds()) for rule in rules]
        assert rules[0].uid not in self.stuck or self.may_answer.wait(30)
        return [Evaluation(rule, at, (sample(),)) for rule in rules]

    def run(self, *seconds: float) -> list[int]:
        """Rounds at these seconds; how many groups each of them started. Evaluations end in between."""
        started = []
        for self.seconds in seconds:
            started.append(self.worker.run_round())
            if self.may_answer.is_set():
                self.worker.wait()
        return started

    def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(600):
            if holds():
                return
            time.sleep(0.05)
        raise AssertionError("It did not come to pass.")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path}/state.db")
    opened.migrate()
    yield opened
    opened.close()


def refuse() -> NoReturn:
    raise StateUnavailableError("The state store is away.")


def uids(state: State) -> set[str]:
    return {instance.rule_uid for instance in state.alerts.instances() if instance.is_firing}


def test_group_is_evaluated_once_at_each_of_its_timestamps(state: State) -> None:
    scene = Scene(state, build_rule())
    assert scene.run(0, 0.5, 59, 60, 60.5, 119, 120) == [1, 0, 0, 1, 0, 0, 1]
    assert [at for _, at in scene.asked] == [0, 60, 120]


def test_collector_that_starts_evaluates_the_newest_timestamp_at_once(state: State) -> None:
    scene = Scene(state, build_rule())
    assert scene.run(47, 48, 60) == [1, 0, 1]
    assert [at for _, at in scene.asked] == [0, 60]


def test_iterations_that_an_evaluation_overran_are_counted_as_missed(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.may_answer.clear()
    assert scene.run(0, 60, 120, 150) == [1, 0, 0, 0], "it is still under way"
    scene.may_answer.set()
    scene.worker.wait()
    assert scene.run(180, 240) == [1, 1]
    assert [at for _, at in scene.asked] == [0, 180, 240]
    assert state.alerts.evaluations()[0].missed == scene.worker.status.missed_evaluations == 2


def test_round_that_comes_late_misses_nothing_if_it_takes_the_timestamp(state: State) -> None:
    scene = Scene(state, build_rule())
    assert scene.run(0, 118, 121, 299) == [1, 1, 1, 1]
    assert [at for _, at in scene.asked] == [0, 60, 120, 240]
    assert scene.worker.status.missed_evaluations == 1, "180"


def test_claim_is_renewed_while_an_evaluation_takes_long(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.may_answer.clear()
    scene.run(0, 5, 10, 11, 19, 20, 30)
    assert scene.lease.asked == [0, 10, 20, 30]
    scene.may_answer.set()
    scene.worker.wait()
    scene.run(41, 52)
    assert scene.lease.asked == [0, 10, 20, 30], "nothing runs any more"


def test_clock_that_jumps_misses_nothing(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.run(0)
    scene.ahead_s = 86_400.0
    scene.run(60)
    scene.ahead_s = -86_400.0
    scene.run(120)
    assert [at for _, at in scene.asked] == [0, 86_460, -86_280]
    assert scene.worker.status.missed_evaluations == 0
    assert uids(state) == {"file/latency/Slow"}


def test_slow_group_holds_up_no_other(state: State) -> None:
    scene = Scene(state, build_rule(uid="slow"), build_rule(uid="quick", group="other"))
    scene.stuck = {"slow"}
    scene.may_answer.clear()
    scene.run(0)
    scene.until(lambda: uids(state) == {"quick"})
    scene.may_answer.set()
    scene.worker.wait()
    assert uids(state) == {"slow", "quick"}


def test_rules_that_change_are_seen_within_seconds(state: State) -> None:
    scene = Scene(state, build_rule(uid="one"))
    scene.run(0)
    scene.book.found = [build_rule(uid="two", group="new")]
    scene.run(1)
    assert uids(state) == {"one"}
    scene.run(20)
    assert uids(state) == {"two"}
    assert scene.asked[-1][0] == "two"


def test_rule_files_that_cannot_be_read_end_nothing(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.run(0)
    scene.book.found, scene.book.problem = (), "rules.yml:1:1: no"
    scene.run(20)
    assert uids(state) == {"file/latency/Slow"}


def test_store_is_given_time_to_open_before_anything_is_said(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.is_open = False
    assert scene.run(0, 30, 59) == [0, 0, 0]
    assert scene.run(61) == [1], "a store that does not open is what on-call has to hear of"


def test_store_of_states_that_is_away_stops_nothing_for_good(state: State) -> None:
    scene = Scene(state, build_rule())
    turn = state.alerts.turn
    state.alerts.turn = refuse  # type: ignore[method-assign]
    scene.run(0)
    status = scene.worker.status
    assert (status.failed_turns, status.last_error) == (2, "The state store is away.")
    state.alerts.turn = turn  # type: ignore[method-assign]
    scene.run(60)
    assert uids(state) == {"file/latency/Slow"}


def test_store_of_states_that_is_away_is_not_asked_all_the_time(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.lease.is_away = True
    for second in (0, 0.5, 1, 1.5):
        scene.worker._safely(lambda at=second: scene.run(at))
    assert scene.lease.asked == [0]
    scene.lease.is_away = False
    assert scene.run(2) == [1]


def test_rules_that_cannot_be_read_stop_nothing(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.run(0)
    scene.book.rules = refuse  # type: ignore[method-assign]
    assert scene.run(60) == [1]
    assert uids(state) == {"file/latency/Slow"}


def test_second_collector_waits_until_the_first_is_gone(state: State) -> None:
    scene = Scene(state, build_rule())
    first, second = scene, Scene(state, build_rule(), holder="second")
    assert first.run(0) == [1]
    assert second.run(0, 1, 6) == [0, 0, 0]
    assert second.run(60) == [0]
    first.worker.close()
    assert second.run(63) == [1]
    assert second.worker.status.missed_evaluations == 0, "others did it"
    assert state.alerts.evaluations()[0].holder == "second"


def test_worker_runs_by_itself_until_it_is_closed(state: State) -> None:
    scene = Scene(state, build_rule())
    scene.worker.start()
    scene.until(lambda: uids(state) == {"file/latency/Slow"})
    scene.worker.close()
    assert state.lease("alerts", ttl_s=1).acquire()


# --- the history


class Table:
    """What ClickHouse would take, if it is there."""

    def __init__(self) -> None:
        self.rows: list[Sequence[Any]] = []
        self.is_away = False

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, database: str
    ) -> None:
        if self.is_away:
            raise StoreUnavailableError("The store is away.")
        assert (table, list(columns), database) == ("alert_events", list(COLUMNS), "watchkeeper")
        self.rows += rows


def test_history_is_written_once_it_can_be(state: State) -> None:
    table = Table()
    writer = HistoryWriter(state.alerts, table, "watchkeeper")
    Scene(state, build_rule()).run(0)
    table.is_away = True
    with pytest.raises(StoreUnavailableError):
        writer.run_round()
    table.is_away = False
    assert (writer.run_round(), writer.run_round()) == (1, 0)
    (row,) = table.rows
    assert row[list(COLUMNS).index("ToState")] == "firing"


def test_history_is_written_by_one_of_several(state: State) -> None:
    table = Table()
    Scene(state, build_rule()).run(0)
    assert HistoryWriter(state.alerts, table, "watchkeeper", may_run=lambda: False).run_round() == 0
    assert table.rows == []
