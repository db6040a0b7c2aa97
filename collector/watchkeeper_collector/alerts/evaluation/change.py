"""A measure against itself before: the window just before, a day or a week before, or the mean of several."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Key, Reading
from watchkeeper_collector.alerts.evaluation.levels import level_of, with_also
from watchkeeper_collector.alerts.evaluation.measured import (
    ask_of,
    groups_of,
    measures_of,
    reading_of,
    sample_of,
    values_of,
)
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, answer_to, nanoseconds
from watchkeeper_collector.alerts.evaluation.sample import Sample
from watchkeeper_collector.alerts.rules.condition import Change
from watchkeeper_collector.query.measures import find_measure
from watchkeeper_collector.query.times import SECOND_NS

FALLING = ("<", "<=")
MEAN_GRID = 60
"""What a mean is of ends up to so small a part of a window earlier than the window before."""

BACK_S = {"day": 86_400.0, "week": 7 * 86_400.0}


@dataclass(frozen=True, slots=True)
class Before:
    """What a group was like before, from how many spans and windows."""

    value: float | None
    count: int
    windows: int


def asks(moment: Moment, condition: Change) -> Sequence[Ask]:
    return [_now(moment, condition), _before(moment, condition)]


def judge(moment: Moment, condition: Change, answers: Answers) -> list[Sample]:
    series, measures = condition.series, measures_of(condition.series, condition.also)
    now = answer_to(_now(moment, condition), answers)
    earlier = answer_to(_before(moment, condition), answers)
    samples = []
    looked_at = (now, earlier) if condition.bound.sign in FALLING else (now,)
    for key in groups_of(moment, series, *looked_at):
        reading, before = reading_of(now, key, measures), before_of(earlier, key, condition)
        value = compare(reading.values[0], before.value, condition.scale)
        level = level_of(value, condition.bound)
        if not _has_enough(condition, reading, before):
            level = "no_data"
        level = with_also(level, condition.also, values_of(reading, measures, condition.also))
        figures = {
            "threshold": condition.bound.value, "count": reading.count, "sign": condition.bound.sign,
            "now": reading.values[0], "before": before.value, "against": condition.against,
            "scale": condition.scale, "count_before": before.count,
        }  # fmt: skip
        samples.append(sample_of(moment, series, key, (level, value), figures))
    return samples


def _has_enough(condition: Change, reading: Reading, before: Before) -> bool:
    """Counts and sums may well have fallen to nothing, of which there are no spans to count."""
    fewest = max(1, condition.series.min_count)
    may_vanish = find_measure(condition.series.measure).empty == "0"
    return before.count >= fewest and (may_vanish or reading.count >= fewest)


def compare(now: float | None, before: float | None, scale: str) -> float | None:
    """``None`` where there is nothing to compare with."""
    if now is None or before is None:
        return None
    if scale == "absolute":
        return now - before
    if before == 0:
        return None
    return now / before if scale == "factor" else (now - before) / abs(before)


def before_of(answer: Answer, key: Key, condition: Change) -> Before:
    """The mean over the windows since the group was first seen: before that, there was none to speak of."""
    measures = (condition.series.measure,)
    first = min(answer.get(key, {}), default=condition.windows)
    readings = [reading_of(answer, key, measures, step) for step in range(first, condition.windows)]
    known = [reading.values[0] for reading in readings if reading.values[0] is not None]
    mean = sum(known) / len(known) if known else None
    return Before(mean, sum(reading.count for reading in readings), len(known))


def _now(moment: Moment, condition: Change) -> Ask:
    return ask_of(moment, condition.series, measures_of(condition.series, condition.also))


def _before(moment: Moment, condition: Change) -> Ask:
    """A mean's windows end on a grid, so that the same is asked for a while, and can be remembered."""
    series, windows = condition.series, condition.windows
    if windows > 1:
        grid_ns = max(1, nanoseconds(series.window_s) // MEAN_GRID)
        back_s = series.window_s + (moment.end_ns % grid_ns) / SECOND_NS
        length_s, step_s = series.window_s * windows, series.window_s
        return ask_of(moment, series, (series.measure,), window_s=length_s, back_s=back_s, step_s=step_s)
    return ask_of(
        moment,
        series,
        (series.measure,),
        back_s=BACK_S.get(condition.against, series.window_s),
    )
