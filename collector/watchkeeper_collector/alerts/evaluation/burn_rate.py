"""How fast a budget is used up: of errors that an objective allows, or of money.

A rate of 1 would just use it up in its period. A pair of windows is met when both burn faster than its
factor: the long one says that it matters, the short one that it still goes on.
"""

from collections.abc import Sequence

from watchkeeper_collector.alerts.evaluation.ask import Ask, Reading
from watchkeeper_collector.alerts.evaluation.measured import Figures, ask_of, groups_of, reading_of, sample_of
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, answer_to
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.rules.condition import BurnRate, BurnWindow


def asks(moment: Moment, condition: BurnRate) -> Sequence[Ask]:
    if condition.objective is None:
        return []
    return [
        _ask(moment, condition, length_s)
        for window in condition.windows
        for length_s in (window.long_s, window.short_s)
    ]


def judge(moment: Moment, condition: BurnRate, answers: Answers) -> list[Sample]:
    """Of an objective; those of budgets are judged beside the budgets themselves."""
    series, measures = condition.series, (condition.series.measure,)
    allowed = 1 - (condition.objective or 0.0)
    found = {
        length_s: answer_to(_ask(moment, condition, length_s), answers)
        for window in condition.windows
        for length_s in (window.long_s, window.short_s)
    }
    samples = []
    for key in groups_of(moment, series, *found.values()):
        readings = {length_s: reading_of(answer, key, measures) for length_s, answer in found.items()}
        rates = {length_s: _rate(reading, allowed) for length_s, reading in readings.items()}
        level, window = judge_windows(condition.windows, rates)
        long = readings[window.long_s]
        if level != "no_data" and long.count < max(1, series.min_count):
            level = "no_data"
        figures: Figures = {
            "threshold": window.factor, "sign": ">", "count": long.count, "objective": condition.objective,
            "short_window_s": window.short_s, "short_rate": rates[window.short_s], "ratio": long.values[0],
        }  # fmt: skip
        rate = rates[window.long_s]
        samples.append(sample_of(moment, series, key, (level, rate), figures, window_s=window.long_s))
    return samples


def judge_windows(
    windows: Sequence[BurnWindow], rates: dict[float, float | None]
) -> tuple[Level, BurnWindow]:
    """The level, and the pair of windows that says so: the one that is met, else the one that burns most."""
    for window in windows:
        long, short = rates[window.long_s], rates[window.short_s]
        if long is not None and short is not None and min(long, short) > window.factor:
            return "met", window
    nearest = max(windows, key=lambda window: (rates[window.long_s] or 0.0) / window.factor)
    return "no_data" if all(rate is None for rate in rates.values()) else "clear", nearest


def _rate(reading: Reading, allowed: float) -> float | None:
    value = reading.values[0]
    return None if value is None else value / allowed


def _ask(moment: Moment, condition: BurnRate, length_s: float) -> Ask:
    return ask_of(moment, condition.series, (condition.series.measure,), window_s=length_s)
