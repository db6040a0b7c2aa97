"""When groups are due: fixed timestamps, whoever asks and whenever."""

from datetime import timedelta

import pytest
from watchkeeper_collector.alerts.engine.schedule import Group, build_groups

from tests.alert_machine import NOON, build_rule


@pytest.mark.parametrize("interval_s", [0.5, 1.0, 15.0, 60.0, 90.0, 3600.0])
def test_timestamps_are_an_interval_apart(interval_s: float) -> None:
    group = Group("file", "", "latency", interval_s, ())
    first = group.timestamp(NOON)
    assert timedelta() <= NOON - first < group.interval
    assert group.timestamp(first) == first
    assert group.timestamp(first + group.interval) == first + group.interval
    assert group.timestamp(first + group.interval * 0.99) == first
    assert group.timestamp(first - timedelta(microseconds=1)) == first - group.interval


def test_groups_are_not_all_due_at_once() -> None:
    groups = [Group("file", "", f"group {number}", 60.0, ()) for number in range(30)]
    assert len({group.timestamp(NOON) for group in groups}) > 15


def test_rules_of_a_group_come_together_and_paused_ones_not() -> None:
    rules = [
        build_rule(uid="1", group="a"),
        build_rule(uid="2", group="b"),
        build_rule(uid="3", group="a"),
        build_rule(uid="4", group="a", interval_s=15.0),
        build_rule(uid="5", group="a", project="other"),
        build_rule(uid="6", group="a", is_paused=True),
    ]
    found = [[rule.uid for rule in group.rules] for group in build_groups(rules)]
    assert found == [["1", "3"], ["2"], ["4"], ["5"]]
