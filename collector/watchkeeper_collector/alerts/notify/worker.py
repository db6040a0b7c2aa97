"""The notifier: rounds of the router, heartbeats, and lanes that are woken; and tests of receivers."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.channels.heartbeat import Heartbeat
from watchkeeper_collector.alerts.notify.configuration import Target
from watchkeeper_collector.alerts.notify.notification import Alert, Notification, build_key
from watchkeeper_collector.alerts.notify.planning import Planned
from watchkeeper_collector.alerts.notify.router import Router
from watchkeeper_collector.alerts.notify.sending.lanes import Lanes
from watchkeeper_collector.alerts.notify.sending.sender import Sender
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.state.deliveries import Deliveries

ROUND_PAUSE_S = 0.5
CLOSE_TIMEOUT_S = 20.0

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class NotifierStatus:
    """Counters since the start, for ``/status`` and ``/metrics``."""

    rounds: int = 0
    failed_rounds: int = 0
    notices: int = 0
    notifications: int = 0
    delivered: int = 0
    retried: int = 0
    refused: int = 0
    expired: int = 0
    last_error: str = ""
    configuration_problem: str = ""


class Notifier:
    """``start`` runs rounds on a thread of its own until ``close``. ``may_run`` holds back all but one.

    ``engine_problem`` says what keeps alerts from being evaluated: while it does, no heartbeat goes out.
    """

    def __init__(
        self,
        router: Router,
        ledger: Deliveries,
        book: ReceiverBook,
        sender: Sender,
        *,
        may_run: Callable[[], bool] = lambda: True,
        engine_problem: Callable[[], str] = lambda: "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.status = NotifierStatus()
        self._router = router
        self._ledger = ledger
        self._book = book
        self._sender = sender
        self._lanes = Lanes(ledger, sender, clock)
        self._may_run = may_run
        self._engine_problem = engine_problem
        self._clock = clock
        self._beats: dict[str, datetime] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Begin no more attempts, and wait for those under way. What is not sent waits in the ledger."""
        ends_at_s = time.monotonic() + timeout_s
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        if not self._lanes.close(ends_at_s - time.monotonic()):
            log.warning("An attempt to notify is under way still: it is made again at the next start.")

    def run_round(self) -> None:
        """Plan what is to be said, and have it sent. Raises ``StateUnavailableError``."""
        self._book.refresh()
        self.status.configuration_problem = self._book.problem
        now = self._clock()
        if self._router.is_due(now):
            counts = self._router.run_round(now)
            while counts.has_more and not self._closing.is_set():
                self._count(counts.notices, counts.deliveries, counts.expired)
                counts = self._router.run_round(now)
            self._count(counts.notices, counts.deliveries, counts.expired)
        self._beat(now)
        self._lanes.wake(self._ledger.due_targets(now))
        sent = self._sender.counts
        self.status.delivered, self.status.retried = sent.delivered, sent.retried
        self.status.refused = sent.refused

    def _count(self, notices: int, deliveries: int, expired: int) -> None:
        self.status.rounds += 1
        self.status.notices += notices
        self.status.notifications += deliveries
        self.status.expired += expired

    def _beat(self, now: datetime) -> None:
        """While alerts are evaluated, and this round works, whoever waits for a heartbeat gets it."""
        for target in self._book.current().all_targets():
            channel = target.channel
            if not isinstance(channel, Heartbeat):
                continue
            interval = timedelta(seconds=channel.interval_s)
            last = self._beats.get(target.uid)
            if (last is None or now - last >= interval) and not self._engine_problem():
                self._beats[target.uid] = now
                notification = Notification(
                    build_key("heartbeat", target.uid, None), target.receiver, target.project,
                    "heartbeat", "heartbeat", {}, (),
                )  # fmt: skip
                self._router.add(Planned(target, "heartbeat", notification), now, interval)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._may_run():
                    self.run_round()
            except WatchkeeperError as error:
                self._note(error.message)
            except Exception as error:
                log.exception("A round of notifications failed.")
                self._note(f"{type(error).__name__}: {error}")
            self._closing.wait(ROUND_PAUSE_S)

    def _note(self, problem: str) -> None:
        """Whatever goes wrong once, notifying goes on."""
        self.status.failed_rounds += 1
        self.status.last_error = problem
        log.warning("A round of notifications failed, and will be repeated: %s", problem)


def build_test(target: Target, action: str, at: datetime) -> Notification:
    """What a test says: an alert that fires, then that it resolved."""
    stamp = at.isoformat()
    episode = hashlib.sha256(f"{target.uid}{stamp}".encode()).hexdigest()[:16]
    is_over = action == "resolved"
    alert = Alert(
        fingerprint=episode,
        episode=episode,
        status="resolved" if is_over else "firing",
        labels={"alertname": "Test", "project": target.project, "severity": "info"},
        annotations={
            "summary": "A test of this receiver. Nothing is wrong.",
            "description": f"Somebody asked for it at {at:%Y-%m-%d %H:%M:%S %Z}.",
        },
        starts_at=at,
        ends_at=at if is_over else at + timedelta(minutes=5),
    )
    return Notification(
        build_key("test", target.uid, at), target.receiver, target.project,
        "resolved" if is_over else "firing", "first" if not is_over else "all_resolved",
        {"alertname": "Test"}, (alert,), thread=build_key("test", target.uid, None), is_test=True,
    )  # fmt: skip
