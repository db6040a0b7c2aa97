"""The rules in force: those of files and those that people made, anew whenever either changes."""

import threading
from collections.abc import Callable, Sequence

from watchkeeper_collector.alerts.documents import render_faults
from watchkeeper_collector.alerts.rules.files import RuleFiles, load_rule_files
from watchkeeper_collector.alerts.rules.rule import Rule

MOST_FAULTS_TOLD = 10


class RuleBook:
    """Files are taken as a whole: with a fault in one, the rules that were last good stay in force.

    ``load_records`` gives the rules of the API; where it fails, its error is the caller's.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        load_records: Callable[[], Sequence[Rule]] = tuple,
        *,
        load_files: Callable[[Sequence[str]], RuleFiles] = load_rule_files,
    ) -> None:
        self._patterns = tuple(patterns)
        self._load_records = load_records
        self._load_files = load_files
        self._from_files: Sequence[Rule] = ()
        self._reloading = threading.Lock()
        self.problem = ""
        """Why the newest files were not taken; empty: they were."""

    def rules(self) -> Sequence[Rule]:
        """All rules as they are now, the paused too."""
        return [*self.file_rules(), *self._load_records()]

    def file_rules(self) -> Sequence[Rule]:
        with self._reloading:
            found = self._load_files(self._patterns)
            if found.faults:
                self.problem = _told(found)
            else:
                self._from_files, self.problem = found.rules, ""
            return self._from_files


def _told(found: RuleFiles) -> str:
    lines = list(render_faults(found.faults))
    more = len(lines) - MOST_FAULTS_TOLD
    rest = [f"and {more} more"] if more > 0 else []
    return "The rule files were not taken: " + "; ".join([*lines[:MOST_FAULTS_TOLD], *rest])
