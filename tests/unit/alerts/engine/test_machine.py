"""The state machine: times, identities, what is no recovery."""

from datetime import timedelta
from typing import Any

import pytest
from watchkeeper_collector.alerts.engine.machine import PAUSED, RULE_DELETED, hold, retire
from watchkeeper_collector.alerts.evaluation.sample import Sample

from tests.alert_machine import NOON, Machine, build_rule, sample

FIRING, RESOLVED = ("Slow", "firing"), ("Slow", "resolved")
MET, CLEAR, HELD, SILENT = (sample(level, model="gpt") for level in ("met", "clear", "held", "no_data"))
OTHER = sample("clear", model="other")


def machine(**facts: Any) -> Machine:
    return Machine(build_rule(**facts))


# --- pending, firing, recovering


def test_alert_fires_once_it_held_for_as_long_as_the_rule_says() -> None:
    alerts = machine(for_s=120)
    for minute, state in enumerate(["pending", "pending", "firing", "firing"]):
        alerts.evaluate(minute, [MET])
        assert alerts.states() == {"Slow gpt": state}
    assert alerts.said() == [FIRING, FIRING]
    first, second = alerts.notices
    assert (first.at - NOON, second.at - NOON) == (timedelta(minutes=2), timedelta(minutes=3))
    assert first.episode == second.episode


def test_alert_without_a_wait_fires_at_once() -> None:
    alerts = machine()
    (notice,) = alerts.evaluate(0, [MET])
    assert notice.labels == {"alertname": "Slow", "model": "gpt", "project": "shop", "severity": "page"}
    assert notice.annotations == {"summary": "gpt is slow: 7"}
    assert (notice.status, notice.starts_at, notice.value) == ("firing", NOON, 7.0)
    assert notice.ends_at == NOON + timedelta(minutes=4), "four evaluations may fail to say it again"
    assert (notice.figures, notice.links) == ({"threshold": 5.0}, {"traces": "/traces"})


def test_pending_alert_whose_condition_ceases_is_dropped_without_a_word() -> None:
    alerts = machine(for_s=120)
    alerts.evaluate(0, [MET])
    alerts.evaluate(1, [CLEAR])
    assert (alerts.states(), alerts.said()) == ({}, [])
    alerts.evaluate(2, [MET])
    alerts.evaluate(3, [MET])
    assert alerts.states() == {"Slow gpt": "pending"}, "the wait begins anew"


def test_alert_goes_on_firing_for_as_long_as_the_rule_says() -> None:
    alerts = machine(keep_firing_for_s=120)
    states = []
    for minute, found in enumerate([MET, CLEAR, CLEAR, MET, CLEAR, CLEAR, CLEAR]):
        alerts.evaluate(minute, [found])
        states.append(alerts.states()["Slow gpt"])
    assert states == [
        "firing", "recovering", "recovering", "firing", "recovering", "recovering", "inactive",
    ]  # fmt: skip
    assert alerts.said()[-1] == RESOLVED
    assert alerts.said().count(RESOLVED) == 1
    assert alerts.notices[-1].ends_at == NOON + timedelta(minutes=6)


def test_hysteresis_keeps_what_fires_and_starts_nothing() -> None:
    alerts = machine(for_s=60)
    alerts.evaluate(0, [HELD])
    assert alerts.states() == {}
    alerts.evaluate(1, [MET])
    alerts.evaluate(2, [HELD])
    assert alerts.states() == {}, "the condition did not hold for a minute"
    alerts.evaluate(3, [MET])
    alerts.evaluate(4, [MET])
    alerts.evaluate(5, [HELD])
    assert alerts.states() == {"Slow gpt": "firing"}
    alerts.evaluate(6, [CLEAR])
    assert alerts.states() == {"Slow gpt": "inactive"}


def test_hysteresis_ends_a_recovery() -> None:
    alerts = machine(keep_firing_for_s=120)
    for minute, found in enumerate([MET, CLEAR, HELD, CLEAR, CLEAR]):
        alerts.evaluate(minute, [found])
    assert alerts.states() == {"Slow gpt": "recovering"}, "since the third minute"


def test_series_are_apart() -> None:
    alerts = machine(for_s=60)
    one, two = sample(model="one"), sample(model="two")
    alerts.evaluate(0, [one])
    alerts.evaluate(1, [one, two])
    assert alerts.states() == {"Slow one": "firing", "Slow two": "pending"}


# --- saying it again


def test_firing_alert_is_said_again_every_minute_and_no_sooner() -> None:
    alerts = machine(interval_s=15.0)
    said = [bool(alerts.evaluate(quarter / 4, [MET])) for quarter in range(9)]
    assert said == [True, False, False, False, True, False, False, False, True]
    assert alerts.notices[0].ends_at == NOON + timedelta(minutes=4)


