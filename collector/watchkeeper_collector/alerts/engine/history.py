"""The history of alerts goes to ClickHouse, from the state store, which keeps it until it is there."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.state.alert_documents import render_document
from watchkeeper_collector.state.alert_records import Event
from watchkeeper_collector.state.alerts import Alerts

TABLE = "alert_events"
BATCH = 1_000
INTERVAL_S = 2.0
REST_S = 30.0
"""After a failure."""
COLUMNS: dict[str, Callable[[Event], Any]] = {
    "Project": lambda event: event.project,
    "Timestamp": lambda event: event.at,
    "Id": lambda event: event.id,
    "RuleUid": lambda event: event.rule_uid,
    "Alert": lambda event: event.alert,
    "Fingerprint": lambda event: event.fingerprint,
    "Episode": lambda event: event.episode,
    "StartedAt": lambda event: event.started_at,
    "IsResolved": lambda event: event.is_resolved,
    "FromState": lambda event: event.from_state,
    "ToState": lambda event: event.to_state,
    "Reason": lambda event: event.reason,
    "Measure": lambda event: event.measure,
    "Filter": lambda event: event.filter,
    "Value": lambda event: event.value,
    "Labels": lambda event: dict(event.labels),
    "Annotations": lambda event: dict(event.annotations),
    "Figures": lambda event: render_document(dict(event.figures)),
    "Links": lambda event: dict(event.links),
}

log = logging.getLogger(__name__)


class Table(Protocol):
    """Where rows go: :class:`watchkeeper_collector.store.client.Store`."""

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, database: str
    ) -> None: ...


@dataclass(slots=True)
class HistoryStatus:
    """Counters since the start."""

    events_written: int = 0
    failed_rounds: int = 0
    last_error: str = ""


class HistoryWriter:
    """Writes what ClickHouse has not got, every few seconds; ``may_run`` says whether it is ours to do."""

    def __init__(
        self, alerts: Alerts, table: Table, database: str, *, may_run: Callable[[], bool] = lambda: True
    ) -> None:
        self.status = HistoryStatus()
        self._alerts = alerts
        self._table = table
        self._database = database
        self._may_run = may_run
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alert-history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the insert that is running."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def run_round(self) -> int:
        """Write a batch; how many events. Killed in between, it writes the same ones again."""
        events = self._alerts.unwritten_events(BATCH)
        if not events or not self._may_run():
            return 0
        rows = [[read(event) for read in COLUMNS.values()] for event in events]
        self._table.insert(TABLE, list(COLUMNS), rows, database=self._database)
        self._alerts.mark_written([event.id for event in events])
        self.status.events_written += len(events)
        return len(events)

    def _run(self) -> None:
        pause_s = INTERVAL_S
        while not self._closing.wait(pause_s):
            pause_s = INTERVAL_S
            try:
                while self.run_round() == BATCH and not self._closing.is_set():
                    pass
            except WatchkeeperError as error:
                pause_s = REST_S
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                log.warning("The history of alerts was not written, will be repeated: %s", error.message)
