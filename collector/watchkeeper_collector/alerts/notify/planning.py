"""One round of the router as a pure function: from what is known to groups and deliveries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchkeeper_collector.alerts.notify.configuration import Configuration, Target
from watchkeeper_collector.alerts.notify.health import SELF_ALERT
from watchkeeper_collector.alerts.notify.notification import (
    Action,
    Notification,
    build_key,
    cut_alerts,
)
from watchkeeper_collector.alerts.notify.routing.grouping import Group, Telling, flush
from watchkeeper_collector.alerts.notify.routing.inhibition import Inhibition
from watchkeeper_collector.alerts.notify.routing.routes import Route, Timing
from watchkeeper_collector.state.alert_records import Notice

DIRECT_GROUP = "direct"


@dataclass(frozen=True, slots=True)
class Known:
    """What a round begins with. ``fresh`` are the notices that came since the last one.

    ``is_silenced`` says so of an alert; ``acknowledged`` are episodes, with who took care of them; of
    ``untold`` ones the pagers do not know yet.
    """

    alerts: Mapping[str, Notice]
    fresh: Sequence[Notice]
    groups: Mapping[str, Group]
    is_silenced: Callable[[Notice], bool]
    acknowledged: Mapping[str, str]
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """A notification for one target. Of ``group_key`` nothing is said before what was said earlier."""

    target: Target
    group_key: str
    notification: Notification


@dataclass(slots=True)
class Plan:
    """Groups that are as they were are in none of the three."""

    kept: list[Group] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    deliveries: list[Planned] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """A group's place in the tree, and the alerts that go there."""

    route: Route
    labels: Mapping[str, str]
    members: list[Notice] = field(default_factory=list)


def plan_round(configuration: Configuration, known: Known, now: datetime) -> Plan:
    """What is to be said now, to whom."""
    plan = Plan()
    places = _place(configuration, known.alerts.values())
    groups = {**known.groups, **_new_groups(places, known.groups, now)}
    inhibition = Inhibition(
        configuration.inhibitions, [one.labels for one in known.alerts.values() if one.status == "firing"]
    )

    def is_held_back(notice: Notice) -> bool:
        return inhibition.holds_back(notice.labels) or known.is_silenced(notice)

    for key, group in groups.items():
        if group.flush_at <= now:
            place = places.get(key)
            _flush_group(
                plan, group, place,
                configuration=configuration, known=known, is_held_back=is_held_back, now=now,
            )  # fmt: skip
        elif key not in known.groups:
            plan.kept.append(group)
    plan.deliveries += _plan_direct(configuration, known.fresh)
    plan.deliveries += _plan_acknowledgements(configuration, known)
    return plan


def _place(configuration: Configuration, alerts: Iterable[Notice]) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    for notice in alerts:
        for route in configuration.routes_of(notice.project, notice.labels):
            labels = {**notice.labels, "project": notice.project}
            key = f"{route.project}/{route.receiver}/{route.group_key(labels)}"
            place = places.setdefault(key, _Place(route, route.group_labels(labels)))
            place.members.append(notice)
    return places


def _new_groups(places: Mapping[str, _Place], known: Mapping[str, Group], now: datetime) -> dict[str, Group]:
    """A group waits for others from when its first alert began: after an outage it waits no longer."""
    made = {}
    for key, place in places.items():
        firing = [one for one in place.members if one.status == "firing"]
        if key in known or not firing:
            continue
        began = min(one.starts_at for one in firing)
        due = max(now, min(now, began) + timedelta(seconds=place.route.timing.group_wait_s))
        made[key] = Group(
            key, firing[0].project, place.route.project, place.route.receiver, dict(place.labels), due
        )
    return made


def _flush_group(
    plan: Plan,
    group: Group,
    place: _Place | None,
    *,
    configuration: Configuration,
    known: Known,
    is_held_back: Callable[[Notice], bool],
    now: datetime,
) -> None:
    members = place.members if place else []
    is_quiet = place is not None and is_mute(place.route, now)
    flushed = flush(
        group,
        [*members, *_departed(group, members, known.alerts, now)],
        now,
        place.route.timing if place else Timing(),
        is_muted=lambda notice: is_quiet or is_held_back(notice),
        is_acknowledged=lambda notice: notice.episode in known.acknowledged,
    )
    if flushed.group is None:
        plan.over.append(group.key)
    else:
        plan.kept.append(flushed.group)
    if flushed.telling is not None:
        opened = flushed.group if flushed.group and not group.told else group
        plan.deliveries += _plan_telling(configuration, opened, flushed.telling, now)