def test_resolved_alert_is_said_again_for_a_quarter_of_an_hour() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    for minute in range(1, 20):
        alerts.evaluate(minute, [CLEAR])
    resolved = [notice for notice in alerts.notices if notice.status == "resolved"]
    assert [notice.at for notice in resolved] == [NOON + timedelta(minutes=minute) for minute in range(1, 17)]
    assert {(notice.episode, notice.ends_at) for notice in resolved} == {
        (alerts.notices[0].episode, NOON + timedelta(minutes=1))
    }
    assert alerts.instances == {}


def test_alert_that_fires_again_is_another_episode() -> None:
    alerts = machine()
    for minute, found in enumerate([MET, CLEAR, MET]):
        alerts.evaluate(minute, [found])
    first, resolved, second = alerts.notices
    assert first.fingerprint == second.fingerprint
    assert first.episode == resolved.episode != second.episode
    assert second.starts_at == NOON + timedelta(minutes=2)


# --- errors


def test_error_freezes_states_and_goes_on_saying_what_fires() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    for minute in range(1, 11):
        alerts.evaluate(minute, problem="The store is away.")
    assert alerts.states() == {"Slow gpt": "error", "RuleError": "firing"}
    assert RESOLVED not in alerts.said()
    assert alerts.said().count(FIRING) == 11
    error = next(notice for notice in alerts.notices if notice.labels["alertname"] == "RuleError")
    assert error.labels == {"alertname": "RuleError", "rule": "Slow", "project": "shop", "severity": "page"}
    assert "The store is away." in error.annotations["description"]
    assert error.at == NOON + timedelta(minutes=3), "a store that is slow for two minutes wakes nobody"
    alerts.evaluate(11, [MET])
    assert alerts.states() == {"Slow gpt": "firing", "RuleError": "inactive"}
    alerts.evaluate(12, [CLEAR])
    assert alerts.states() == {"Slow gpt": "inactive", "RuleError": "inactive"}


def test_error_that_passes_by_itself_is_not_said() -> None:
    alerts = machine()
    alerts.evaluate(0, problem="The store is away.")
    assert alerts.states() == {"RuleError": "pending"}
    alerts.evaluate(1)
    assert (alerts.states(), alerts.said()) == ({}, [])


def test_data_that_are_on_their_way_since_the_start_freeze_states_and_are_no_alert() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    for minute in range(1, 11):
        alerts.evaluate(minute, problem="The data wait in the spool.", is_waiting=True)
    assert alerts.states() == {"Slow gpt": "error"}
    assert alerts.said() == [FIRING] * 11
    alerts.evaluate(11, [CLEAR])
    assert alerts.said()[-1] == RESOLVED


def test_short_error_does_not_start_the_wait_anew() -> None:
    alerts = machine(for_s=180)
    alerts.evaluate(0, [MET])
    alerts.evaluate(1, problem="A query took too long.")
    assert alerts.states()["Slow gpt"] == "error"
    alerts.evaluate(2, [MET])
    assert alerts.states()["Slow gpt"] == "pending"
    alerts.evaluate(3, [MET])
    assert alerts.states()["Slow gpt"] == "firing"


def test_time_that_nobody_watched_is_no_waiting() -> None:
    alerts = machine(for_s=300)
    alerts.evaluate(0, [MET])
    alerts.evaluate(1, [MET])
    alerts.evaluate(61, [MET])  # an hour later
    assert alerts.states() == {"Slow gpt": "pending"}
    for minute in (62, 63, 64):
        alerts.evaluate(minute, [MET])
    assert alerts.states() == {"Slow gpt": "firing"}, "one minute before, three after, and that of the hour"


def test_firing_alert_outlasts_any_outage() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    alerts.evaluate(60 * 24 * 7, [MET])
    assert alerts.said() == [FIRING, FIRING]
    assert len({notice.episode for notice in alerts.notices}) == 1


def test_two_series_with_the_same_labels_are_an_error() -> None:
    alerts = machine(labels={"model": "any"})
    alerts.evaluate(0, [sample(model="a"), sample(model="b")])
    assert alerts.problem.startswith("Two series have the same labels (alertname=")
    assert alerts.states() == {"RuleError any": "pending"}


def test_more_series_than_the_limit_clear_all_and_are_an_error() -> None:
    alerts = machine(limit=1)
    one, two = sample(model="one"), sample(model="two")
    alerts.evaluate(0, [one])
    alerts.evaluate(1, [one, two])
    assert alerts.problem == "2 series alert, more than the limit of 1: all of them were cleared."
    assert alerts.states() == {"Slow one": "inactive", "RuleError": "pending"}
    assert alerts.said() == [FIRING, RESOLVED]
    assert alerts.notices[-1].reason == "LimitExceeded"
    alerts.evaluate(2, [one, two])
    assert alerts.said().count(RESOLVED) == 2, "said again, not resolved again"
    alerts.evaluate(3, [one])
    assert alerts.states() == {"Slow one": "firing"}


