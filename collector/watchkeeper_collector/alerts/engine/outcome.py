"""What follows from a turn of the machine: what is to be said, and what goes into the history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper_collector.alerts.engine.identity import ALERT_NAME
from watchkeeper_collector.alerts.engine.notice import Notice, build_notice
from watchkeeper_collector.alerts.engine.transition import RESEND_DELAY
from watchkeeper_collector.alerts.rules.condition import series_of
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Event, Instance

Instances = Mapping[str, Instance]
Moved = dict[str, Instance | None]
"""Where each instance went; ``None``: it is forgotten."""


@dataclass(frozen=True, slots=True)
class Turn:
    """``validity``: how long a notice is to be believed. ``rule``: ``None`` where it is gone."""

    at: datetime
    validity: timedelta
    rule: Rule | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """All instances of the rule afterwards, by fingerprint, and what follows.

    ``problem``: why the evaluation said nothing of them.
    """

    instances: Instances
    notices: Sequence[Notice] = ()
    events: Sequence[Event] = ()
    problem: str = ""


def conclude(before: Instances, moved: Moved, turn: Turn) -> Step:
    """What is to be remembered, said and written down of where the instances went."""
    kept: dict[str, Instance] = {}
    notices: list[Notice] = []
    events: list[Event] = []
    for name, instance in sorted(moved.items()):
        known = before.get(name)
        said = _build_notices(known, instance, turn)
        notices += said
        events += _build_events(known, instance, turn)
        if instance is not None:
            is_said = said and instance.fired_at is not None
            kept[name] = replace(instance, last_sent_at=turn.at) if is_said else instance
    return Step(kept, notices, events, turn.problem)


def _build_notices(known: Instance | None, instance: Instance | None, turn: Turn) -> list[Notice]:
    """What is to be said now. Of what is pending there never is anything."""
    if instance is None:
        return []
    if instance.fired_at is not None:
        return [build_notice(instance, turn.at, turn.validity)] if _is_due(known, instance, turn.at) else []
    if (
        known is not None and known.is_firing
    ):  # it goes on as pending, so nothing else would say that it ended
        ended = replace(known, resolved_at=turn.at, reason=instance.reason)
        return [build_notice(ended, turn.at, turn.validity)]
    return []


def _is_due(known: Instance | None, instance: Instance, at: datetime) -> bool:
    was_firing = known is not None and known.is_firing
    if instance.last_sent_at is None or was_firing != instance.is_firing:
        return True
    return at - instance.last_sent_at >= RESEND_DELAY


def _build_events(known: Instance | None, instance: Instance | None, turn: Turn) -> Iterable[Event]:
    subject = instance or known
    before = known.state if known else "inactive"
    after = instance.state if instance else "inactive"
    if subject is None or before == after:
        return
    was_firing = known is not None and known.is_firing
    is_firing = instance is not None and instance.is_firing
    is_resolved = was_firing and not is_firing
    told = known if known and is_resolved else subject
    watched = series_of(turn.rule.condition) if turn.rule else None
    yield Event(
        at=turn.at,
        project=subject.project,
        rule_uid=subject.rule_uid,
        alert=subject.labels.get(ALERT_NAME, ""),
        fingerprint=subject.fingerprint,
        episode=told.episode if was_firing or is_firing else "",
        from_state=before,
        to_state=after,
        reason=subject.reason,
        measure=watched.measure if watched else "",
        filter=watched.filter if watched else "",
        labels=subject.labels,
        annotations=subject.annotations,
        value=subject.value,
        figures=subject.figures,
        links=subject.links,
        started_at=told.fired_at,
        is_resolved=is_resolved,
    )
