"""What a rule would have done: evaluated over the past, through the same state machine as ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchkeeper_collector.alerts.engine.machine import step
from watchkeeper_collector.alerts.evaluation.evaluating import (
    Providers,
    SourceOf,
    evaluate_history,
    is_cheap_in_history,
    longest_window_s,
)
from watchkeeper_collector.alerts.evaluation.history import MOST_OVERLAP
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Instance

MOST_EVALUATIONS = 2_000
MOST_DEAR_EVALUATIONS = 100
"""Of kinds whose every evaluation is queries of its own, such as budgets and SQL."""
MOST_EPISODES = 200


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert that would have fired. ``ended_at`` is ``None`` where it still would."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started_at: datetime
    ended_at: datetime | None
    value: float | None
    figures: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Preview:
    """``interval_s`` is how far the evaluations were apart: longer than the rule's own over long times.

    ``episodes`` are the newest; ``fired`` counts all. ``problem``: what kept the last that failed.
    """

    start: datetime
    end: datetime
    interval_s: float
    evaluations: int
    failed_evaluations: int
    no_data_evaluations: int
    fired: int
    episodes: Sequence[Episode] = field(default_factory=list)
    problem: str = ""


def preview(
    rule: Rule,
    window: tuple[datetime, datetime],
    source_of: SourceOf,
    projects: Sequence[str],
    providers: Providers,
) -> Preview:
    """What the rule would have done between two times. Alerts about itself are left out."""
    start, end = window
    moments, interval_s = pick_moments(rule, start, end)
    shown = replace(rule, no_data="ok" if rule.no_data == "alert" else rule.no_data, is_paused=False)
    evaluations = evaluate_history(shown, moments, source_of, projects, providers=providers)
    episodes = find_episodes(shown, evaluations)
    problems = [evaluation.problem for evaluation in evaluations if evaluation.problem]
    silent = sum(all(sample.level == "no_data" for sample in one.samples) for one in evaluations)
    return Preview(
        start, end, interval_s, len(evaluations), len(problems), silent - len(problems), len(episodes),
        episodes[-MOST_EPISODES:], problems[-1] if problems else "",
    )  # fmt: skip


def pick_moments(rule: Rule, start: datetime, end: datetime) -> tuple[list[datetime], float]:
    """When to evaluate: at the rule's own pace as far as that is not too often."""
    most = MOST_EVALUATIONS if is_cheap_in_history(rule) else MOST_DEAR_EVALUATIONS
    length_s = (end - start).total_seconds()
    shortest_s = max(length_s / most, longest_window_s(rule) / MOST_OVERLAP)
    times = max(1, -(-shortest_s // rule.interval_s))
    interval_s = rule.interval_s * times
    count = int(length_s // interval_s)
    return [end - timedelta(seconds=interval_s) * back for back in range(count, -1, -1)], interval_s


def find_episodes(rule: Rule, evaluations: Sequence[Evaluation]) -> list[Episode]:
    """The alerts that the machine makes of evaluations, in the order in which they began."""
    instances: Mapping[str, Instance] = {}
    running: dict[str, Instance] = {}
    episodes: list[Episode] = []
    for evaluation in evaluations:
        if not (instances or evaluation.problem or rule.no_data == "alert" or _is_any_met(evaluation)):
            continue
        instances = step(rule, instances, evaluation).instances
        firing = {name: one for name, one in instances.items() if one.is_firing and one.family == "condition"}
        episodes += [_episode(running.pop(name), evaluation.at) for name in running.keys() - firing.keys()]
        running |= firing
    episodes += [_episode(one, None) for one in running.values()]
    return sorted(episodes, key=lambda episode: episode.started_at)


def _is_any_met(evaluation: Evaluation) -> bool:
    """Where none is, and nothing is known, the machine has nothing to do."""
    return any(sample.level == "met" for sample in evaluation.samples)


def _episode(instance: Instance, ended_at: datetime | None) -> Episode:
    return Episode(
        instance.labels,
        instance.annotations,
        instance.fired_at or instance.active_at,
        ended_at,
        instance.value,
        instance.figures,
    )
