"""A notification: what is said of a group of alerts at one time. It is kept as JSON in the ledger."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from watchkeeper_collector.state.alert_records import Notice

Action = Literal["firing", "resolved", "acknowledged", "heartbeat"]
TIMES = ("starts_at", "ends_at")
SEVERITIES = ("critical", "page", "error", "ticket", "warning", "warn", "info")
MOST_ALERTS = 100


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a notification. One that fires is to be believed until ``ends_at``."""

    fingerprint: str
    episode: str
    status: Literal["firing", "resolved"]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    value: float | None = None
    figures: Mapping[str, float | str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "alert")


@dataclass(frozen=True, slots=True)
class Notification:
    """``key`` names the incident, and stays the same until it is over; ``action`` is what is said of it.

    ``thread`` names its group whatever the incident. ``truncated``: how many more alerts there are.
    ``author`` is who acknowledged.
    """

    key: str
    receiver: str
    project: str
    action: Action
    reason: str
    group_labels: Mapping[str, str]
    alerts: tuple[Alert, ...]
    truncated: int = 0
    author: str = ""
    thread: str = ""
    is_test: bool = False

    @property
    def firing(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.status == "firing")

    @property
    def resolved(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.status == "resolved")

    @property
    def common_labels(self) -> dict[str, str]:
        return _common([alert.labels for alert in self.alerts])

    @property
    def common_annotations(self) -> dict[str, str]:
        return _common([alert.annotations for alert in self.alerts])

    @property
    def severity(self) -> str:
        """The gravest that an alert has; empty where none has one."""
        found = {alert.labels.get("severity", "").lower() for alert in self.alerts}
        return next((severity for severity in SEVERITIES if severity in found), "")

    @property
    def is_change(self) -> bool:
        """All alerts say that something was changed, such as a release: nobody needs to be woken."""
        return bool(self.alerts) and all(alert.labels.get("event") == "change" for alert in self.alerts)


def build_alert(notice: Notice) -> Alert:
    return Alert(
        notice.fingerprint,
        notice.episode,
        notice.status,
        notice.labels,
        notice.annotations,
        notice.starts_at,
        notice.ends_at,
        notice.value,
        notice.figures,
        notice.links,
    )


def cut_alerts(notices: Sequence[Notice], most: int = MOST_ALERTS) -> tuple[tuple[Alert, ...], int]:
    """The alerts to show, and how many are left out."""
    return tuple(build_alert(notice) for notice in notices[:most]), max(0, len(notices) - most)


def build_key(group_key: str, receiver: str, opened_at: datetime | None) -> str:
    """The name of one incident, for pagers to tell it by: 64 hexadecimal digits."""
    when = opened_at.isoformat() if opened_at else ""
    return hashlib.sha256(f"{receiver}\0{group_key}\0{when}".encode()).hexdigest()


def render_notification(notification: Notification) -> str:
    return json.dumps(asdict(notification), ensure_ascii=False, separators=(",", ":"), default=_render_time)


def read_notification(text: str) -> Notification:
    values: dict[str, Any] = json.loads(text)
    alerts = tuple(_read_alert(alert) for alert in values.pop("alerts"))
    return Notification(**values, alerts=alerts)


def _read_alert(values: Mapping[str, Any]) -> Alert:
    return Alert(**{**values, **{name: datetime.fromisoformat(values[name]) for name in TIMES}})


def _render_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"'{type(value).__name__}' can't be kept.")


def _common(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all of them say alike."""
    first, *others = [*parts] or [{}]
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
