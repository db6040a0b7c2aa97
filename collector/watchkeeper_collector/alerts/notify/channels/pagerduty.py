"""PagerDuty, by its Events API v2. https://developer.pagerduty.com/docs/events-api-v2-overview

One incident per group: triggered, acknowledged and resolved under one key. Alerts with the label
``event: change`` become change events, which wake nobody.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import HttpChannel, Pace, check_url
from watchkeeper_collector.alerts.notify.message import Message, Request
from watchkeeper_collector.alerts.notify.notification import Notification
from watchkeeper_collector.alerts.notify.wording import (
    cut,
    describe,
    identity,
    message_links,
    one_line,
    title,
)

HOSTS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
ACTIONS = {"firing": "trigger", "resolved": "resolve", "acknowledged": "acknowledge"}
SEVERITIES = {
    "critical": "critical", "page": "critical", "error": "error", "ticket": "warning",
    "warning": "warning", "warn": "warning", "info": "info",
}  # fmt: skip
MOST_SUMMARY_CHARS = 1024
MOST_FIELD_CHARS = 255
MOST_EVENT_BYTES = 512_000
MOST_SHOWN_ALERTS = 50


def _check_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if len(text) != 32 or not text.isascii() or not text.isalnum():
        raise ValueError("This is no key of an Events API v2 integration. Expected 32 letters and digits.")
    return key


class PagerDuty(HttpChannel):
    """``url`` is for a service that speaks the same; ``severity`` is that of alerts that have none."""

    kind: ClassVar[str] = "pagerduty"
    pace: ClassVar[Pace | None] = Pace(120, 60.0)
    hears_acknowledgements: ClassVar[bool] = True

    routing_key: Annotated[SecretStr, AfterValidator(_check_key)]
    region: Literal["us", "eu"] = "us"
    url: Annotated[str, AfterValidator(lambda text: check_url(text) if text else "")] = ""
    severity: Literal["critical", "error", "warning", "info"] = "error"
    component: Annotated[str, Field(max_length=255)] = ""

    def build_requests(self, message: Message) -> Sequence[Request]:
        notification = message.notification
        if not notification.is_change:
            return (self._request("/v2/enqueue", self._event(message)),)
        if notification.action != "firing":
            return ()
        return (self._request("/v2/change/enqueue", self._change(message)),)

    def _request(self, path: str, event: dict[str, Any]) -> Request:
        url = (self.url or HOSTS[self.region]).rstrip("/") + path
        return Request(url, render_event(event), {"content-type": "application/json"})

    def _event(self, message: Message) -> dict[str, Any]:
        notification = message.notification
        event: dict[str, Any] = {
            "routing_key": self.routing_key.get_secret_value(),
            "event_action": ACTIONS[notification.action],
            "dedup_key": notification.key,
        }
        if notification.action != "firing":
            return event
        return event | {
            "payload": self._payload(message) | {"severity": self._severity(notification)},
            "links": _links(message),
            "client": "Watchkeeper",
        }

    def _change(self, message: Message) -> dict[str, Any]:
        key = self.routing_key.get_secret_value()
        payload = self._payload(message)
        named = ("summary", "source", "timestamp", "custom_details")
        return {
            "routing_key": key,
            "payload": {name: payload[name] for name in named},
            "links": _links(message),
        }

    def _payload(self, message: Message) -> dict[str, Any]:
        notification = message.notification
        labels = notification.common_labels
        service = one_line(labels.get("service", ""), MOST_FIELD_CHARS)
        payload = {
            "summary": cut(title(notification), MOST_SUMMARY_CHARS),
            "source": service or notification.project or "watchkeeper",
            "timestamp": min(alert.starts_at for alert in notification.alerts).isoformat(),
            "group": notification.project,
            "class": one_line(labels.get("alertname", ""), MOST_FIELD_CHARS),
            "component": self.component or service,
            "custom_details": _details(notification),
        }
        return {name: value for name, value in payload.items() if value}

    def _severity(self, notification: Notification) -> str:
        return SEVERITIES.get(notification.severity, self.severity)


def render_event(event: dict[str, Any]) -> bytes:
    """As JSON; what is too large loses its details, and says so."""
    body = _render(event)
    if len(body) <= MOST_EVENT_BYTES:
        return body
    note = (
        f"The details were left out: the event had {len(body):,} bytes, and {MOST_EVENT_BYTES:,} are taken."
    )
    return _render(event | {"payload": event["payload"] | {"custom_details": {"note": note}}, "links": []})


def _render(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _details(notification: Notification) -> dict[str, Any]:
    def lines(alerts: Sequence[Any]) -> list[str]:
        return [f"{identity(alert)}: {describe(alert)}" for alert in alerts[:MOST_SHOWN_ALERTS]]

    details = {
        "firing": lines(notification.firing),
        "resolved": lines(notification.resolved),
        "labels": notification.common_labels,
        "not_shown": notification.truncated,
    }
    return {name: value for name, value in details.items() if value}


def _links(message: Message) -> list[dict[str, str]]:
    return [{"href": url, "text": text} for text, url in message_links(message)]
