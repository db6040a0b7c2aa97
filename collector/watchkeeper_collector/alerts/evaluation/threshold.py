"""A measure against a value."""

from collections.abc import Sequence

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
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, answer_to
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.rules.condition import Threshold


def asks(moment: Moment, condition: Threshold) -> Sequence[Ask]:
    own = ask_of(moment, condition.series, measures_of(condition.series, condition.also))
    whole = _whole(moment, condition)
    return [own] if whole is None else [own, whole]


def judge(moment: Moment, condition: Threshold, answers: Answers) -> list[Sample]:
    series, measures = condition.series, measures_of(condition.series, condition.also)
    answer = answer_to(ask_of(moment, series, measures), answers)
    whole_ask = _whole(moment, condition)
    whole = None if whole_ask is None else answer_to(whole_ask, answers)
    samples = []
    for key in groups_of(moment, series, answer):
        reading = reading_of(answer, key, measures)
        value = reading.values[0]
        figures = {"threshold": condition.bound.value, "count": reading.count, "sign": condition.bound.sign}
        if whole is not None:
            total = _total(condition, key, whole)
            figures |= {"amount": value or 0.0, "total": total or 0.0}
            value = None if not total or value is None else value / total
        level = _level(condition, value, reading)
        level = with_also(level, condition.also, values_of(reading, measures, condition.also))
        samples.append(sample_of(moment, series, key, (level, value), figures))
    return samples


def _level(condition: Threshold, value: float | None, reading: Reading) -> Level:
    """Nothing at all is no data, unless it is what the condition waits for, such as ``calls < 1``."""
    if reading.count < condition.series.min_count:
        return "no_data"
    found = level_of(value, condition.bound)
    return "no_data" if reading.count == 0 and found != "met" else found


def _whole(moment: Moment, condition: Threshold) -> Ask | None:
    if condition.share_of is None:
        return None
    return ask_of(moment, condition.series, (condition.series.measure,), by=condition.share_of)


def _total(condition: Threshold, key: Key, whole: Answer) -> float | None:
    """Of what the group is a share: its own dimensions, but fewer of them."""
    named = dict(zip(condition.series.by, key[1:], strict=True))
    wanted = (key[0], *(named[name] for name in condition.share_of or ()))
    return reading_of(whole, wanted, (condition.series.measure,)).values[0]
