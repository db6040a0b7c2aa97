"""A dead man's switch: says regularly that alerts are evaluated, to one who pages when it falls silent."""

import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import HttpChannel, check_secret_url
from watchkeeper_collector.alerts.notify.message import Message, Request
from watchkeeper_collector.alerts.notify.notification import Notification


class Heartbeat(HttpChannel):
    """``interval_s``: how often. Whoever listens should wait for some three of them before it pages."""

    kind: ClassVar[str] = "heartbeat"

    url: Annotated[SecretStr, AfterValidator(check_secret_url)]
    method: Literal["GET", "POST", "HEAD"] = "POST"
    interval_s: Annotated[float, Field(ge=10, le=86_400)] = 60.0

    def hears(self, notification: Notification) -> bool:
        return notification.action == "heartbeat"

    def build_requests(self, message: Message) -> Sequence[Request]:
        said = {
            "type": "heartbeat",
            "timestamp": message.sent_at.isoformat(),
            "is_test": message.notification.is_test,
        }
        body = json.dumps(said).encode() if self.method == "POST" else b""
        headers = {"content-type": "application/json", "webhook-id": message.id} if body else {}
        return (Request(self.url.get_secret_value(), body, headers, self.method),)
