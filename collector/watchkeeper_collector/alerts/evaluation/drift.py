"""Verdicts on drift, as the drift job leaves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from watchkeeper_collector.alerts.evaluation.moment import Moment
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.rules.condition import Drift
from watchkeeper_collector.alerts.rules.series import label_of

Severity = Literal["none", "minor", "major", "unknown"]
ANY = "any"
"""What the verdict on a whole slice is under: a rule that names no features looks at those alone."""
RANK = {"none": 0, "minor": 1, "major": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one feature of one slice in a window. ``unknown``: it can't be told yet."""

    feature: str
    slice: Mapping[str, str]
    window_end: datetime
    severity: Severity
    effect: float | None
    figures: Mapping[str, float | str] = field(default_factory=dict)
    link: str = ""


FindVerdicts = Callable[[str, datetime, int], Sequence[Verdict]]
"""Of a project at a time: the verdicts of so many newest windows of each slice and feature."""


def judge(moment: Moment, condition: Drift, find: FindVerdicts) -> list[Sample]:
    """Met where each of the newest windows says so."""
    samples = []
    features = condition.features or (ANY,)
    for project in moment.projects:
        series: dict[tuple[tuple[str, str], ...], list[Verdict]] = {}
        for verdict in find(project, moment.at, condition.windows):
            if verdict.feature in features:
                key = (("feature", verdict.feature), *sorted(verdict.slice.items()))
                series.setdefault(key, []).append(verdict)
        samples += [_sample(project, dict(key), found, condition) for key, found in series.items()]
    return samples


def _sample(project: str, slice_: Mapping[str, str], verdicts: Sequence[Verdict], condition: Drift) -> Sample:
    newest = sorted(verdicts, key=lambda verdict: verdict.window_end)[-condition.windows :]
    last = newest[-1]
    labels = {"project": project, **{label_of(name): text for name, text in slice_.items()}}
    figures = {"severity": last.severity, "windows": float(len(newest)), **last.figures}
    links = {"drift": last.link} if last.link else {}
    return Sample(labels, _level(newest, condition), last.effect, figures, links)


def _level(newest: Sequence[Verdict], condition: Drift) -> Level:
    """What can't be told decides nothing: a firing alert waits for a window that can."""
    if newest[-1].severity == "unknown":
        return "no_data"
    wanted = RANK[condition.severity]
    is_long = len(newest) >= condition.windows
    return "met" if is_long and all(RANK.get(one.severity, 0) >= wanted for one in newest) else "clear"
