"""Alerts: what fires, what did, and how their evaluation is."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Literal, cast
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Query

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.alert_models import (
    Alert,
    AlertEvent,
    AlertingStatus,
    Chart,
    Episode,
    GroupStatus,
    RuleStatus,
    State,
)
from watchkeeper_collector.api.alert_past import list_episodes, list_events
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.alert_history import Wanted
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.state.alert_records import EvaluationRecord, Instance
from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.keys import Principal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SHORTEST_CHART = timedelta(hours=1)
HIDDEN_PROBLEM = "The rule can't be evaluated; an administrator can see why."
WINDOWS_BEFORE = 12
"""So many of the rule's windows are shown before the alert began."""

Fingerprint = Annotated[str, Query(description="Of one alert; empty: all.")]
RuleName = Annotated[str, Query(description="A rule by its uid or alert name; empty: all.")]
LabelFilter = Annotated[
    list[str],
    Query(description="`name=value`, or `name!=value`; all must hold.", examples=[["severity=page"]]),
]
Start = Annotated[str, Query(description="RFC 3339 or relative, such as `-24h`.")]
End = Annotated[str, Query(description="Likewise; what is at it is left out.")]


@dataclass(frozen=True, slots=True)
class Alerting:
    """What the router tells of. ``problem``: why the newest rule files were not taken."""

    alerts: Alerts
    source: Source
    problem: Callable[[], str] = lambda: ""
    is_enabled: bool = True


