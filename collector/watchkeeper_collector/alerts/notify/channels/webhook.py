"""A webhook, signed as Standard Webhooks 1.0.0 says. https://www.standardwebhooks.com

The id stays over attempts, the time is the attempt's. While a key is exchanged both sign.
"""

import base64
import hashlib
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import (
    HttpChannel,
    check_header,
    check_secret_url,
    optional,
)
from watchkeeper_collector.alerts.notify.message import Message, Request
from watchkeeper_collector.alerts.notify.notification import Alert
from watchkeeper_collector.alerts.notify.wording import links, title

PREFIX = "whsec_"
MOST_BODY_BYTES = 256 << 10


def _check_key(secret: SecretStr) -> SecretStr:
    read_key(secret.get_secret_value())
    return secret


def read_key(text: str) -> bytes:
    """Raise ``ValueError`` for what is no key of Standard Webhooks."""
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError("This is no key of a webhook. Expected whsec_ and 24 to 64 random bytes in base64.")
    return key


class Webhook(HttpChannel):
    """``secrets``: the newest first. ``format``: ours, or Alertmanager's payload of version 4."""

    kind: ClassVar[str] = "webhook"
    hears_acknowledgements: ClassVar[bool] = True

    url: Annotated[SecretStr, AfterValidator(check_secret_url)]
    secret: Annotated[SecretStr | None, AfterValidator(optional(_check_key))] = None
    previous_secret: Annotated[SecretStr | None, AfterValidator(optional(_check_key))] = None
    authorization: Annotated[SecretStr | None, AfterValidator(optional(check_header))] = None
    format: Literal["watchkeeper", "alertmanager"] = "watchkeeper"
    max_alerts: Annotated[int, Field(ge=0, le=1000)] = 0

    def build_requests(self, message: Message) -> Sequence[Request]:
        body = self.render_body(message)
        headers = {"content-type": "application/json", **self.sign(message.id, message.sent_at, body)}
        if self.authorization is not None:
            headers["authorization"] = self.authorization.get_secret_value()
        return (Request(self.url.get_secret_value(), body, headers),)

    def sign(self, message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
        """The headers; without a key those that tell repetitions."""
        stamp = str(int(sent_at.timestamp()))
        headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
        keys = [key.get_secret_value() for key in (self.secret, self.previous_secret) if key is not None]
        content = f"{message_id}.{stamp}.".encode() + body
        signed = [hmac.digest(read_key(key), content, hashlib.sha256) for key in keys]
        if signed:
            headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signed)
        return headers

    def render_body(self, message: Message) -> bytes:
        """With as many alerts as are wanted and fit."""
        render = render_own if self.format == "watchkeeper" else render_version_4
        total = len(message.notification.alerts)
        count = min(self.max_alerts or total, total)
        while True:
            body = json.dumps(
                render(message, count), ensure_ascii=False, allow_nan=False, separators=(",", ":")
            )
            encoded = body.encode("utf-8", "replace")
            if len(encoded) <= MOST_BODY_BYTES or count <= 1:
                return encoded
            count //= 2


def render_own(message: Message, count: int) -> dict[str, Any]:
    notification = message.notification
    return {
        "type": f"alert.{notification.action}",
        "timestamp": message.sent_at.isoformat(),
        "data": {
            **_facts(message, count),
            "title": title(notification),
            "project": notification.project,
            "reason": notification.reason,
            "severity": notification.severity,
            "is_test": notification.is_test,
            "author": notification.author,
            "acknowledge_url": message.acknowledge_url,
            "alerts": [_own_alert(alert) for alert in notification.alerts[:count]],
        },
    }


def render_version_4(message: Message, count: int) -> dict[str, Any]:
    """What Alertmanager sends to its webhooks: https://prometheus.io/docs/alerting/latest/configuration"""
    alerts = [_version_4_alert(alert) for alert in message.notification.alerts[:count]]
    return {"version": "4", **_facts(message, count), "alerts": alerts}


def _facts(message: Message, count: int) -> dict[str, Any]:
    notification = message.notification
    return {
        "groupKey": notification.key,
        "truncatedAlerts": notification.truncated + len(notification.alerts) - count,
        "status": "resolved" if notification.action == "resolved" else "firing",
        "receiver": notification.receiver,
        "groupLabels": notification.group_labels,
        "commonLabels": notification.common_labels,
        "commonAnnotations": notification.common_annotations,
        "externalURL": message.page_url,
        "notification_reason": notification.reason,
    }


def _version_4_alert(alert: Alert) -> dict[str, Any]:
    ends_at = alert.ends_at.isoformat() if alert.status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "status": alert.status,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": alert.starts_at.isoformat(),
        "endsAt": ends_at,
        "generatorURL": next((url for _, url in links(alert)), ""),
        "fingerprint": alert.fingerprint,
    }


def _own_alert(alert: Alert) -> Mapping[str, Any]:
    figures = {name: _finite(value) for name, value in alert.figures.items()}
    more = {"episode": alert.episode, "value": _finite(alert.value), "figures": figures}
    return {**_version_4_alert(alert), **more, "links": alert.links}


def _finite(value: float | str | None) -> float | str | None:
    """JSON has no other numbers."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
