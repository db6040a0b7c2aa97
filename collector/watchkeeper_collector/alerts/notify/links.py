"""Addresses in messages: where alerts are shown, and where they are acknowledged."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from watchkeeper_collector.alerts.notify.notification import Alert, Notification
from watchkeeper_collector.alerts.notify.vault import Vault

ACKNOWLEDGE_PATH = "/api/v1/acknowledge/"


@dataclass(frozen=True, slots=True)
class Links:
    """``dashboard_url`` and ``api_url`` are how people reach the two; an empty one gives no links."""

    dashboard_url: str
    api_url: str
    vault: Vault = field(repr=False)

    def page_url(self) -> str:
        return f"{self.dashboard_url.rstrip('/')}/alerts" if self.dashboard_url else ""

    def acknowledge_url(self, delivery_id: str, notification: Notification, at: datetime) -> str:
        """Only what fires can be acknowledged, and a test needs not be."""
        if not self.api_url or notification.action != "firing" or notification.is_test:
            return ""
        token = self.vault.build_token(delivery_id, at)
        return f"{self.api_url.rstrip('/')}{ACKNOWLEDGE_PATH}{token}"

    def complete(self, notification: Notification) -> Notification:
        """With whole addresses where alerts name a path of the dashboard."""
        return replace(notification, alerts=tuple(map(self._complete_alert, notification.alerts)))

    def _complete_alert(self, alert: Alert) -> Alert:
        base = self.dashboard_url.rstrip("/")
        if not base:
            return alert
        links = {
            name: f"{base}{link}" if link.startswith("/") else link for name, link in alert.links.items()
        }
        return replace(alert, links=links)