def build_router(alerting: Alerting, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what ages and relative times count from."""
    router = APIRouter(prefix="/alerts", tags=["alerts"])
    _add_past(router, alerting, now_ns)
    _add_present(router, alerting, now_ns)
    return router


def _add_past(router: APIRouter, alerting: Alerting, now_ns: Callable[[], int]) -> None:
    @router.get("/events")
    def list_alert_events(
        caller: Reader,
        *,
        start: Start = "-24h",
        end: End = "now",
        rule: RuleName = "",
        fingerprint: Fingerprint = "",
        measure: str = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[AlertEvent]:
        """List changes of alerts' states, the newest first. While the store is away: those of 30 days."""
        window = read_window(start or "-24h", end or "now", now_ns())
        wanted = Wanted(_projects(caller), window, rule, fingerprint, measure)
        return list_events(alerting.source, alerting.alerts, wanted, limit=limit, cursor=cursor)

    @router.get("/episodes")
    def list_alert_episodes(
        caller: Reader,
        *,
        start: Start = "-24h",
        end: End = "now",
        rule: RuleName = "",
        fingerprint: Fingerprint = "",
        measure: Annotated[str, Query(description="Of rules about this measure only.")] = "",
        limit: Limit = 100,
    ) -> Page[Episode]:
        """List the times in which alerts fired, as far as they overlap the window, the newest first."""
        window = read_window(start or "-24h", end or "now", now_ns())
        wanted = Wanted(_projects(caller), window, rule, fingerprint, measure)
        return Page(items=list_episodes(alerting.source, alerting.alerts, wanted, limit=limit))

    @router.get("/status")
    def get_alerting_status(caller: Reader) -> AlertingStatus:
        """How the evaluation of rules is: by group, what it last took and what was wrong."""
        records = alerting.alerts.evaluations([caller.project, ""])
        return AlertingStatus(
            is_enabled=alerting.is_enabled,
            rules_problem=alerting.problem() if caller.allows("admin") else "",
            outbox_depth=alerting.alerts.outbox_depth(),
            states=alerting.alerts.count_states(_projects(caller)),
            groups=_build_groups(map(partial(_shown, caller), records)),
        )


def _add_present(router: APIRouter, alerting: Alerting, now_ns: Callable[[], int]) -> None:
    @router.get("")
    def list_alerts(
        caller: Reader,
        *,
        state: Annotated[
            list[State] | None, Query(description="Repeat it for several; without: all but inactive.")
        ] = None,
        is_firing: Annotated[bool | None, Query(description="Only what fires, or what does not.")] = None,
        rule: RuleName = "",
        label: LabelFilter = [],  # noqa: B006 - FastAPI copies it
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[Alert]:
        """List alerts, the newest first. One that resolved stays as `inactive` for a quarter of an hour."""
        keeps = [_read_label(text) for text in label]
        found = [
            instance
            for instance in alerting.alerts.instances(_projects(caller))
            if (instance.state in state if state else instance.state != "inactive")
            and is_firing in (None, instance.is_firing)
            and rule in ("", instance.rule_uid, instance.labels.get("alertname", ""))
            and all(keep(instance) for keep in keeps)
        ]
        return _page(found, _now(now_ns), limit=limit, cursor=cursor)

    @router.get("/{fingerprint}")
    def get_alert(caller: Reader, fingerprint: str) -> Alert:
        """Look at one alert."""
        return _render(alerting.alerts.find(_projects(caller), fingerprint), _now(now_ns))


def _projects(caller: Principal) -> Sequence[str]:
    """Alerts about the operator's own rules are the administrator's."""
    return [caller.project, ""] if caller.allows("admin") else [caller.project]


def _shown(caller: Principal, record: EvaluationRecord) -> EvaluationRecord:
    """What is wrong with a rule over all projects may speak of others."""
    is_hidden = record.problem and not record.project and not caller.allows("admin")
    return replace(record, problem=HIDDEN_PROBLEM) if is_hidden else record


def _read_label(text: str) -> Callable[[Instance], bool]:
    name, sign, value = text.partition("=")
    is_negated = name.endswith("!")
    name = name.removesuffix("!").strip()
    if not sign or not name:
        raise InvalidRequestError(f"'{text[:100]}' is no condition on a label. Expected name=value.")
    return lambda instance: (instance.labels.get(name, "") == value) != is_negated


def _page(found: Iterable[Instance], now: datetime, *, limit: int, cursor: str) -> Page[Alert]:
    place = read_cursor(cursor, (int, str))
    ordered = sorted(found, key=_place, reverse=True)
    left = [one for one in ordered if place is None or _place(one) < place]
    next_cursor = render_cursor(_place(left[limit - 1])) if len(left) > limit else None
    return Page(items=[_render(one, now) for one in left[:limit]], next_cursor=next_cursor)


def _place(instance: Instance) -> tuple[int, str]:
    return ((instance.active_at - EPOCH) // MICROSECOND, instance.fingerprint)


def _now(now_ns: Callable[[], int]) -> datetime:
    return EPOCH + timedelta(microseconds=now_ns() // 1_000)


def _render(instance: Instance, now: datetime) -> Alert:
    facts = {name: getattr(instance, name) for name in Alert.model_fields if hasattr(instance, name)}
    facts["episode"] = instance.episode if instance.fired_at else ""
    since = instance.fired_at or instance.active_at
    return Alert(
        **facts,
        alert=instance.labels.get("alertname", ""),
        age_s=max(0.0, ((instance.resolved_at or now) - since).total_seconds()),
        chart=_build_chart(instance),
    )


def _build_chart(instance: Instance) -> Chart | None:
    """What the figures and the link to the traces say that the alert looked at."""
    measure, link = instance.figures.get("measure"), instance.links.get("traces")
    if not isinstance(measure, str) or link is None:
        return None
    window_s = instance.figures.get("window_s")
    before = (
        timedelta(seconds=WINDOWS_BEFORE * window_s) if isinstance(window_s, float | int) else SHORTEST_CHART
    )
    filters = parse_qs(urlsplit(link).query).get("filter", [""])
    start = instance.active_at - max(SHORTEST_CHART, before)
    return Chart(measures=measure, filter=filters[0], start=start)


def _build_groups(records: Iterable[EvaluationRecord]) -> list[GroupStatus]:
    def key(record: EvaluationRecord) -> tuple[str, str, str, float]:
        return (record.source, record.project, record.group_name, record.interval_s)

    groups: list[GroupStatus] = []
    for (source, project, name, interval_s), found in groupby(sorted(records, key=key), key):
        rules = list(found)
        newest = max(rules, key=lambda rule: rule.evaluated_at)
        groups.append(
            GroupStatus(
                name=name,
                source=cast("Literal['file', 'api']", source),
                project=project,
                interval_s=interval_s,
                evaluated_at=newest.evaluated_at,
                duration_s=sum(rule.cost_s for rule in rules),
                missed=max(rule.missed for rule in rules),
                problem=next((rule.problem for rule in rules if rule.problem), ""),
                holder=newest.holder,
                rules=[RuleStatus.model_validate(rule) for rule in rules],
            )
        )
    return groups
