"""One alert from one evaluation to the next. Pure and total: every state meets every level."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper_collector.alerts.engine.identity import build_definition
from watchkeeper_collector.alerts.engine.reading import Reading
from watchkeeper_collector.alerts.rules.rule import NoData, Rule
from watchkeeper_collector.state.alert_records import AlertState, Family, Instance

RESEND_DELAY = timedelta(minutes=1)
"""What fires, and what resolved, is said again so often."""
RESOLVED_RETENTION = timedelta(minutes=15)
"""So long it is said again that an alert resolved."""
ERROR_HOLD_S = 120.0
"""A rule that can't be evaluated is an alert no sooner: a store that was slow once wakes nobody."""
MISSED_SENDS = 4
MILLISECOND = timedelta(milliseconds=1)

MISSING_SERIES = "MissingSeries"
NO_DATA = "NoData"
UPDATED = "Updated"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the alerts of a rule wait. ``validity``: what was seen last is believed for so long."""

    rule_uid: str
    at: datetime
    interval: timedelta
    hold: timedelta
    keep_firing: timedelta
    no_data: NoData
    definition: str

    @property
    def validity(self) -> timedelta:
        return MISSED_SENDS * max(self.interval, RESEND_DELAY)


def build_timing(rule: Rule, family: Family, at: datetime) -> Timing:
    """An error is an alert from its second evaluation on, and after minutes; what is said of data ends with
    its cause."""
    is_error = family == "error"
    hold_s = max(rule.for_s, rule.interval_s, ERROR_HOLD_S) if is_error else rule.for_s
    keep_s = rule.keep_firing_for_s if family == "condition" else 0.0
    return Timing(
        rule.uid,
        at,
        timedelta(seconds=rule.interval_s),
        timedelta(seconds=hold_s),
        timedelta(seconds=keep_s),
        rule.no_data if family == "condition" else "ok",
        build_definition(rule),
    )


def advance(
    known: Instance | None, reading: Reading | None, timing: Timing, *, has_data: bool
) -> Instance | None:
    """The instance after an evaluation; ``None``: there is nothing to know.

    Without a reading its series is missing: while others have data it has gone, otherwise nobody can tell.
    """
    instance = rebase(known, timing.at) if known else None
    if reading is not None and reading.level == "met":
        return _meet(instance, reading, timing)
    if instance is None:
        return None
    if instance.state == "inactive":
        return remember(instance, timing.at)
    if reading is not None and reading.level == "held" and instance.is_firing:
        return _refresh(instance, reading, timing)
    return _let_go(instance, reading, timing, has_data=has_data)


def rebase(instance: Instance, at: datetime) -> Instance:
    """The instance with no time that lies ahead: the clock was set back. What it waited it has waited."""
    fired_at = _past(instance.fired_at, at)
    waited = instance.fired_at - instance.active_at if instance.fired_at else timedelta()
    return replace(
        instance,
        active_at=min(instance.active_at, (fired_at or at) - waited),
        seen_at=min(instance.seen_at, at),
        fired_at=fired_at,
        resolved_at=_past(instance.resolved_at, at),
        keep_firing_since=_past(instance.keep_firing_since, at),
        last_sent_at=_past(instance.last_sent_at, at),
    )


def _past(time: datetime | None, at: datetime) -> datetime | None:
    return None if time is None else min(time, at)


def remember(instance: Instance, at: datetime) -> Instance | None:
    """A resolved alert is kept for a while, to be said again."""
    is_over = instance.resolved_at is None or at - instance.resolved_at > RESOLVED_RETENTION
    return None if is_over else instance


def resolve(instance: Instance, at: datetime, reason: str) -> Instance | None:
    """What fired has resolved; what was pending is forgotten."""
    if not instance.is_firing:
        return None
    return replace(instance, state="inactive", resolved_at=at, keep_firing_since=None, reason=reason)


def freeze(instance: Instance, at: datetime, state: AlertState) -> Instance | None:
    """Nothing can be said of it: it stays what it is."""
    instance = rebase(instance, at)
    return remember(instance, at) if instance.state == "inactive" else replace(instance, state=state)


def _meet(instance: Instance | None, reading: Reading, timing: Timing) -> Instance:
    if instance is None or instance.state == "inactive":
        instance = _begin(instance, reading, timing)
    elif not instance.is_firing:
        instance = _without_gap(instance, timing)
    instance = _refresh(instance, reading, timing)
    is_due = timing.at - instance.active_at >= timing.hold
    if instance.is_firing:
        return instance if is_due else _demote(instance)
    return _fire(instance, timing.at) if is_due else replace(instance, state="pending")


def _begin(before: Instance | None, reading: Reading, timing: Timing) -> Instance:
    return Instance(
        reading.fingerprint,
        timing.rule_uid,
        reading.project,
        reading.labels,
        reading.annotations,
        "pending",
        timing.at,
        timing.at,
        family=reading.family,
        episode=before.episode if before else "",
    )


def _without_gap(instance: Instance, timing: Timing) -> Instance:
    """While nobody looked for longer than is believed, the condition did not hold for what it knows."""
    gap = timing.at - instance.seen_at
    if gap <= timing.validity:
        return instance
    return replace(instance, active_at=min(timing.at, instance.active_at + gap - timing.interval))


def _refresh(instance: Instance, reading: Reading, timing: Timing) -> Instance:
    return replace(
        instance,
        state="firing" if instance.is_firing else instance.state,
        annotations=reading.annotations,
        value=reading.value,
        figures=reading.figures,
        links=reading.links,
        seen_at=timing.at,
        keep_firing_since=None,
        reason="",
        definition=timing.definition,
    )


def _fire(instance: Instance, at: datetime) -> Instance:
    episode = _next_episode(instance, at)
    return replace(instance, state="firing", fired_at=at, episode=episode, last_sent_at=None)


def _next_episode(instance: Instance, at: datetime) -> str:
    """Named by when it fired; later than the one before, even if the clock was set back."""
    fired_ms = round(at.timestamp() * 1000)
    _, _, before_ms = instance.episode.rpartition("-")
    return f"{instance.fingerprint}-{max(fired_ms, int(before_ms or 0) + 1)}"


def _demote(instance: Instance) -> Instance:
    """The rule's ``for`` was lengthened: the condition has not held for so long."""
    return replace(instance, state="pending", fired_at=None, last_sent_at=None, reason=UPDATED)


def _let_go(
    instance: Instance, reading: Reading | None, timing: Timing, *, has_data: bool
) -> Instance | None:
    if instance.family != "condition":
        return _cease(instance, timing, "")
    if reading is None and instance.definition != timing.definition:
        return resolve(instance, timing.at, UPDATED)
    is_missing = reading is None and has_data
    is_silent = not is_missing and (reading is None or reading.level == "no_data")
    if timing.no_data == "ok":
        reason = MISSING_SERIES if is_missing else NO_DATA if is_silent else ""
        return _cease(instance, timing, reason)
    if is_silent:
        return replace(instance, state="no_data", reason=NO_DATA)
    if is_missing and instance.reason != MISSING_SERIES:  # once may be chance
        return replace(instance, state="no_data", reason=MISSING_SERIES)
    return _cease(instance, timing, MISSING_SERIES if is_missing else "")


def _cease(instance: Instance, timing: Timing, reason: str) -> Instance | None:
    """The condition holds no more: what fires goes on for a while if the rule says so."""
    since = instance.keep_firing_since or timing.at
    if instance.is_firing and timing.at - since < timing.keep_firing:
        return replace(instance, state="recovering", keep_firing_since=since, reason=reason)
    return resolve(instance, timing.at, reason)
