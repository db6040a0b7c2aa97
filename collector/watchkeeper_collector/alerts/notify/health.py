"""What is said of receivers that do not work: an alert like others, which goes to those that do."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watchkeeper_collector.state.alert_records import EvaluationRecord, Notice
from watchkeeper_collector.state.notification_records import TargetHealth

SELF_ALERT = "NotificationsFailing"
PATIENCE = timedelta(minutes=5)
RESEND = timedelta(minutes=1)
SHORTEST_PATIENCE = timedelta(minutes=2)
VALIDITY = timedelta(minutes=4)


def review(
    healths: Iterable[TargetHealth], known: Collection[str], now: datetime
) -> tuple[list[Notice], list[TargetHealth]]:
    """What to say now, and the healths that changed by saying it. ``known``: what targets there are."""
    notices, changed = [], []
    for health in healths:
        is_failing = health.target in known and _is_failing(health, now)
        if is_failing and (health.told_at is None or now - health.told_at >= RESEND):
            notices.append(_build_notice(health, now))
            changed.append(replace(health, told_at=now))
        elif not is_failing and health.told_at is not None:
            notices.append(replace(_build_notice(health, now), status="resolved", ends_at=now))
            changed.append(replace(health, told_at=None))
    return notices, changed


def describe_engine(evaluations: Sequence[EvaluationRecord], now: datetime) -> str:
    """What keeps alerts from being evaluated; empty: nothing does."""
    if not evaluations:
        return "No rule was evaluated yet."
    newest = max(evaluations, key=lambda one: one.evaluated_at)
    patience = max(SHORTEST_PATIENCE, 3 * timedelta(seconds=newest.interval_s))
    if now - newest.evaluated_at > patience:
        return f"No rule was evaluated since {newest.evaluated_at:%Y-%m-%d %H:%M:%S %Z}."
    if all(one.problem for one in evaluations):
        return f"No rule can be evaluated: {newest.problem}"
    return ""


def failed(health: TargetHealth, problem: str, now: datetime, *, is_gone: bool) -> TargetHealth:
    """After an attempt that was not taken."""
    disabled_at = health.disabled_at or (now if is_gone else None)
    since = health.failing_since or now
    return replace(health, failing_since=since, disabled_at=disabled_at, problem=problem)


def recovered(health: TargetHealth) -> TargetHealth:
    """After an attempt that was taken."""
    return replace(health, failing_since=None, disabled_at=None, problem="")


def _is_failing(health: TargetHealth, now: datetime) -> bool:
    is_patience_over = health.failing_since is not None and now - health.failing_since >= PATIENCE
    return health.disabled_at is not None or is_patience_over


def _build_notice(health: TargetHealth, now: datetime) -> Notice:
    fingerprint = hashlib.sha256(f"{SELF_ALERT}\0{health.target}".encode()).hexdigest()[:16]
    since = health.disabled_at or health.failing_since or health.told_at or now
    verb = "asked for no more" if health.disabled_at else "takes nothing"
    return Notice(
        fingerprint=fingerprint,
        episode=fingerprint,
        rule_uid=f"self/{SELF_ALERT}",
        project=health.project,
        status="firing",
        labels={
            "alertname": SELF_ALERT,
            "project": health.project,
            "severity": "page",
            "receiver": health.receiver,
            "target": health.target,
        },
        annotations={
            "summary": f"The receiver '{health.receiver}' {verb} since {since:%Y-%m-%d %H:%M %Z}.",
            "description": health.problem,
        },
        starts_at=since,
        ends_at=now + VALIDITY,
        value=None,
        figures={},
        links={},
        at=now,
    )
