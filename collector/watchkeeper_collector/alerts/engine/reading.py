"""What an evaluation says about each alert of a rule: samples with their full labels."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchkeeper_collector.alerts.engine.identity import ALERT_NAME, build_fingerprint, fixed, present
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Level, Sample
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.alerts.rules.templates import expand
from watchkeeper_collector.state.alert_records import Family, Figures

NO_DATA = "NoData"
RULE_ERROR = "RuleError"


@dataclass(frozen=True, slots=True)
class Reading:
    """One alert's sample. ``annotations`` are expanded where the condition is met."""

    family: Family
    fingerprint: str
    project: str
    labels: Mapping[str, str]
    level: Level
    annotations: Mapping[str, str] = field(default_factory=dict)
    value: float | None = None
    figures: Figures = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readings:
    """By fingerprint. ``problem``: why there are none but that of the error; ``has_data``: of any series."""

    found: Mapping[str, Reading]
    problem: str = ""
    has_data: bool = False


def read_evaluation(rule: Rule, evaluation: Evaluation) -> Readings:
    """The readings of a rule's condition, of series without data if they are to alert, of its problem."""
    if evaluation.problem:
        return (
            Readings({}, evaluation.problem)
            if evaluation.is_waiting
            else read_problem(rule, evaluation.problem)
        )
    readings = [_read_sample(rule, sample) for sample in evaluation.samples]
    if problem := _find_twins(readings):
        return read_problem(rule, problem)
    if rule.no_data == "alert":
        silent = (sample for sample in evaluation.samples if sample.level == "no_data")
        readings += [_read_silence(rule, sample) for sample in silent]
    has_data = any(sample.level != "no_data" for sample in evaluation.samples)
    return Readings(_by_fingerprint(readings), has_data=has_data)


def read_problem(rule: Rule, problem: str) -> Readings:
    """The one reading of a rule that could not be evaluated."""
    labels = _own_labels(rule, RULE_ERROR, {"project": rule.project})
    annotations = {
        **fixed(rule.annotations),
        "summary": f"The alert rule '{rule.alert}' can't be evaluated.",
        "description": f"{problem} Until it can be, its alerts stay as they are.",
    }
    reading = _build(rule, "error", labels, "met", project=rule.project, annotations=annotations)
    return Readings({reading.fingerprint: reading}, problem)


def _read_sample(rule: Rule, sample: Sample) -> Reading:
    figures = {name: _shown(figure) for name, figure in sample.figures.items()}
    value = sample.value if sample.value is None or math.isfinite(sample.value) else None

    def expanded(templates: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
        return {
            name: expand(text, labels=labels, value=value, figures=figures, links=sample.links)
            for name, text in templates.items()
        }

    labels = present({**sample.labels, **expanded(rule.labels, sample.labels), ALERT_NAME: rule.alert})
    speaks = sample.level in ("met", "held")
    annotations = expanded(rule.annotations, sample.labels) if speaks else {}
    return _build(
        rule, "condition", labels, sample.level, project=_project(rule, sample),
        annotations=annotations, value=value, figures=figures, links=sample.links,
    )  # fmt: skip


def _read_silence(rule: Rule, sample: Sample) -> Reading:
    labels = _own_labels(rule, NO_DATA, sample.labels)
    annotations = {
        **fixed(rule.annotations),
        "summary": f"The alert rule '{rule.alert}' has no data.",
        "description": "There were no spans, or too few of them, for it to say anything.",
    }
    figures = {name: _shown(figure) for name, figure in sample.figures.items()}
    project = _project(rule, sample)
    return _build(rule, "no_data", labels, "met", project=project, annotations=annotations, figures=figures)


def _project(rule: Rule, sample: Sample) -> str:
    """Whose alert it is: labels of the rule do not change that."""
    return rule.project or sample.labels.get("project", "")


def _own_labels(rule: Rule, name: str, series: Mapping[str, str]) -> dict[str, str]:
    """Those of an alert about the rule itself: it goes where the rule's own alerts go."""
    return present({**series, **fixed(rule.labels), "rule": rule.alert, ALERT_NAME: name})


def _build(
    rule: Rule,
    family: Family,
    labels: Mapping[str, str],
    level: Level,
    *,
    project: str,
    annotations: Mapping[str, str],
    value: float | None = None,
    figures: Figures | None = None,
    links: Mapping[str, str] | None = None,
) -> Reading:
    fingerprint = build_fingerprint(rule.uid, labels)
    return Reading(
        family, fingerprint, project, labels, level, annotations, value, figures or {}, dict(links or {})
    )


def _find_twins(readings: Iterable[Reading]) -> str:
    """What is wrong where two series have the same labels; empty: nothing."""
    seen: set[str] = set()
    for reading in readings:
        if reading.fingerprint in seen:
            shown = ", ".join(f'{name}="{value}"' for name, value in sorted(reading.labels.items()))
            return (
                f"Two series have the same labels ({shown}). A label of the rule hides what they differ in."
            )
        seen.add(reading.fingerprint)
    return ""


def _by_fingerprint(readings: Iterable[Reading]) -> dict[str, Reading]:
    return {reading.fingerprint: reading for reading in readings}


def _shown(figure: float | str) -> float | str:
    """JSON and databases have no infinity."""
    return figure if isinstance(figure, str) or math.isfinite(figure) else str(figure)
