"""What tests of notifications share: notices, messages, and strict fakes of services over real sockets."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.alerts.notify.message import Message
from watchkeeper_collector.alerts.notify.notification import Notification, build_alert, build_key
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.sending.policy import read_policy
from watchkeeper_collector.state.alert_records import Notice

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def notice(
    name: str = "ErrorRateHigh",
    *,
    status: str = "firing",
    project: str = "shop",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    episode: int = 1,
    starts_at: datetime = T0,
    ends_at: datetime | None = None,
    when: datetime | None = None,
    **others: Any,
) -> Notice:
    """A notice; its fingerprint is made of its labels."""
    complete = {"alertname": name, "project": project, **(labels or {})}
    fingerprint = build_key(repr(sorted(complete.items())), "", None)[:16]
    values: dict[str, Any] = {
        "fingerprint": fingerprint,
        "episode": f"{fingerprint}-{episode}",
        "rule_uid": f"file/test/{name}",
        "project": project,
        "status": status,
        "labels": complete,
        "annotations": {"summary": f"{name} is too high", **(annotations or {})},
        "starts_at": starts_at,
        "ends_at": ends_at or starts_at + timedelta(minutes=4),
        "value": 0.31,
        "figures": {"threshold": 0.1, "calls": 1200.0},
        "links": {},
        "at": when or starts_at,
    }
    return Notice(**(values | others))


def message(*notices: Notice, action: str = "", reason: str = "first", **others: Any) -> Message:
    """A message about these notices, at the time of the first."""
    shown = notices or (notice(),)
    is_over = all(one.status == "resolved" for one in shown)
    values: dict[str, Any] = {
        "key": build_key("group", "pager", shown[0].starts_at),
        "receiver": "pager",
        "project": shown[0].project,
        "action": action or ("resolved" if is_over else "firing"),
        "reason": "all_resolved" if is_over and reason == "first" else reason,
        "group_labels": {"alertname": shown[0].labels["alertname"]},
        "alerts": tuple(map(build_alert, shown)),
        "thread": build_key("group", "pager", None),
    }
    links = {name: others.pop(name) for name in ("page_url", "acknowledge_url") if name in others}
    sent_at = others.pop("sent_at", shown[0].at)
    message_id = others.pop("id", "msg_0011223344556677")
    return Message(message_id, Notification(**(values | others)), sent_at, **links)


def local_egress(timeout_s: float = 5.0, **others: Any) -> Egress:
    """A way out that may reach this machine."""
    return Egress(read_policy(["127.0.0.0/8"]), timeout_s=timeout_s, **others)
