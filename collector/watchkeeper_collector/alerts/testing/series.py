"""Answers what rules ask from given series of values, as Prometheus would look them up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Reading
from watchkeeper_collector.alerts.rules.series import label_of
from watchkeeper_collector.alerts.testing.notation import Stale, Value
from watchkeeper_collector.query.times import SECOND_NS

LOOK_BACK_NS = 300 * SECOND_NS
PLENTY = 10**9
"""A given value is from as many calls as any rule may want."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values an interval apart, from a time on."""

    measure: str
    labels: Mapping[str, str]
    values: Sequence[Value]
    start_ns: int
    interval_ns: int

    def at(self, time_ns: int) -> float | None:
        """The newest value that is not ahead, nor as old as five minutes."""
        newest = min((time_ns - self.start_ns) // self.interval_ns, len(self.values) - 1)
        for place in range(newest, -1, -1):
            if time_ns - (self.start_ns + place * self.interval_ns) >= LOOK_BACK_NS:
                return None
            value = self.values[place]
            if value is not None:
                return None if isinstance(value, Stale) else value
        return None


def answer_from_series(asks: Iterable[Ask], series: Sequence[Series], project: str) -> dict[Ask, Answer]:
    return {ask: _answer(ask, series, project) for ask in asks}


def _answer(ask: Ask, series: Sequence[Series], project: str) -> Answer:
    """The value at the end of each window; the filter says nothing about given values."""
    groups = dict.fromkeys(
        (one.labels.get("project", project), *(one.labels.get(label_of(name), "") for name in ask.by))
        for one in series
        if one.measure in ask.measures
    )
    return {group: steps for group in groups if (steps := _steps(ask, series, group, project))}


def _steps(ask: Ask, series: Sequence[Series], group: tuple[str, ...], project: str) -> dict[int, Reading]:
    length_ns = ask.step_ns or ask.end_ns - ask.start_ns
    count = -(-(ask.end_ns - ask.start_ns) // length_ns)
    wanted = dict(zip([label_of(name) for name in ask.by], group[1:], strict=True))
    mine = {
        one.measure: one
        for one in series
        if one.labels.get("project", project) == group[0]
        and all(one.labels.get(name, "") == text for name, text in wanted.items())
    }
    found: dict[int, Reading] = {}
    for step in range(count):
        at_ns = ask.start_ns + (step + 1) * length_ns
        values = tuple(mine[name].at(at_ns) if name in mine else None for name in ask.measures)
        if any(value is not None for value in values):
            found[step] = Reading(values, PLENTY)
    return found
