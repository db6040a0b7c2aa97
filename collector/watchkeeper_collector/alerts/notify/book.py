"""The receivers and routes in force: the operator's file and the projects' records, read when they change."""

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from watchkeeper_collector.alerts.notify.building import build_inhibitions, build_project_tree
from watchkeeper_collector.alerts.notify.channels.catalogue import CHANNELS
from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.configuration import Configuration, Receiver, build_receiver
from watchkeeper_collector.alerts.notify.document import DEFAULT_INHIBITIONS, RouteDocument
from watchkeeper_collector.alerts.notify.loading import FileConfiguration, load_configuration
from watchkeeper_collector.alerts.notify.routing.routes import Route
from watchkeeper_collector.alerts.notify.vault import Vault
from watchkeeper_collector.errors import ConfigurationError, WatchkeeperError
from watchkeeper_collector.state.notification_records import ReceiverRecord, RouteRecord

log = logging.getLogger(__name__)
Mark = tuple[object, ...]


class Records(Protocol):
    """``watchkeeper_collector.state.notifications.Notifications`` is one."""

    def configuration_mark(self) -> tuple[object, ...]: ...

    def configured(self) -> tuple[Sequence[ReceiverRecord], Sequence[RouteRecord]]: ...


class ReceiverBook:
    """``current`` never waits. Files that are wrong change nothing: ``problem`` says why, for all to see."""

    def __init__(
        self, path: Path | None, environment: Mapping[str, str], records: Records, vault: Vault
    ) -> None:
        self._path = path
        self._environment = environment
        self._records = records
        self._vault = vault
        self._file: FileConfiguration | None = None
        self._file_mark: Mark = ()
        self._record_mark: Mark | None = None
        self._made: tuple[tuple[Route, ...], tuple[Receiver, ...]] = ((), ())
        self._lock = threading.Lock()
        self._current = Configuration()
        self.problem = ""

    def load(self) -> None:
        """Read the file at the start. Raises ``ConfigurationError``: nobody starts with half of it."""
        if self._path is not None:
            self._file = load_configuration(self._path, self._environment)
            self._file_mark = self._look()
        self._current = self._build()

    def current(self) -> Configuration:
        return self._current

    def refresh(self) -> None:
        """Read what changed. Raises ``StateUnavailableError``."""
        with self._lock:
            has_changed = self._refresh_file()
            mark = self._records.configuration_mark()
            if mark != self._record_mark:
                self._made = self._read_records()
                self._record_mark = mark
                has_changed = True
            if has_changed:
                self._current = self._build()

    def read_channel(self, kind: str, fields: Mapping[str, Any]) -> Channel:
        """Raises ``KeyError`` for an unknown kind, and ``ValidationError``."""
        return CHANNELS[kind].model_validate(fields)

    def _refresh_file(self) -> bool:
        if self._path is None or (mark := self._look()) == self._file_mark:
            return False
        self._file_mark = mark
        try:
            self._file = load_configuration(self._path, self._environment)
        except ConfigurationError as error:
            self.problem = error.message
            log.warning("The receivers and routes stay as they were. %s", error.message)
            return False
        self.problem = ""
        return True

    def _look(self) -> Mark:
        """Another one than before where a file has changed."""
        paths = [self._path, *(self._file.files if self._file else ())]
        return tuple(_stamp(path) for path in paths if path is not None)

    def _read_records(self) -> tuple[tuple[Route, ...], tuple[Receiver, ...]]:
        receivers, routes = self._records.configured()
        by_project: defaultdict[str, list[RouteDocument]] = defaultdict(list)
        for record in routes:
            if (route := self._read_route(record)) is not None:
                by_project[record.project].append(route)
        roots = tuple(build_project_tree(project, found) for project, found in by_project.items())
        read = (self._read_receiver(record) for record in receivers)
        return roots, tuple(receiver for receiver in read if receiver is not None)

    def _read_route(self, record: RouteRecord) -> RouteDocument | None:
        try:
            fields = {**json.loads(record.route), "receiver": record.receiver}
            return RouteDocument.model_validate(fields)
        except ValueError as error:  # pydantic's is one
            self._tell(
                f"The route '{record.name}' of '{record.project}' can't be read: {type(error).__name__}"
            )
            return None

    def _read_receiver(self, record: ReceiverRecord) -> Receiver | None:
        try:
            secrets = self._vault.open(record.secrets, record.project)
            channel = self.read_channel(record.kind, {**json.loads(record.configuration), **secrets})
        except (WatchkeeperError, ValidationError, KeyError) as error:
            reason = error.message if isinstance(error, WatchkeeperError) else type(error).__name__
            self._tell(f"The receiver '{record.name}' of '{record.project}' can't be read: {reason}")
            return None
        return build_receiver(record.project, record.name, [channel], record.id)

    def _tell(self, problem: str) -> None:
        self.problem = problem
        log.warning("%s", problem)

    def _build(self) -> Configuration:
        roots, made = self._made
        if self._file is None:
            return Configuration(roots, _by_name(made), build_inhibitions(DEFAULT_INHIBITIONS))
        receivers = _by_name([*self._file.receivers, *made])
        return Configuration((self._file.root, *roots), receivers, self._file.inhibitions)


def _by_name(receivers: Sequence[Receiver]) -> dict[tuple[str, str], Receiver]:
    return {(receiver.project, receiver.name): receiver for receiver in receivers}


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, -1
    return str(path), found.st_mtime_ns, found.st_size
