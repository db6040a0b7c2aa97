"""Acknowledging: somebody takes care of alerts, by their fingerprints or by the link in a message."""

from collections.abc import Callable
from datetime import datetime

from watchkeeper_collector.alerts.notify.notification import Notification, read_notification
from watchkeeper_collector.alerts.notify.vault import Vault
from watchkeeper_collector.alerts.notify.wording import title
from watchkeeper_collector.errors import ConflictError
from watchkeeper_collector.state.alert_records import Notice
from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.notification_records import Acknowledgement, Delivery
from watchkeeper_collector.state.notifications import Notifications


class Acknowledging:
    """An acknowledgement holds until the alert resolves; the next time it fires it is news again."""

    def __init__(
        self,
        database: Database,
        alerts: Alerts,
        notifications: Notifications,
        *,
        ledger: Deliveries,
        vault: Vault,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._alerts = alerts
        self._notifications = notifications
        self._ledger = ledger
        self._vault = vault
        self._now = now

    def all(self, project: str) -> list[Acknowledgement]:
        """Those of alerts that the notifier knows, the oldest first."""
        found = [one for one in self._notifications.acknowledgements().values() if one.project == project]
        return sorted(found, key=lambda one: one.acknowledged_at)

    def acknowledge(self, project: str, fingerprint: str, author: str, comment: str) -> Acknowledgement:
        """Raises ``NotFoundError``, and ``ConflictError`` for an alert that does not fire."""
        instance = self._alerts.find([project], fingerprint)
        if not instance.is_firing:
            raise ConflictError(
                f"The alert '{fingerprint[:64]}' does not fire (it is '{instance.state}'): there is nothing"
                " to acknowledge."
            )
        return self._notifications.acknowledge(project, {instance.episode: fingerprint}, author, comment)[0]

    def take_back(self, project: str, fingerprint: str) -> None:
        """It is repeated again. Raises ``NotFoundError``, and ``ConflictError`` where nobody acknowledged."""
        instance = self._alerts.find([project], fingerprint)
        if not self._notifications.unacknowledge(project, instance.episode):
            raise ConflictError(f"Nobody has acknowledged the alert '{fingerprint[:64]}'.")

    def look(self, token: str) -> tuple[str, str, int]:
        """What a link is about: title, project, and how many of its alerts fire still and wait.

        Raises ``ForbiddenError`` for a link that is none of ours or has expired, and ``NotFoundError``.
        """
        delivery, notification = self._read(token)
        return title(notification), delivery.project, len(self._waiting(delivery, notification))

    def follow(self, token: str, author: str) -> int:
        """Acknowledge what a link is about: how many alerts. Raises as ``look`` does."""
        delivery, notification = self._read(token)
        waiting = {notice.episode: notice.fingerprint for notice in self._waiting(delivery, notification)}
        who = author or f"a link sent to {delivery.receiver}"
        self._notifications.acknowledge(delivery.project, waiting, who, "By the link in a message.")
        return len(waiting)

    def _read(self, token: str) -> tuple[Delivery, Notification]:
        delivery_id, _ = self._vault.read_token(token, self._now())
        delivery = self._ledger.get(delivery_id)
        return delivery, read_notification(delivery.notification)

    def _waiting(self, delivery: Delivery, notification: Notification) -> list[Notice]:
        """Alerts of the message that fire in the same episode still, and that nobody acknowledged."""
        episodes = {alert.episode for alert in notification.firing}
        with self._database.read() as connection:
            known = self._notifications.alerts(connection)
            done = self._notifications.acknowledgements(connection, episodes)
        return [
            notice
            for notice in known
            if notice.episode in episodes - set(done)
            and notice.status == "firing"
            and notice.project == delivery.project
        ]
