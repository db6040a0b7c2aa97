"""Runs one test: rules evaluated over given spans or series, and through the state machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from watchkeeper_collector.alerts.engine.machine import step
from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, evaluate_history
from watchkeeper_collector.alerts.evaluation.moment import Answers, nanoseconds
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.alerts.testing.document import CaseDocument
from watchkeeper_collector.alerts.testing.notation import read_series, read_values
from watchkeeper_collector.alerts.testing.series import Series, answer_from_series
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import read_time
from watchkeeper_collector.state.alert_records import Instance

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EVALUATIONS = 20_000


@dataclass(frozen=True, slots=True)
class KeptBudget:
    """A budget as a test gives it."""

    id: str
    name: str
    filter: str
    period: str
    time_zone: str
    limit_usd: float


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires at a time."""

    alert: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification: an alert's first notice with a status."""

    at: datetime
    status: str
    labels: Mapping[str, str]


@dataclass(slots=True)
class Course:
    """What the machine did: what fired at each evaluation, what was said, and what could not be evaluated."""

    firing: list[list[Firing]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a test's spans are, and the store that SQL of rules is run on."""

    source: Source
    statements: Source


def start_of(case: CaseDocument) -> datetime:
    """When a test begins: a Monday, if it doesn't say."""
    text = case.start_timestamp
    if not text:
        return MONDAY
    if text.isdigit():
        return EPOCH + timedelta(seconds=int(text))
    return EPOCH + timedelta(microseconds=read_time(text, 0, "start_timestamp") // 1_000)


def moments_of(case: CaseDocument, interval_s: float) -> list[datetime]:
    """The evaluations up to the last expectation."""
    times = [check.eval_time for check in case.alert_rule_test]
    times += [check.eval_time for check in case.exp_notifications]
    last_s = max(map(read_duration_s, times), default=0.0)
    count = int(last_s // interval_s) + 1
    if count > MOST_EVALUATIONS:
        raise InvalidRequestError(f"A test evaluates at most {MOST_EVALUATIONS:,} times, not {count:,}.")
    start = start_of(case)
    return [start + timedelta(seconds=interval_s * place) for place in range(count)]


def run_course(
    case: CaseDocument, rules: Sequence[Rule], moments: Sequence[datetime], stage: Stage | None
) -> Course:
    """Evaluate the rules at these times. ``stage``: with the spans in it; ``None``: the test gives series."""
    course = Course([[] for _ in moments])
    answer = _series_answer(case)
    projects = [case.project, *dict.fromkeys(one.project for one in case.input_spans if one.project)]
    for rule in rules:
        paced = replace(rule, offset_s=0.0) if stage is None else rule
        found = evaluate_history(
            paced,
            moments,
            _of_stage(stage),
            projects,
            providers=_providers(case, stage),
            answer=answer if stage is None else None,
        )
        _follow(paced, found, course)
    return course


def _follow(rule: Rule, evaluations: Sequence[Evaluation], course: Course) -> None:
    instances: Mapping[str, Instance] = {}
    told: set[tuple[str, str]] = set()
    for place, evaluation in enumerate(evaluations):
        turn = step(rule, instances, evaluation)
        instances = turn.instances
        if turn.problem:
            course.problems.append(f"{rule.alert}: {turn.problem}")
        course.firing[place] += [
            Firing(one.labels.get("alertname", ""), one.labels, one.annotations)
            for one in instances.values()
            if one.is_firing
        ]
        for notice in turn.notices:
            if (notice.episode, notice.status) not in told:
                told.add((notice.episode, notice.status))
                course.sent.append(Sent(notice.at, notice.status, notice.labels))


def _series_answer(case: CaseDocument) -> Callable[[Sequence[Ask]], Answers]:
    start_ns = (start_of(case) - EPOCH) // timedelta(microseconds=1) * 1_000
    interval_ns = nanoseconds(read_duration_s(case.interval))
    series = [
        Series(*read_series(one.series), read_values(one.values), start_ns, interval_ns)
        for one in case.input_series
    ]
    return lambda asks: answer_from_series(asks, series, case.project)


def _of_stage(stage: Stage | None) -> Callable[[str], Source]:
    def find(project: str) -> Source:
        if stage is None:
            raise InvalidRequestError(f"The project '{project}' has no spans in this test: it gives series.")
        return stage.source

    return find


def _providers(case: CaseDocument, stage: Stage | None) -> Providers:
    kept = [
        KeptBudget(one.name, one.name, one.filter, one.period, one.time_zone, one.limit_usd)
        for one in case.budgets
    ]

    def list_budgets(project: str) -> Sequence[KeptBudget]:
        return kept if project == case.project else ()

    statements_of = None if stage is None else lambda _project: stage.statements
    return Providers(list_budgets=list_budgets, statements_of=statements_of)