# --- no data


def test_without_data_an_alert_resolves_by_default() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    alerts.evaluate(1, [SILENT])
    assert alerts.states() == {"Slow gpt": "inactive"}
    assert alerts.notices[-1].reason == "NoData"


def test_without_data_an_alert_stays_what_it_is_if_the_rule_says_so() -> None:
    alerts = machine(no_data="keep", keep_firing_for_s=60)
    alerts.evaluate(0, [MET])
    for minute in range(1, 6):
        alerts.evaluate(minute, [SILENT])
    assert alerts.states() == {"Slow gpt": "no_data"}
    assert alerts.said() == [FIRING] * 6
    alerts.evaluate(6, [CLEAR])
    assert alerts.states() == {"Slow gpt": "recovering"}


def test_without_any_series_nobody_can_tell_if_the_rule_says_so() -> None:
    alerts = machine(no_data="keep")
    alerts.evaluate(0, [MET])
    for minute in range(1, 6):
        alerts.evaluate(minute, [Sample({"project": "shop"}, "no_data", None)])
    assert alerts.states() == {"Slow gpt": "no_data"}


def test_lack_of_data_is_an_alert_of_its_own_if_the_rule_says_so() -> None:
    alerts = machine(no_data="alert", for_s=60)
    alerts.evaluate(0, [MET])
    alerts.evaluate(1, [MET])
    alerts.evaluate(2, [SILENT])
    assert alerts.states() == {"Slow gpt": "no_data", "NoData gpt": "pending"}
    alerts.evaluate(3, [SILENT])
    assert alerts.states() == {"Slow gpt": "no_data", "NoData gpt": "firing"}
    silence = alerts.notices[-2]
    assert silence.labels == {
        "alertname": "NoData", "rule": "Slow", "model": "gpt", "project": "shop", "severity": "page",
    }  # fmt: skip
    alerts.evaluate(4, [MET])
    assert alerts.states() == {"Slow gpt": "firing", "NoData gpt": "inactive"}
    assert RESOLVED not in alerts.said()


@pytest.mark.parametrize(("no_data", "evaluations"), [("ok", 1), ("keep", 2), ("alert", 2)])
def test_series_that_is_missing_while_others_have_data_resolves(no_data: str, evaluations: int) -> None:
    alerts = machine(no_data=no_data)
    alerts.evaluate(0, [MET, OTHER])
    for minute in range(1, evaluations + 1):
        assert alerts.states() == {"Slow gpt": "firing" if minute == 1 else "no_data"}
        alerts.evaluate(minute, [OTHER])
    assert alerts.states() == {"Slow gpt": "inactive"}
    assert alerts.notices[-1].reason == "MissingSeries"


# --- rules that change


def test_rule_whose_wait_was_lengthened_ends_an_episode_that_is_too_young() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    alerts.rule = build_rule(for_s=120)
    alerts.evaluate(1, [MET])
    assert alerts.states() == {"Slow gpt": "pending"}
    assert (alerts.said()[-1], alerts.notices[-1].reason) == (RESOLVED, "Updated")
    alerts.evaluate(2, [MET])
    assert alerts.said()[-1] == FIRING
    assert alerts.notices[0].episode == alerts.notices[1].episode != alerts.notices[2].episode


def test_rule_with_other_labels_ends_its_alerts_and_begins_anew() -> None:
    alerts = machine(keep_firing_for_s=600)
    alerts.evaluate(0, [MET])
    alerts.rule = build_rule(labels={"severity": "ticket"}, keep_firing_for_s=600)
    alerts.evaluate(1, [MET])
    ended = [notice for notice in alerts.notices if notice.status == "resolved"]
    assert [(notice.labels["severity"], notice.reason) for notice in ended] == [("page", "Updated")]
    begun = [notice for notice in alerts.notices if notice.labels["severity"] == "ticket"]
    assert [notice.status for notice in begun] == ["firing"]


def test_label_with_the_value_in_it_makes_another_alert_of_each_value() -> None:
    alerts = machine(labels={"level": "{{ value | round }}"}, keep_firing_for_s=600)
    alerts.evaluate(0, [sample(value=6.0)])
    alerts.evaluate(1, [sample(value=7.0)])
    assert sorted(one.state for one in alerts.instances.values()) == ["firing", "recovering"]


