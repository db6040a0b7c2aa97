"""The erasure worker: does what was asked for, step by step, so that it goes on where it was killed."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from watchkeeper_collector.erasure.mentions import edit_mentions
from watchkeeper_collector.erasure.purging import drop_notes, find_late, holds_old_parts, write_anew
from watchkeeper_collector.erasure.subject import Report, Subject
from watchkeeper_collector.erasure.targets import Finder
from watchkeeper_collector.errors import WatchkeeperError

SEE_EVERY_S = 30.0
LATE_EVERY_S = 60.0
LATE_FOR = timedelta(days=1)
"""Spans of before that come so late, after an erasure is done, open it again."""
PURGING = "waiting for old files to go"
NS_PER_S = 1_000_000_000

log = logging.getLogger(__name__)


class Request(Protocol):
    """``watchkeeper_collector.state.erasures.Erasure`` is one."""

    @property
    def id(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def subject_hash(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def report(self) -> Mapping[str, int]: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...


class Book(Protocol):
    """Where requests are kept: ``watchkeeper_collector.state.erasures.Erasures``."""

    def unfinished(self) -> Sequence[Request]: ...
    def finished_since(self, age: timedelta) -> Sequence[Request]: ...
    def note(self, erasure_id: str, phase: str, report: Mapping[str, int], failure: str = "") -> None: ...
    def reopen(self, erasure_id: str, subject: str) -> None: ...
    def finish(self, erasure_id: str, report: Mapping[str, int]) -> None: ...
    def see(self, collector: str) -> None: ...
    def sweep(self, erasure_id: str, collector: str, report: Mapping[str, int]) -> None: ...
    def sweeps(self, erasure_id: str) -> Mapping[str, Mapping[str, int]]: ...
    def unswept(self, erasure_id: str) -> set[str]: ...
    def remove_comments(self, project: str, trace_ids: list[str]) -> int: ...
    def edit_mentions(self, project: str, subject: str) -> Mapping[str, int]: ...


class Folder(Protocol):
    """A collector's own folder, where what it took waits and what was refused is kept."""

    def is_drained_of(self, until_ns: int) -> bool: ...

    def remove_name(self, project: str, name: str) -> Mapping[str, int]:
        """Take what names somebody out of what was refused; what was done, as a report says it."""


@dataclass(slots=True)
class ErasureStatus:
    """Counters since the start."""

    rounds: int = 0
    failed_rounds: int = 0
    erasures_finished: int = 0
    erasures_reopened: int = 0
    rows_removed: int = 0
    last_error: str = ""


class ErasureWorker:
    """Every collector looks through its own folder; the one that ``may_run`` sees to the stores.

    :meth:`run_round` takes each request as far as it goes. ``touch`` is told of hours, by project and start
    in seconds, whose roll-ups are of spans that go.
    """

    def __init__(
        self,
        book: Book,
        finders: Mapping[str, Finder],
        folder: Folder,
        *,
        collector: str,
        touch: Callable[[str, Sequence[int]], None],
        may_run: Callable[[], bool] = lambda: True,
        interval_s: float = 3.0,
    ) -> None:
        self.status = ErasureStatus()
        self._book = book
        self._finders = finders
        self._folder = folder
        self._collector = collector
        self._touch = touch
        self._may_run = may_run
        self._interval_s = interval_s
        self._seen_at_s = self._late_at_s = float("-inf")
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="erasure", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the step that is running."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def run_round(self) -> None:
        with self._lock:
            if time.monotonic() - self._seen_at_s >= SEE_EVERY_S:
                self._book.see(self._collector)
                self._seen_at_s = time.monotonic()
            for request in self._book.unfinished():
                self._sweep(request)
            if self._may_run():
                for request in self._book.unfinished():
                    self._advance(request)
                self._look_for_late()
            self.status.rounds += 1

    def _sweep(self, request: Request) -> None:
        """Once the store has all that waited here when it was asked for, clean the rest of the folder."""
        is_swept = self._collector in self._book.sweeps(request.id)
        if is_swept or not self._folder.is_drained_of(round(request.created_at.timestamp() * NS_PER_S)):
            return
        found = self._folder.remove_name(request.project, request.subject)
        self._book.sweep(request.id, self._collector, found)

    def _advance(self, request: Request) -> None:
        try:
            if request.phase == PURGING:
                self._finish(request)
            else:
                self._erase(request)
        except WatchkeeperError as error:
            self._book.note(request.id, request.phase, request.report, error.message)
            raise

    def _erase(self, request: Request) -> None:
        subject = Subject(request.id, request.project, request.kind, request.subject)
        finder, report = self._finders[request.kind], Report(request.report)
        self._remove(subject, finder, report)
        if missing := self._book.unswept(request.id):
            self._book.note(request.id, f"waiting for the spools of {len(missing)} collectors", report)
            return
        self._remove(subject, finder, report)  # what had waited there
        self._book.note(request.id, "editing what mentions it", report)
        if subject.is_telling:
            edit_mentions(finder.tables, finder.about(subject), report)
        self._edit_state(subject, finder, report)
        write_anew(finder.tables)
        drop_notes(finder.tables, subject.erasure)
        self._book.note(request.id, PURGING, report)

    def _remove(self, subject: Subject, finder: Finder, report: Report) -> None:
        finder.begin(subject)
        finder.find(subject)
        hours = finder.hours(subject)
        self._touch(subject.project, hours)
        self.status.rows_removed += finder.remove(subject, report)
        self._touch(subject.project, hours)

    def _edit_state(self, subject: Subject, finder: Finder, report: Report) -> None:
        if count := self._book.remove_comments(subject.project, finder.traces(subject)):
            report.removed("comments", count)
        if subject.is_telling:
            for table, count in self._book.edit_mentions(subject.project, subject.name).items():
                report.edited(table, count)

    def _finish(self, request: Request) -> None:
        tables = self._finders[request.kind].tables
        if holds_old_parts(tables, request.updated_at):
            return
        report = Report(request.report)
        for found in self._book.sweeps(request.id).values():
            report.update(found)
        self._book.finish(request.id, report)
        self.status.erasures_finished += 1
        log.info("Erasure '%s' is done.", request.id)

    def _look_for_late(self) -> None:
        if time.monotonic() - self._late_at_s < LATE_EVERY_S:
            return
        self._late_at_s = time.monotonic()
        for request in self._book.finished_since(LATE_FOR):
            tables = self._finders[request.kind].tables
            if name := find_late(tables, request):
                self._book.reopen(request.id, name)
                self.status.erasures_reopened += 1

    def _run(self) -> None:
        while not self._closing.wait(self._interval_s):
            try:
                self.run_round()
            except WatchkeeperError as error:
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                log.warning("Erasing failed, will be repeated: %s", error.message)
