"""Alerts in the state store, in SQLite and in PostgreSQL alike, and the engine's turns on it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.state.alert_records import Event, Instance, Notice
from watchkeeper_collector.state.state import State

from tests.alert_machine import NOON, Machine, build_rule, sample

TABLES = ("alert_instances", "alert_evaluations", "alert_outbox", "alert_events", "leases")
HOSTILE = "a\0b\ud800'; DROP TABLE alert_instances; --\n<b>✓"
RULE = build_rule()
GROUP = Group("file", "shop", "latency", 60.0, (RULE,))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db"
    return str(request.getfixturevalue("postgresql").create_database())


@pytest.fixture(scope="module")
def opened(url: str) -> Iterator[State]:
    state = State(url)
    state.migrate()
    yield state
    state.close()


@pytest.fixture
def state(opened: State) -> State:
    with opened.database.write() as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    return opened


class World:
    """What rules see, for engines that are asked at any time."""

    def __init__(self) -> None:
        self.samples: list[Sample] = [sample(model="gpt")]
        self.problem = ""
        self.evaluated = 0

    def __call__(self, rules: Any, at: Any) -> list[Evaluation]:
        self.evaluated += 1
        found = () if self.problem else tuple(self.samples)
        return [Evaluation(rule, at, found, self.problem, cost_s=0.5) for rule in rules]


def build_engine(state: State, world: World, **facts: Any) -> Engine:
    return Engine(state.alerts, state.lease("alerts", ttl_s=60), world, **facts)


def said(state: State, after: int = 0) -> list[tuple[str, str]]:
    with state.alerts.turn() as connection:
        lines = state.alerts.take_notices(connection, after, 1_000)
    return [(line.notice.labels["alertname"], line.notice.status) for line in lines]


def commit(state: State, *changes: Any, **more: Any) -> None:
    with state.alerts.turn() as connection:
        state.alerts.commit(connection, *changes, **more)


def build_facts(**labels: str) -> tuple[Instance, Notice, Event]:
    machine = Machine()
    (notice,) = machine.evaluate(0, [sample(**labels)])
    (instance,) = machine.instances.values()
    return instance, notice, machine.events[0]


def commit_and_fail(state: State) -> None:
    instance, notice, event = build_facts()
    with state.alerts.turn() as connection:
        state.alerts.commit(connection, [instance], [notice], events=[event])
        raise ZeroDivisionError


# --- the repository


def test_what_is_kept_is_what_was(state: State) -> None:
    instance, notice, event = build_facts(model=HOSTILE)
    commit(state, [instance], [notice], events=[event])
    assert state.alerts.instances() == state.alerts.instances(["shop"]) == [instance]
    assert state.alerts.find(["shop"], instance.fingerprint) == instance
    with state.alerts.turn() as connection:
        (line,) = state.alerts.take_notices(connection, 0, 10)
    assert line.notice == notice
    (kept,) = state.alerts.events(["shop"], NOON, NOON + timedelta(seconds=1), limit=10)
    assert replace(kept, id=0) == event


def test_thousands_of_alerts_are_kept_and_removed_at_once(state: State) -> None:
    instance, _, _ = build_facts()
    many = [replace(instance, fingerprint=str(number), rule_uid=str(number)) for number in range(2_500)]
    commit(state, many)
    commit(state, many[:1], removed=[one.fingerprint for one in many[1:]])
    assert state.alerts.instances() == many[:1]
    with state.alerts.turn() as connection:
        assert state.alerts.load_instances(connection, [one.rule_uid for one in many]) == many[:1]


def test_alert_of_another_project_is_not_there(state: State) -> None:
    instance, _, event = build_facts()
    commit(state, [instance], events=[event])
    assert state.alerts.instances(["other"]) == []
    assert state.alerts.events(["other"], NOON, NOON + timedelta(days=1), limit=10) == []
    with pytest.raises(NotFoundError, match="in this project"):
        state.alerts.find(["other"], instance.fingerprint)
    with pytest.raises(NotFoundError):
        state.alerts.find(["shop"], HOSTILE.replace("\ud800", ""))


def test_turn_that_fails_keeps_nothing(state: State) -> None:
    with pytest.raises(ZeroDivisionError):
        commit_and_fail(state)
    assert (state.alerts.instances(), said(state), state.alerts.unwritten_events(10)) == ([], [], [])


def test_a_reader_of_the_outbox_misses_no_line(state: State, url: str) -> None:
    """Ids grow as commits do: what a slower writer commits later never has a smaller one."""
    _, notice, _ = build_facts()
    stop, seen = threading.Event(), list[int]()

    def write(number: int) -> None:
        other = State(url)
        for _ in range(10):
            commit(other, (), [replace(notice, reason=str(number))] * 3)
        other.close()

    def read() -> None:
        other = State(url)
        while not stop.is_set():
            with other.alerts.turn() as connection:
                lines = other.alerts.take_notices(connection, max(seen, default=0), 7)
            seen.extend(line.id for line in lines)
        other.close()

    with ThreadPoolExecutor(4) as pool:
        reader = pool.submit(read)
        list(pool.map(write, range(3)))
        stop.set()
        reader.result(30)
    with state.alerts.turn() as connection:
        seen += [line.id for line in state.alerts.take_notices(connection, max(seen, default=0), 1_000)]
        assert [line.id for line in state.alerts.take_notices(connection, 0, 1_000)] == seen
    assert len(seen) == 90


def test_lines_that_were_dealt_with_are_dropped_and_their_ids_not_used_again(state: State) -> None:
    _, notice, _ = build_facts()
    commit(state, (), [notice, notice])
    with state.alerts.turn() as connection:
        first, second = state.alerts.take_notices(connection, 0, 10)
        state.alerts.drop_notices(connection, first.id)
    assert state.alerts.outbox_depth() == 1
    with state.alerts.turn() as connection:
        state.alerts.drop_notices(connection, second.id)
    commit(state, (), [notice])
    with state.alerts.turn() as connection:
        (third,) = state.alerts.take_notices(connection, second.id, 10)
    assert third.id > second.id


def test_events_are_unwritten_until_they_are_marked(state: State) -> None:
    _, _, event = build_facts()
    commit(state, events=[event, event])
    first, second = state.alerts.unwritten_events(10)
    state.alerts.mark_written([first.id])
    assert state.alerts.unwritten_events(10) == [second]
    with state.alerts.turn() as connection:
        assert state.alerts.expire_events(connection, NOON + timedelta(days=90)) == 1
    assert state.alerts.unwritten_events(10) == [second], "what is nowhere else is not forgotten"


# --- turns of the engine


def test_a_turn_keeps_states_notices_history_and_what_was_evaluated(state: State) -> None:
    engine = build_engine(state, World())
    assert engine.evaluate(GROUP, NOON, missed=2)
    assert [one.state for one in state.alerts.instances()] == ["firing"]
    assert said(state) == [("Slow", "firing")]
    assert [event.to_state for event in state.alerts.unwritten_events(10)] == ["firing"]
    (record,) = state.alerts.evaluations(["shop"])
    assert (record.rule_uid, record.evaluated_at, record.cost_s, record.series) == (RULE.uid, NOON, 0.5, 1)
    assert (record.evaluations, record.failures, record.missed) == (1, 0, 2)
    assert (engine.status.evaluations, engine.status.missed_evaluations, engine.status.notices) == (1, 2, 1)


def test_the_same_timestamp_counts_once(state: State) -> None:
    world = World()
    for holder in (state, state):
        build_engine(holder, world).evaluate(GROUP, NOON)
    world.samples = []
    build_engine(state, world).evaluate(GROUP, NOON)
    assert said(state) == [("Slow", "firing")]
    assert [one.state for one in state.alerts.instances()] == ["firing"]
    assert state.alerts.evaluations()[0].evaluations == 1


def test_who_has_not_the_claim_changes_nothing(state: State, url: str) -> None:
    ours, theirs = build_engine(state, World()), State(url)
    try:
        assert ours.evaluate(GROUP, NOON)
        other = build_engine(theirs, World())
        assert not other.evaluate(GROUP, NOON + timedelta(minutes=5))
        other.tidy([], NOON + timedelta(minutes=5))
        assert said(state) == [("Slow", "firing")]
        assert other.status.lost_turns == 1
    finally:
        theirs.close()


def test_turns_of_contenders_never_mix(state: State, url: str) -> None:
    """Both believe that they may: at the row of the lease one of them learns that it may not."""
    others = [State(url) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            for minute in range(5):
                with state.database.write() as connection:
                    connection.execute(text("DELETE FROM leases"))
                at = NOON + timedelta(minutes=minute)
                engines = [build_engine(other, World()) for other in others]
                won = list(pool.map(lambda engine, at=at: engine.evaluate(GROUP, at), engines))
                assert sum(won) == 1
        assert said(state) == [("Slow", "firing")] * 5
        assert state.alerts.evaluations()[0].evaluations == 5
    finally:
        for other in others:
            other.close()


def test_another_collector_goes_on_where_the_first_was(state: State, url: str) -> None:
    rule = build_rule(for_s=120.0)
    group = replace(GROUP, rules=(rule,))
    engine = build_engine(state, World())
    for minute in range(2):
        engine.evaluate(group, NOON + timedelta(minutes=minute))
    state.lease("alerts", ttl_s=60).release()  # it died, and its lease ran out
    heir = State(url)
    try:
        build_engine(heir, World()).evaluate(group, NOON + timedelta(minutes=2))
    finally:
        heir.close()
    (instance,) = state.alerts.instances()
    assert (instance.state, instance.active_at) == ("firing", NOON)


def test_engine_that_is_closed_changes_nothing(state: State) -> None:
    engine = build_engine(state, World())
    engine.close()
    assert not engine.evaluate(GROUP, NOON)
    assert state.alerts.instances() == []


def test_evaluation_that_crashes_is_a_problem_of_its_rules(state: State) -> None:
    def crash(rules: Any, at: Any) -> list[Evaluation]:
        raise ZeroDivisionError("by zero")

    engine = Engine(state.alerts, state.lease("alerts", ttl_s=60), crash)
    assert engine.evaluate(GROUP, NOON)
    assert state.alerts.evaluations()[0].problem == "The evaluation failed: ZeroDivisionError: by zero"
    assert engine.status.failed_evaluations == 1


def test_spans_that_wait_for_the_store_prove_nothing(state: State) -> None:
    world, lags_s = World(), {"traces": 0.0, "logs": 500.0}
    engine = build_engine(state, world, lag_s=lags_s.__getitem__)
    engine.evaluate(GROUP, NOON)
    world.samples, lags_s["traces"] = [sample("clear", model="gpt")], 40.0
    engine.evaluate(GROUP, NOON + timedelta(minutes=1))
    assert {one.state for one in state.alerts.instances()} == {"error", "pending"}
    assert "40 s, which wait in the spool" in state.alerts.evaluations()[0].problem
    late = replace(GROUP, rules=(build_rule(offset_s=30.0),))
    engine.evaluate(late, NOON + timedelta(minutes=2))
    assert ("Slow", "resolved") in said(state), "that rule looks further back than what waits"


def test_what_waits_for_the_store_since_the_start_is_no_alert_for_a_while(state: State) -> None:
    now_s, lags_s = 0.0, {"traces": 500.0, "logs": 0.0}
    engine = build_engine(state, World(), lag_s=lags_s.__getitem__, clock_s=lambda: now_s)
    for minute in range(5):
        engine.evaluate(GROUP, NOON + timedelta(minutes=minute))
    assert (state.alerts.instances(), said(state)) == ([], [])
    assert "wait in the spool" in state.alerts.evaluations()[0].problem
    now_s = 901.0
    for minute in range(5, 9):
        engine.evaluate(GROUP, NOON + timedelta(minutes=minute))
    assert said(state)[0] == ("RuleError", "firing")


# --- rules that go


def test_alerts_of_a_rule_that_is_gone_resolve(state: State) -> None:
    engine = build_engine(state, World())
    engine.evaluate(GROUP, NOON)
    engine.tidy([RULE], NOON)
    assert said(state) == [("Slow", "firing")]
    engine.tidy([], NOON + timedelta(seconds=5))
    assert said(state) == [("Slow", "firing"), ("Slow", "resolved")]
    assert state.alerts.evaluations() == []
    for minute in range(1, 18):
        engine.tidy([], NOON + timedelta(minutes=minute))
    assert (state.alerts.instances(), state.alerts.rule_uids()) == ([], set())


def test_alerts_of_a_paused_rule_resolve(state: State) -> None:
    engine = build_engine(state, World())
    engine.evaluate(GROUP, NOON)
    engine.tidy([build_rule(is_paused=True)], NOON)
    (instance,) = state.alerts.instances()
    assert (instance.state, instance.reason) == ("inactive", "Paused")


def test_rules_that_cannot_be_read_end_no_alert_of_theirs(state: State) -> None:
    engine = build_engine(state, World())
    engine.evaluate(GROUP, NOON)
    engine.tidy([], NOON + timedelta(minutes=1), problem="rules.yml:1:1: no")
    states = {one.labels["alertname"]: one.state for one in state.alerts.instances()}
    assert states == {"Slow": "error", "RuleError": "pending"}
    assert said(state)[-1] == ("Slow", "firing")
    engine.tidy([], NOON + timedelta(minutes=2))
    assert said(state)[-1] == ("Slow", "resolved")


def test_rules_that_cannot_be_read_are_an_alert_of_their_own(state: State) -> None:
    engine = build_engine(state, World())
    for quarter in range(10):
        engine.tidy([], NOON + timedelta(seconds=15 * quarter), problem="rules.yml:1:1: no")
    (alert,) = state.alerts.instances()
    assert (alert.state, alert.labels["rule"], alert.project) == ("firing", "Rules", "")
    assert "rules.yml:1:1: no" in alert.annotations["description"]
    engine.tidy([], NOON + timedelta(minutes=3))
    assert [status for _, status in said(state)] == ["firing", "resolved"]