@pytest.mark.parametrize("reason", [PAUSED, RULE_DELETED])
def test_alerts_of_a_rule_that_is_gone_resolve_with_the_reason(reason: str) -> None:
    alerts = machine(keep_firing_for_s=600)
    alerts.evaluate(0, [MET])
    ended = retire(alerts.instances, NOON + timedelta(seconds=30), reason)
    assert [(notice.status, notice.reason) for notice in ended.notices] == [("resolved", reason)]
    again = retire(ended.instances, NOON + timedelta(seconds=40), reason)
    assert (again.notices, again.events) == ([], [])
    assert retire(again.instances, NOON + timedelta(minutes=16), reason).instances == {}


def test_pending_alert_of_a_rule_that_is_gone_is_forgotten() -> None:
    alerts = machine(for_s=600)
    alerts.evaluate(0, [MET])
    ended = retire(alerts.instances, NOON + timedelta(seconds=30), PAUSED)
    assert (ended.instances, ended.notices) == ({}, [])


def test_alert_of_a_rule_that_nobody_knows_at_present_goes_on() -> None:
    alerts = machine()
    alerts.evaluate(0, [MET])
    held = hold(alerts.instances, NOON + timedelta(minutes=1))
    assert [notice.status for notice in held.notices] == ["firing"]
    assert [one.state for one in held.instances.values()] == ["error"]


# --- clocks


def test_clock_that_is_set_back_delays_nothing_and_ends_nothing() -> None:
    alerts = machine(for_s=120)
    for minute in (100, 101, 102):
        alerts.evaluate(minute, [MET])
    assert alerts.said() == [FIRING]
    for minute in (101.5, 2):
        alerts.evaluate(minute, [MET])
        assert alerts.states() == {"Slow gpt": "firing"}
    assert len({notice.episode for notice in alerts.notices}) == 1


def test_clock_that_is_set_back_makes_a_pending_alert_wait_anew() -> None:
    alerts = machine(for_s=120)
    for minute in (100, 101, 2, 3):
        alerts.evaluate(minute, [MET])
        assert alerts.states() == {"Slow gpt": "pending"}
    alerts.evaluate(4, [MET])
    assert alerts.states() == {"Slow gpt": "firing"}


def test_clock_that_is_set_back_while_an_alert_fires_at_once() -> None:
    alerts = machine()
    alerts.evaluate(100, [MET])
    for minute in (0, 1):
        alerts.evaluate(minute, [MET])
    assert alerts.said() == [FIRING] * 2
    alerts.evaluate(2, [CLEAR])
    resolved = alerts.notices[-1]
    assert resolved.episode == alerts.notices[0].episode
    assert resolved.starts_at <= resolved.ends_at == NOON + timedelta(minutes=2)


def test_clock_that_jumps_ahead_fires_nothing_by_itself() -> None:
    alerts = machine(for_s=300)
    alerts.evaluate(0, [MET])
    alerts.evaluate(100_000, [MET])
    assert alerts.states() == {"Slow gpt": "pending"}


# --- what is written down


def test_every_change_of_a_state_is_an_event() -> None:
    alerts = machine(for_s=60, keep_firing_for_s=60)
    for minute, found in enumerate([MET, MET, CLEAR, MET, CLEAR, CLEAR]):
        alerts.evaluate(minute, [found])
    assert [(event.from_state, event.to_state, event.is_resolved) for event in alerts.events] == [
        ("inactive", "pending", False),
        ("pending", "firing", False),
        ("firing", "recovering", False),
        ("recovering", "firing", False),
        ("firing", "recovering", False),
        ("recovering", "inactive", True),
    ]
    assert {event.episode for event in alerts.events[1:]} == {alerts.notices[0].episode}
    assert alerts.events[0].episode == ""
    last = alerts.events[-1]
    assert (last.alert, last.measure, last.filter) == ("Slow", "latency_p95_ms", "environment:production")
    assert last.started_at == NOON + timedelta(minutes=1)


def test_numbers_that_json_does_not_have_are_kept_out() -> None:
    alerts = machine()
    found = Sample({"project": "shop"}, "met", float("inf"), {"before": float("nan"), "ratio": 2.0})
    (notice,) = alerts.evaluate(0, [found])
    assert (notice.value, notice.figures) == (None, {"before": "nan", "ratio": 2.0})


def test_empty_labels_are_none() -> None:
    alerts = machine()
    (notice,) = alerts.evaluate(0, [sample(model="")])
    assert "model" not in notice.labels


def test_template_that_fails_is_told_and_not_an_error() -> None:
    alerts = machine(annotations={"summary": "{{ figures.unknown / 0 }}"})
    (notice,) = alerts.evaluate(0, [MET])
    assert notice.annotations["summary"].startswith("<error expanding template:")
    assert alerts.problem == ""
