"""Evaluates rules at a time. Rules that ask alike share a query, and none of them ever raises."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from watchkeeper_collector.alerts.evaluation import (
    absence,
    anomaly,
    budgets,
    burn_rate,
    change,
    drift,
    statements,
    threshold,
)
from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.asking import answer_asks
from watchkeeper_collector.alerts.evaluation.budgets import ListBudgets
from watchkeeper_collector.alerts.evaluation.drift import FindVerdicts
from watchkeeper_collector.alerts.evaluation.examples import add_examples
from watchkeeper_collector.alerts.evaluation.history import answer_history
from watchkeeper_collector.alerts.evaluation.memory import Memory
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, moment_of
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.alerts.rules.condition import (
    Absence,
    Anomaly,
    Budget,
    BurnRate,
    Change,
    Condition,
    Drift,
    Sql,
    Threshold,
    series_of,
)
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import InvalidRequestError, WatchkeeperError
from watchkeeper_collector.query.source import Source

T = TypeVar("T")
SourceOf = Callable[[str], Source]
"""Where the spans of a project are asked for; of ``""``: those of all."""

ASKS: Mapping[type, Callable[[Moment, Any], Sequence[Ask]]] = {
    Threshold: threshold.asks,
    Change: change.asks,
    Anomaly: anomaly.asks,
    BurnRate: burn_rate.asks,
    Absence: absence.asks,
}
JUDGES: Mapping[type, Callable[[Moment, Any, Answers], list[Sample]]] = {
    Threshold: threshold.judge,
    Change: change.judge,
    Anomaly: anomaly.judge,
    BurnRate: burn_rate.judge,
    Absence: absence.judge,
}


@dataclass(frozen=True, slots=True)
class Providers:
    """What some kinds need beside spans. ``None``: rules of that kind have a problem, which says so.

    ``statements_of`` gives sources on a store that only reads, for SQL of people. ``memory`` spares asking
    for the same history again.
    """

    list_budgets: ListBudgets | None = None
    find_verdicts: FindVerdicts | None = None
    statements_of: SourceOf | None = None
    memory: Memory | None = None


def evaluate(
    rules: Sequence[Rule],
    at: datetime,
    source_of: SourceOf,
    projects: Sequence[str],
    providers: Providers = Providers(),
) -> list[Evaluation]:
    """The evaluation of every rule at that time, in their order."""
    began_s = time.perf_counter()
    moments = [moment_of(rule, at, projects) for rule in rules]
    asks = [ask for moment in moments for ask in _asks(moment)]
    answers = _answer(asks, source_of(""), providers.memory) if asks else {}
    shared_s = (time.perf_counter() - began_s) / max(1, len(rules))
    found = [_evaluate(moment, answers, source_of, providers, shared_s) for moment in moments]
    return add_examples(found, moments, source_of)


def evaluate_history(
    rule: Rule,
    moments: Sequence[datetime],
    source_of: SourceOf,
    projects: Sequence[str],
    *,
    providers: Providers = Providers(),
    answer: Callable[[Sequence[Ask]], Answers] | None = None,
) -> list[Evaluation]:
    """One rule's evaluations at many times, with few queries where its kind allows it; without examples.

    ``answer`` answers what it asks of spans, if not the source does.
    """
    found = [moment_of(rule, at, projects) for at in moments]
    asks = [ask for moment in found for ask in _asks(moment)]
    answers: Answers = {}
    if asks:
        answers = answer(asks) if answer is not None else answer_history(asks, source_of(""))
    return [_evaluate(moment, answers, source_of, providers, 0.0) for moment in found]


def is_cheap_in_history(rule: Rule) -> bool:
    """Whether many moments cost few queries: not where windows of windows slide, nor for budgets and SQL."""
    condition = rule.condition
    if isinstance(condition, Change) and condition.windows > 1:
        return False
    return type(condition) in ASKS and not (isinstance(condition, BurnRate) and condition.objective is None)


def longest_window_s(rule: Rule) -> float:
    """Of those that slide along with the time."""
    condition = rule.condition
    if isinstance(condition, Absence) and condition.season is None:
        return max(condition.seen_s, condition.series.window_s)
    series = series_of(condition)
    return series.window_s if series is not None else 0.0


def _answer(asks: Sequence[Ask], source: Source, memory: Memory | None) -> Answers:
    if memory is None:
        return answer_asks(asks, source)
    known = memory.find(asks)
    asked = answer_asks([ask for ask in asks if ask not in known], source)
    memory.keep(asked.items())
    return known | asked


def _asks(moment: Moment) -> Sequence[Ask]:
    condition = moment.rule.condition
    find = ASKS.get(type(condition))
    return find(moment, condition) if find is not None and moment.projects else ()


def _evaluate(
    moment: Moment, answers: Answers, source_of: SourceOf, providers: Providers, shared_s: float
) -> Evaluation:
    began_s = time.perf_counter()
    try:
        samples = _judge(moment, moment.rule.condition, answers, source_of, providers)
        found = Evaluation(moment.rule, moment.at, samples)
    except WatchkeeperError as error:
        found = Evaluation(moment.rule, moment.at, (), problem=error.message)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        problem = f"The rule could not be evaluated: {type(error).__name__}: {error}"
        found = Evaluation(moment.rule, moment.at, (), problem=problem[:1000])
    return replace(found, cost_s=shared_s + time.perf_counter() - began_s)


def _judge(
    moment: Moment, condition: Condition, answers: Answers, source_of: SourceOf, providers: Providers
) -> list[Sample]:
    match condition:
        case Budget():
            return budgets.judge_use(moment, condition, _given(providers.list_budgets, "budget"), source_of)
        case BurnRate() if condition.objective is None:
            find = _given(providers.list_budgets, "budget")
            return budgets.judge_burning(moment, condition, find, source_of)
        case Drift():
            return drift.judge(moment, condition, _given(providers.find_verdicts, "drift"))
        case Sql():
            return statements.judge(moment, condition, _given(providers.statements_of, "sql"))
        case _:
            return JUDGES[type(condition)](moment, condition, answers) if moment.projects else []


def _given(provider: T | None, kind: str) -> T:
    if provider is None:
        raise InvalidRequestError(f"Rules of the kind '{kind}' are not evaluated here.")
    return provider
