"""Runs files of rule tests. Spans go through the real views of an embedded engine of the run's own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from watchkeeper_collector.alerts.documents import Faults, read_document, read_model
from watchkeeper_collector.alerts.rules.condition import Budget, Sql
from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.alerts.rules.files import load_rule_files
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.alerts.testing.case import Stage, moments_of, run_course, start_of
from watchkeeper_collector.alerts.testing.document import CaseDocument, TestFileDocument
from watchkeeper_collector.alerts.testing.spans import COLUMNS, build_rows
from watchkeeper_collector.alerts.testing.verdict import judge_case
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.running import SESSION_SETTINGS
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate

KEPT_DAYS = 20_000
FILLED = ("spans", "span_content", "trace_index")
ABOUT_RULES = frozenset({"NoData", "RuleError"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one test; without failures it passed."""

    file: str
    name: str
    failures: Sequence[str]
    took_s: float = 0.0


class Workshop:
    """A place to run tests in. Its engine is made when a test with spans needs it; close it at the end."""

    def __init__(self, store: Callable[[], tuple[Store, Store, str]] | None = None) -> None:
        self._open = store or self._open_embedded
        self._resources = ExitStack()
        self._stage: Stage | None = None
        self._store: Store | None = None
        self._database = ""

    def close(self) -> None:
        self._resources.close()

    def run_file(self, path: Path) -> Iterator[Outcome]:
        """Every test of a file. What is wrong with the file, or the rules it names, is an outcome too."""
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield Outcome(str(path), "", [f"The file can't be read: {error}."])
            return
        document, faults = read_document(text, str(path))
        model = None
        if document is not None:
            noted = Faults(document)
            model = read_model(document, TestFileDocument, noted)
            faults = [*faults, *noted.found]
        if model is None or faults:
            yield Outcome(str(path), "", [fault.render() for fault in sorted(faults)])
            return
        yield from self._run_tests(path, model)

    def _run_tests(self, path: Path, model: TestFileDocument) -> Iterator[Outcome]:
        found = load_rule_files([str(path.parent / pattern) for pattern in model.rule_files])
        if found.faults:
            yield Outcome(str(path), "", [fault.render() for fault in found.faults])
            return
        for number, case in enumerate(model.tests):
            began_s = time.perf_counter()
            failures = self._run_case(case, found.rules, model.evaluation_interval)
            name = case.name or f"test {number + 1}"
            yield Outcome(str(path), name, failures, time.perf_counter() - began_s)

    def _run_case(self, case: CaseDocument, rules: Sequence[Rule], interval: str) -> Sequence[str]:
        try:
            interval_s = read_duration_s(interval)
            if interval_s <= 0:
                raise InvalidRequestError("The evaluation_interval is longer than 0s.")
            wanted, moments = _wanted(case, rules), moments_of(case, interval_s)
            stage = self._fill(case) if case.input_spans or any(map(_needs_engine, wanted)) else None
            course = run_course(case, wanted, moments, stage)
            return judge_case(case, course, interval_s)
        except InvalidRequestError as error:
            return [error.message]

    def _fill(self, case: CaseDocument) -> Stage:
        """The engine with the spans of the test and no others."""
        if case.input_series:
            raise InvalidRequestError("A test gives 'input_series' or 'input_spans', and not both.")
        stage = self._opened()
        assert self._store is not None  # noqa: S101
        for table in FILLED:
            self._store.command(f"TRUNCATE TABLE {self._database}.{table}")
        start = start_of(case)
        blocks = enumerate(case.input_spans)
        rows = [row for number, spans in blocks for row in build_rows(spans, start, case.project, number)]
        if rows:
            self._store.insert("otel_traces", COLUMNS, rows, database=self._database)
        return stage

    def _opened(self) -> Stage:
        if self._stage is None:
            self._store, statements, self._database = self._open()
            self._stage = Stage(Source(self._store, self._database), Source(statements, self._database))
        return self._stage

    def _open_embedded(self) -> tuple[Store, Store, str]:
        folder = self._resources.enter_context(TemporaryDirectory(prefix="watchkeeper-rules-"))
        store = self._resources.enter_context(closing(Store(f"chdb://{folder}")))
        reading = Store(f"chdb://{folder}", settings=SESSION_SETTINGS)
        statements = self._resources.enter_context(closing(reading))
        layout = Layout(
            content_retention_days=KEPT_DAYS,
            span_retention_days=KEPT_DAYS,
            aggregate_retention_days=KEPT_DAYS,
        )
        migrate(store, layout)
        return store, statements, layout.database


def _needs_engine(rule: Rule) -> bool:
    """Whether it looks at more than values of measures, which series can give."""
    return isinstance(rule.condition, Sql | Budget) or bool(getattr(rule.condition, "budget", ""))


def _wanted(case: CaseDocument, rules: Sequence[Rule]) -> list[Rule]:
    """The rules that a test is about: those it names, or all, if it is about alerts on rules themselves."""
    names = {check.alertname for check in case.alert_rule_test}
    names |= {check.alertname for check in case.exp_notifications}
    running = [rule for rule in rules if not rule.is_paused]
    unknown = names - {rule.alert for rule in rules} - ABOUT_RULES
    if unknown:
        raise InvalidRequestError(f"No rule is called '{min(unknown)[:60]}'.")
    return running if names & ABOUT_RULES else [rule for rule in running if rule.alert in names]
