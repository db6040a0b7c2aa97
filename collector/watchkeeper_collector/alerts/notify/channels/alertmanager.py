"""Alertmanager, by its API v2: every alert as it is, to every peer, which groups, silences and repeats.

It believes what it is told until ``endsAt`` and forgets everything when it is killed, so what fires is sent
again each minute. An alert whose ``startsAt`` is older than ``group_wait`` is notified at once, before an
inhibiting one has come: to a peer that may have forgotten it, an older one begins now. One that remembers it
keeps the earlier time.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import (
    Channel,
    HttpChannel,
    check_header,
    check_url,
    optional,
)
from watchkeeper_collector.alerts.notify.message import Message, Request
from watchkeeper_collector.alerts.notify.notification import Alert, Notification
from watchkeeper_collector.alerts.notify.wording import clean, links

YOUNG = timedelta(seconds=10)
PATH = "/api/v2/alerts"
NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_]")


class Alertmanager(HttpChannel):
    """``urls`` are the peers, each by itself: never a load balancer before them."""

    kind: ClassVar[str] = "alertmanager"
    is_direct: ClassVar[bool] = True

    urls: Annotated[tuple[Annotated[str, AfterValidator(check_url)], ...], Field(min_length=1, max_length=16)]
    username: str = ""
    password: SecretStr = SecretStr("")
    bearer_token: Annotated[SecretStr | None, AfterValidator(optional(check_header))] = None

    def split(self) -> Sequence[Channel]:
        return [self.model_copy(update={"urls": (url,)}) for url in self.urls]

    def hears(self, notification: Notification) -> bool:
        return notification.action in ("firing", "resolved")

    def build_requests(self, message: Message) -> Sequence[Request]:
        body = [render_alert(alert, message) for alert in message.notification.alerts]
        headers = {"content-type": "application/json", **self._authorization()}
        return [Request(f"{url.rstrip('/')}{PATH}", json.dumps(body).encode(), headers) for url in self.urls]

    def _authorization(self) -> dict[str, str]:
        if self.bearer_token is not None:
            return {"authorization": f"Bearer {self.bearer_token.get_secret_value()}"}
        if not self.username:
            return {}
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def render_alert(alert: Alert, message: Message) -> dict[str, Any]:
    link = next((url for _, url in links(alert)), message.page_url)
    return {
        "labels": render_labels(alert.labels),
        "annotations": render_labels(alert.annotations),
        "startsAt": _starts_at(alert, message.sent_at).isoformat(),
        "endsAt": alert.ends_at.isoformat(),
        **({"generatorURL": link} if link else {}),
    }


def render_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """With names that every version takes; where two become one, the later gets a number."""
    found: dict[str, str] = {}
    for name, given in labels.items():
        value = clean(given)
        if not value:
            continue
        plain = NOT_IN_NAME.sub("_", name)
        plain = f"_{plain}" if plain[:1].isdigit() or not plain else plain
        number = 2
        unique = plain
        while unique in found:
            unique, number = f"{plain}_{number}", number + 1
        found[unique] = value
    return found


def _starts_at(alert: Alert, sent_at: datetime) -> datetime:
    if alert.status == "resolved" or sent_at - alert.starts_at <= YOUNG:
        return alert.starts_at
    return min(sent_at, alert.ends_at)
