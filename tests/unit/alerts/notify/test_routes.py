"""The tree of routes, inhibition, and what is said of a group when."""

from datetime import timedelta

import pytest
from watchkeeper_collector.alerts.notify.building import build_tree
from watchkeeper_collector.alerts.notify.document import RouteDocument
from watchkeeper_collector.alerts.notify.routing.grouping import Group, Telling, flush
from watchkeeper_collector.alerts.notify.routing.inhibition import Inhibition, InhibitRule
from watchkeeper_collector.alerts.notify.routing.matchers import read_matchers
from watchkeeper_collector.alerts.notify.routing.routes import Timing
from watchkeeper_collector.state.alert_records import Notice

from tests.notify import T0, at, notice

TREE = build_tree(
    RouteDocument.model_validate(
        {
            "receiver": "default",
            "group_by": ["alertname"],
            "group_wait": "10s",
            "routes": [
                {"matchers": ['severity="page"'], "receiver": "pager", "continue": True, "group_wait": "0s"},
                {
                    "matchers": ['team=~"a|b"'],
                    "receiver": "teams",
                    "group_by": ["..."],
                    "routes": [{"matchers": ['team="b"'], "receiver": "team-b"}],
                },
                {"matchers": ['severity="page"'], "receiver": "never"},
            ],
        }
    ),
    {},
)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["default"]),
        ({"severity": "page"}, ["pager", "never"]),
        ({"team": "a"}, ["teams"]),
        ({"team": "b"}, ["team-b"]),
        ({"team": "b", "severity": "page"}, ["pager", "team-b"]),
        ({"team": "c", "severity": "warning"}, ["default"]),
    ],
)
def test_alert_goes_where_alertmanager_would_send_it(labels: dict[str, str], receivers: list[str]) -> None:
    assert [route.receiver for route in TREE.find(labels)] == receivers


def test_child_takes_over_what_it_does_not_say() -> None:
    (team_b,) = TREE.find({"team": "b"})
    assert team_b.group_by == ("...",)
    assert team_b.timing == Timing(10.0, 300.0, 14_400.0)


def test_groups_are_by_the_labels_that_are_named_and_by_project() -> None:
    labels = {"alertname": "A", "project": "shop", "model": "m", "team": "z"}
    (route,) = TREE.find(labels)
    assert route.group_labels(labels) == {"alertname": "A", "project": "shop"}
    (alone,) = TREE.find({**labels, "team": "a"})
    assert alone.group_labels({**labels, "team": "a"}) == {**labels, "team": "a"}


def test_routes_that_match_alike_have_keys_of_their_own() -> None:
    paths = [route.path for route in TREE.walk()]
    assert len(set(paths)) == len(paths)


# --- inhibition

SOURCE, TARGET = {"alertname": "Outage"}, {"alertname": "Errors"}


def inhibition(*firing: dict[str, str], equal: tuple[str, ...] = ("provider",)) -> Inhibition:
    rule = InhibitRule(
        read_matchers(["alertname=Outage"]), read_matchers(['alertname=~"Errors|Outage"']), equal
    )
    return Inhibition([rule], firing)


@pytest.mark.parametrize(
    ("firing", "labels", "expected"),
    [
        ([SOURCE], TARGET, True),
        ([], TARGET, False),
        ([SOURCE | {"provider": "x"}], TARGET | {"provider": "x"}, True),
        ([SOURCE | {"provider": "x"}], TARGET | {"provider": "y"}, False),
        ([SOURCE | {"provider": "x"}], TARGET, False),
        ([SOURCE | {"project": "shop"}], TARGET | {"project": "other"}, False),
        ([SOURCE], {"alertname": "Latency"}, False),
        ([SOURCE], SOURCE, False),  # what is on both sides does not inhibit its like
    ],
)
def test_inhibition_by_truth_table(
    firing: list[dict[str, str]], labels: dict[str, str], *, expected: bool
) -> None:
    assert inhibition(*firing).holds_back(labels) is expected


# --- groups

TIMING = Timing(group_wait_s=30, group_interval_s=300, repeat_interval_s=3600)
A, B = notice("A"), notice("B")


def over(one: Notice, seconds: float = 60) -> Notice:
    return notice(one.labels["alertname"], status="resolved", ends_at=at(seconds))


def turn(
    group: Group, *members: Notice, seconds: float = 30, muted: tuple[Notice, ...] = (), acked: bool = False
) -> tuple[Group | None, Telling | None]:
    found = flush(
        group,
        members,
        at(seconds),
        TIMING,
        is_muted=lambda one: one in muted,
        is_acknowledged=lambda one: acked,
    )
    return found.group, found.telling


