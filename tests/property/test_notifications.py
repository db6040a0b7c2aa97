"""Laws of notifications, over random incidents: what is paged is resolved, once each."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.alerts.notify.building import build_tree
from watchkeeper_collector.alerts.notify.channels.pagerduty import PagerDuty
from watchkeeper_collector.alerts.notify.configuration import Configuration, build_receiver
from watchkeeper_collector.alerts.notify.document import RouteDocument
from watchkeeper_collector.alerts.notify.planning import Known, plan_round
from watchkeeper_collector.alerts.notify.routing.grouping import Group
from watchkeeper_collector.alerts.notify.routing.inhibition import InhibitRule
from watchkeeper_collector.alerts.notify.routing.matchers import read_matchers
from watchkeeper_collector.state.alert_records import Notice

from tests.notify import ROUTING_KEY, at, notice

NAMES = ("A", "B", "C")
Turn = tuple[int, frozenset[str], frozenset[str], bool]
"""Seconds since the last one, what fires then, what is silenced, whether somebody acknowledged everything."""

QUIET: Turn = (400, frozenset(), frozenset(), False)

turns = st.lists(
    st.tuples(
        st.sampled_from([1, 30, 60, 300, 20_000]),
        st.frozensets(st.sampled_from(NAMES)),
        st.frozensets(st.sampled_from(NAMES)),
        st.booleans(),
    ),
    max_size=25,
)


def configuration(group_by: list[str], group_wait: str) -> Configuration:
    channel = PagerDuty.model_validate({"routing_key": ROUTING_KEY})
    receiver = build_receiver("", "pager", [channel])
    route = {"receiver": "pager", "group_by": group_by, "group_wait": group_wait}
    rule = InhibitRule(read_matchers(["alertname=A"]), read_matchers(["alertname=B"]))
    return Configuration(
        (build_tree(RouteDocument.model_validate(route), {}),), {("", "pager"): receiver}, (rule,)
    )


def play(configuration: Configuration, incident: Sequence[Turn]) -> list[tuple[str, str, frozenset[str]]]:
    """What is sent: incident, action, and the episodes that fire in it."""
    alerts: dict[str, Notice] = {}
    groups: dict[str, Group] = {}
    episodes: defaultdict[str, int] = defaultdict(int)
    sent, now, seconds = [], at(0), 0
    for pause, firing, silenced, is_acknowledged in (
        *incident,
        *[(400, frozenset(), frozenset(), False)] * 3,
    ):
        seconds += pause
        now = at(seconds)
        fresh = list(changes(alerts, firing, episodes, now))
        alerts.update({one.fingerprint: one for one in fresh})
        known = Known(
            alerts,
            fresh,
            groups,
            lambda one, silenced=silenced: one.labels["alertname"] in silenced,  # type: ignore[misc]
            {one.episode: "Ada" for one in alerts.values()} if is_acknowledged else {},
        )
        plan = plan_round(configuration, known, now)
        groups.update({group.key: group for group in plan.kept})
        for key in plan.over:
            groups.pop(key, None)
        for planned in plan.deliveries:
            said = planned.notification
            sent.append((said.key, said.action, frozenset(alert.episode for alert in said.firing)))
    assert groups == {}
    return sent


def changes(
    alerts: dict[str, Notice], firing: frozenset[str], episodes: dict[str, int], now: datetime
) -> list[Notice]:
    found = []
    for name in NAMES:
        before = alerts.get(notice(name).fingerprint)
        is_firing = before is not None and before.status == "firing"
        if name in firing and not is_firing:
            episodes[name] += 1
            found.append(notice(name, episode=episodes[name], starts_at=now, when=now))
        elif name not in firing and is_firing:
            assert before is not None
            over = {"status": "resolved", "episode": episodes[name], "starts_at": before.starts_at}
            found.append(notice(name, **over, ends_at=now, when=now))
    return found


@settings(max_examples=150, deadline=None)
@given(turns, st.sampled_from([[], ["alertname"], ["..."]]), st.sampled_from(["0s", "30s"]))
def test_every_incident_begins_with_a_trigger_and_ends_with_one_resolve(
    incident: list[Turn], group_by: list[str], group_wait: str
) -> None:
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for key, action, _ in play(configuration(group_by, group_wait), incident):
        by_key[key].append(action)
    for actions in by_key.values():
        assert actions[0] == "firing"
        assert actions.count("resolved") == 1
        assert actions[-1] == "resolved"


@settings(max_examples=150, deadline=None)
@given(turns)
def test_first_time_that_an_alert_fires_is_said_at_once(incident: list[Turn]) -> None:
    """Each alert by itself, without waiting, unless it is silenced or inhibited just then."""
    sent = play(configuration(["..."], "0s"), incident)
    said = {episode for _, action, episodes in sent if action == "firing" for episode in episodes}
    seen: set[str] = set()
    for _, firing, silenced, _ in incident:
        for name in firing - seen:
            is_held_back = name in silenced or (name == "B" and "A" in firing)
            assert is_held_back or f"{notice(name).fingerprint}-1" in said
        seen |= firing


def test_a_pause_of_a_day_says_no_incident_twice() -> None:
    day = int(timedelta(days=1).total_seconds())
    incident: list[Turn] = [(1, frozenset("C"), frozenset(), False), (day, frozenset("C"), frozenset(), True)]
    keys = [key for key, _, _ in play(configuration([], "0s"), incident)]
    assert len(set(keys)) == 1
