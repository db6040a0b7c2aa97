"""The rules in force: those of files and those that people made, anew whenever either changes."""

import threading
from collections.abc import Callable, Sequence

from watchkeeper_collector.alerts.documents import render_faults
from watchkeeper_collector.alerts.rules.files import RuleFiles, load_rule_files, stamp_rule_files
from watchkeeper_collector.alerts.rules.records import Record, read_records
from watchkeeper_collector.alerts.rules.rule import Rule

MOST_FAULTS_TOLD = 10


class RuleBook:
    """Files are taken as a whole: with a fault in one, the rules that were last good stay in force.

    ``load_records`` gives what the API keeps; where it fails, its error is the caller's. Files that did not
    change, and records, are not read again.
    """

    def __init__(self, patterns: Sequence[str], load_records: Callable[[], Sequence[Record]] = tuple) -> None:
        self._patterns = tuple(patterns)
        self._load_records = load_records
        self._from_files: Sequence[Rule] = ()
        self._from_records: Sequence[Rule] = ()
        self._stamp: object = None
        self._records: Sequence[Record] = ()
        self._of_files = self._of_records = ""
        self._reloading = threading.Lock()

    @property
    def problem(self) -> str:
        """Why the newest files, or some records, were not taken; empty: they were."""
        return " ".join(filter(None, (self._of_files, self._of_records)))

    def rules(self) -> Sequence[Rule]:
        """All rules as they are now, the paused too."""
        with self._reloading:
            self._refresh_files()
            self._refresh_records()
            return [*self._from_files, *self._from_records]

    def _refresh_files(self) -> None:
        stamp = stamp_rule_files(self._patterns)
        if stamp == self._stamp:
            return
        found = load_rule_files(self._patterns)
        self._of_files = _told(found) if found.faults else ""
        if not found.faults:
            self._from_files = found.rules
        self._stamp = stamp

    def _refresh_records(self) -> None:
        records = list(self._load_records())
        if records == self._records:
            return
        self._from_records, problems = read_records(records)
        self._of_records = " ".join(problems[:MOST_FAULTS_TOLD])
        self._records = records


def _told(found: RuleFiles) -> str:
    lines = list(render_faults(found.faults))
    more = len(lines) - MOST_FAULTS_TOLD
    rest = [f"and {more} more"] if more > 0 else []
    return "The rule files were not taken: " + "; ".join([*lines[:MOST_FAULTS_TOLD], *rest])