@pytest.fixture
def group() -> Group:
    return Group("key", "shop", "", "pager", {}, flush_at=at(30))


@pytest.fixture
def told(group: Group) -> Group:
    """A group whose alert A was said to fire."""
    after, telling = turn(group, A)
    assert after is not None
    assert telling is not None
    return after


def said(telling: Telling | None) -> tuple[str, str, int, int] | None:
    if telling is None:
        return None
    return telling.action, telling.reason, len(telling.firing), len(telling.resolved)


def test_first_flush_says_what_fires(group: Group) -> None:
    after, telling = turn(group, A, B)
    assert said(telling) == ("firing", "first", 2, 0)
    assert after is not None
    assert after.flush_at == at(330)
    assert after.opened_at == at(30)


def test_what_resolved_before_it_was_said_is_never_said(group: Group) -> None:
    assert turn(group, over(A)) == (None, None)


def test_nothing_new_is_nothing_said(told: Group) -> None:
    after, telling = turn(told, A, seconds=330)
    assert telling is None
    assert after is not None
    assert after.flush_at == at(630)


def test_another_alert_is_news(told: Group) -> None:
    assert said(turn(told, A, B, seconds=330)[1]) == ("firing", "new_alerts", 2, 0)


def test_alert_that_fires_again_is_news(told: Group) -> None:
    again = notice("A", episode=2)
    assert said(turn(told, again, seconds=330)[1]) == ("firing", "new_alerts", 1, 0)


def test_one_of_two_resolved(told: Group) -> None:
    both, _ = turn(told, A, B, seconds=330)
    assert both is not None
    after, telling = turn(both, A, over(B), seconds=630)
    assert said(telling) == ("firing", "some_resolved", 1, 1)
    assert after is not None
    assert set(after.told) == {A.fingerprint}


def test_all_resolved_ends_the_group(told: Group) -> None:
    after, telling = turn(told, over(A), seconds=330)
    assert said(telling) == ("resolved", "all_resolved", 0, 1)
    assert after is None


def test_it_is_said_again_after_the_repeat_interval(told: Group) -> None:
    assert turn(told, A, seconds=3600)[1] is None
    after, telling = turn(told, A, seconds=3630)
    assert said(telling) == ("firing", "repeat", 1, 0)
    assert after is not None
    assert after.opened_at == told.opened_at


def test_acknowledged_alert_is_not_said_again_but_news_are(told: Group) -> None:
    assert turn(told, A, seconds=9000, acked=True)[1] is None
    assert said(turn(told, A, B, seconds=9000, acked=True)[1]) == ("firing", "new_alerts", 2, 0)
    assert said(turn(told, over(A), seconds=9000, acked=True)[1]) == ("resolved", "all_resolved", 0, 1)


def test_muted_alert_is_not_said_until_it_is_heard(group: Group) -> None:
    after, telling = turn(group, A, muted=(A,))
    assert telling is None
    assert after is not None
    assert said(turn(after, A, seconds=330)[1]) == ("firing", "first", 1, 0)


def test_what_was_said_is_said_to_resolve_within_a_silence(told: Group) -> None:
    after, telling = turn(told, A, seconds=330, muted=(A,))
    assert telling is None
    assert after is not None
    resolved = over(A)
    assert said(turn(after, resolved, seconds=630, muted=(resolved,))[1]) == (
        "resolved", "all_resolved", 0, 1,
    )  # fmt: skip


def test_next_incident_has_a_beginning_of_its_own(told: Group) -> None:
    waiting, telling = turn(told, over(A), notice("C"), seconds=330, muted=(notice("C"),))
    assert said(telling) == ("resolved", "all_resolved", 0, 1)
    assert waiting is not None
    after, telling = turn(waiting, notice("C"), seconds=630)
    assert said(telling) == ("firing", "first", 1, 0)
    assert after is not None
    assert after.opened_at == at(630)


def test_group_keeps_its_beat_after_a_pause(told: Group) -> None:
    after, _ = turn(told, A, seconds=1000)
    assert after is not None
    assert after.flush_at == at(1230)


def test_interval_of_nothing_does_not_spin(group: Group) -> None:
    found = flush(
        group, [A], at(30), Timing(0, 0, 0), is_muted=lambda _: False, is_acknowledged=lambda _: False
    )
    assert found.group is not None
    assert found.group.flush_at >= T0 + timedelta(seconds=30)
