"""A notifier on a state store of its own, whose rounds are made by hand at times that a test chooses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from watchkeeper_collector.alerts.notify.acknowledging import Acknowledging
from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.links import Links
from watchkeeper_collector.alerts.notify.router import Router
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.sending.sender import Sender
from watchkeeper_collector.alerts.notify.vault import Vault, load_vault
from watchkeeper_collector.alerts.notify.worker import Notifier
from watchkeeper_collector.state.alert_records import Instance, Notice
from watchkeeper_collector.state.notification_records import Delivery
from watchkeeper_collector.state.state import State

from tests.notify import T0, at, local_egress

PROJECTS = ("shop", "other", "")


@dataclass
class NotifierDesk:
    """``now`` is the time of everything."""

    url: str
    folder: Path
    configuration: Mapping[str, Any]
    egress: Egress = field(default_factory=local_egress)
    api_url: str = "https://api.example"
    now: datetime = T0
    engine_problem: str = ""

    def __post_init__(self) -> None:
        path = self.folder / "alerts.yaml"
        path.write_text(yaml.safe_dump(dict(self.configuration)))
        self.path = path
        self.state = State(self.url)
        self.state.migrate()
        self.open()

    def open(self) -> None:
        """As a process does that starts: nothing is remembered but what is in the store."""
        state = self.state
        self.vault: Vault = load_vault(self.folder / "receivers.key")
        self.book = ReceiverBook(self.path, {}, state.notifications, self.vault)
        self.book.load()
        links = Links("https://wk.example", self.api_url, self.vault)
        self.sender = Sender(self.book, state.deliveries, self.egress, links, lambda: self.now)
        self.router = Router(state.database, state.alerts, state.notifications, state.deliveries, self.book)
        self.notifier = Notifier(
            self.router,
            state.deliveries,
            self.book,
            self.sender,
            engine_problem=lambda: self.engine_problem,
            clock=lambda: self.now,
        )
        self.acknowledging = Acknowledging(
            state.database,
            state.alerts,
            state.notifications,
            ledger=state.deliveries,
            vault=self.vault,
            now=lambda: self.now,
        )

    def close(self) -> None:
        self.notifier.close()
        self.state.close()

    def write(self, *notices: Notice, instances: Sequence[Instance] = ()) -> None:
        """As the engine does."""
        with self.state.alerts.turn() as connection:
            self.state.alerts.commit(connection, instances, notices)

    def route(self, seconds: float) -> int:
        """Rounds of the router at a time, until nothing is left; how many deliveries they planned."""
        self.now = at(seconds)
        self.book.refresh()
        planned = 0
        while True:
            counts = self.router.run_round(self.now)
            planned += counts.deliveries
            if not counts.has_more:
                return planned

    def send(self) -> int:
        """Make what is due, in the order of lanes, here; how many attempts."""
        attempts = 0
        for target in self.state.deliveries.due_targets(self.now):
            while (due := self.state.deliveries.next_due(target, self.now)) is not None:
                self.sender.attempt(due)
                attempts += 1
        return attempts

    def turn(self, seconds: float) -> int:
        self.route(seconds)
        return self.send()

    def ledger(self, **wanted: Any) -> Sequence[Delivery]:
        """The deliveries, the oldest first."""
        return self.state.deliveries.find(PROJECTS, limit=1000, **wanted)[::-1]

    def said(self) -> list[tuple[str, str, list[str]]]:
        """Of each delivery the receiver, the action and the names of its alerts."""
        return [(one.receiver, one.action, sorted(_names(one))) for one in self.ledger()]


def _names(delivery: Delivery) -> list[str]:
    return [alert["labels"]["alertname"] for alert in json.loads(delivery.notification)["alerts"]]
