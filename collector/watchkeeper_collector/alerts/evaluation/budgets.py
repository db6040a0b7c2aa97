"""Budgets: what is used of them, is forecast, or how fast they burn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from watchkeeper_collector.alerts.evaluation.burn_rate import judge_windows
from watchkeeper_collector.alerts.evaluation.levels import level_of
from watchkeeper_collector.alerts.evaluation.measured import traces_link
from watchkeeper_collector.alerts.evaluation.moment import EPOCH, Moment, nanoseconds
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.rules.burn import burn_windows
from watchkeeper_collector.alerts.rules.condition import Budget, BurnRate, Series
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.aggregation import run_query
from watchkeeper_collector.query.budgets import Kept, Use, compute_use, find_zone, read_period
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import Window

HOUR_S = 3_600.0


class Named(Kept, Protocol):
    """A budget as it is kept, with what it is called."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


ListBudgets = Callable[[str], Sequence[Named]]
"""The budgets of a project."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A budget of a project at a time."""

    source: Source
    project: str
    budget: Named


def judge_use(
    moment: Moment, condition: Budget, find: ListBudgets, source_of: Callable[[str], Source]
) -> list[Sample]:
    samples = []
    for asked in _asked(moment, condition.budget, find, source_of):
        use = compute_use(asked.source, asked.project, asked.budget, moment.end_ns)
        value = _figure(use, condition) / asked.budget.limit_usd
        figures: dict[str, float | str] = {
            "threshold": condition.bound.value, "sign": condition.bound.sign, "figure": condition.figure,
            "spent_usd": use.spent_usd, "limit_usd": asked.budget.limit_usd,
            "expected_usd": use.forecast.expected_usd, "high_usd": use.forecast.high_usd,
            "period_end": use.period_end, "exhausted_at": use.exhausted_at or "",
        }  # fmt: skip
        window_s = (moment.end_ns - _period(asked.budget, moment)[0]) / 1e9
        samples.append(_sample(moment, asked, (level_of(value, condition.bound), value), figures, window_s))
    return samples


def judge_burning(
    moment: Moment, condition: BurnRate, find: ListBudgets, source_of: Callable[[str], Source]
) -> list[Sample]:
    """A rate of 1 would spend the limit in just the period."""
    samples = []
    for asked in _asked(moment, condition.budget, find, source_of):
        start_ns, end_ns = _period(asked.budget, moment)
        period_s = (end_ns - start_ns) / 1e9
        windows = condition.windows or burn_windows(condition.speed, period_s)
        lengths = {length_s for window in windows for length_s in (window.long_s, window.short_s)}
        pace = asked.budget.limit_usd / period_s
        spent = {length_s: _spent_usd(asked, moment, length_s) for length_s in lengths}
        rates: dict[float, float | None] = {one: spent[one] / one / pace for one in lengths}
        level, window = judge_windows(windows, rates)
        figures: dict[str, float | str] = {
            "threshold": window.factor, "sign": ">", "short_window_s": window.short_s,
            "short_rate": rates[window.short_s] or 0.0, "spent_usd": spent[window.long_s],
            "limit_usd": asked.budget.limit_usd, "window_s": window.long_s,
        }  # fmt: skip
        samples.append(_sample(moment, asked, (level, rates[window.long_s]), figures, window.long_s))
    return samples


def _asked(moment: Moment, wanted: str, find: ListBudgets, source_of: Callable[[str], Source]) -> list[Asked]:
    """The budgets that a rule is about. One that its own project lacks is a fault of the rule."""
    found = [
        Asked(source_of(project), project, budget)
        for project in moment.projects
        for budget in find(project)
        if wanted in ("*", budget.id, budget.name)
    ]
    if not found and wanted != "*" and moment.rule.project:
        raise InvalidRequestError(
            f"There is no budget '{wanted[:60]}' in this project. Make it, or name another."
        )
    return found


def _sample(
    moment: Moment,
    asked: Asked,
    judged: tuple[Level, float | None],
    figures: dict[str, float | str],
    window_s: float,
) -> Sample:
    series = Series("cost_usd", asked.budget.filter, (), window_s)
    labels = {"project": asked.project, "budget": asked.budget.name}
    links = {"traces": traces_link(moment, series, (asked.project,), window_s)}
    level, value = judged
    return Sample(labels, level, value, {"measure": "cost_usd", "window_s": window_s, **figures}, links)


def _figure(use: Use, condition: Budget) -> float:
    match condition.figure:
        case "used":
            return use.spent_usd
        case "forecast":
            return use.forecast.expected_usd
        case _:
            return use.forecast.high_usd


def _spent_usd(asked: Asked, moment: Moment, length_s: float) -> float:
    window = Window(moment.end_ns - nanoseconds(length_s), moment.end_ns)
    question = Question(Slice(asked.project, window, asked.budget.filter), ("cost_usd",))
    ((spent_usd,),) = run_query(asked.source, question).rows or [(None,)]
    return spent_usd or 0.0


def _period(budget: Named, moment: Moment) -> tuple[int, int]:
    now = EPOCH + timedelta(microseconds=moment.end_ns // 1_000)
    start, end = read_period(budget.period, find_zone(budget.time_zone), now)
    return _nanoseconds(start), _nanoseconds(end)


def _nanoseconds(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds()) * 1_000_000_000