def is_mute(route: Route, now: datetime) -> bool:
    """Whether the time keeps the route from saying that something fires."""
    if any(interval.contains(now) for interval in route.mute):
        return True
    return bool(route.active) and not any(interval.contains(now) for interval in route.active)


def _departed(
    group: Group, members: Sequence[Notice], alerts: Mapping[str, Notice], now: datetime
) -> list[Notice]:
    """What was told and goes elsewhere now, or nowhere: it is resolved here."""
    present = {one.fingerprint for one in members}
    gone = [alerts[one] for one in group.told if one not in present and one in alerts]
    return [
        one if one.status == "resolved" else replace(one, status="resolved", ends_at=now, reason="Rerouted")
        for one in gone
    ]


def _plan_telling(
    configuration: Configuration, group: Group, telling: Telling, now: datetime
) -> list[Planned]:
    shown = [*telling.firing, *telling.resolved]
    opened_at = group.opened_at or now
    notification = _build(
        group, telling.action, telling.reason, shown, build_key(group.key, group.receiver, opened_at)
    )
    return [
        Planned(target, group.key, notification)
        for target in configuration.targets_of(group.route, group.receiver)
        if not target.channel.is_direct
        and target.channel.hears(notification)
        and not _is_about(target, shown)
    ]


def _plan_direct(configuration: Configuration, fresh: Sequence[Notice]) -> list[Planned]:
    """Every notice as it is, to those who group by themselves."""
    found: dict[tuple[str, str], tuple[Target, list[Notice]]] = {}
    for notice in fresh:
        for route in configuration.routes_of(notice.project, notice.labels):
            for target in configuration.targets_of(route.project, route.receiver):
                if target.channel.is_direct and not _is_about(target, [notice]):
                    notices = found.setdefault((target.uid, notice.project), (target, []))[1]
                    notices.append(notice)
    planned = []
    for target, notices in found.values():
        project = notices[0].project
        is_firing = any(one.status == "firing" for one in notices)
        group = Group(DIRECT_GROUP, project, target.project, target.receiver, {}, notices[0].at)
        newest = list({one.fingerprint: one for one in notices}.values())
        action: Action = "firing" if is_firing else "resolved"
        key = build_key(f"{DIRECT_GROUP}/{project}", target.uid, None)
        planned += [
            Planned(target, f"{DIRECT_GROUP}/{project}", _build(group, action, "direct", part, key))
            for part in _parts(newest)
        ]
    return planned


def _plan_acknowledgements(configuration: Configuration, known: Known) -> list[Planned]:
    """Pagers are told once everything in a group that they were paged for is taken care of."""
    planned = []
    for group in known.groups.values():
        episodes = set(group.told.values())
        if not episodes & known.untold or not episodes <= set(known.acknowledged):
            continue
        shown = [known.alerts[one] for one in group.told if one in known.alerts]
        key = build_key(group.key, group.receiver, group.opened_at)
        author = known.acknowledged[min(episodes & known.untold)]
        notification = replace(_build(group, "acknowledged", "acknowledged", shown, key), author=author)
        planned += [
            Planned(target, group.key, notification)
            for target in configuration.targets_of(group.route, group.receiver)
            if shown and target.channel.hears(notification)
        ]
    return planned


def _build(group: Group, action: Action, reason: str, notices: Sequence[Notice], key: str) -> Notification:
    alerts, truncated = cut_alerts(notices)
    thread = build_key(group.key, group.receiver, None)
    return Notification(
        key, group.receiver, group.project, action, reason, group.labels, alerts, truncated, thread=thread
    )


def _is_about(target: Target, notices: Sequence[Notice]) -> bool:
    """Whether all this says is that the target itself does not work."""
    return all(
        one.labels.get("alertname") == SELF_ALERT and one.labels.get("target") == target.uid
        for one in notices
    )


def _parts(notices: Sequence[Notice], most: int = 100) -> list[Sequence[Notice]]:
    return [notices[start : start + most] for start in range(0, len(notices), most)]
