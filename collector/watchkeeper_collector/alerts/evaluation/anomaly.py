"""Points outside of the band that their season leads to expect."""

from collections.abc import Sequence

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Key
from watchkeeper_collector.alerts.evaluation.levels import with_also
from watchkeeper_collector.alerts.evaluation.measured import (
    Figures,
    ask_of,
    groups_of,
    measures_of,
    reading_of,
    sample_of,
    values_of,
)
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, answer_to, nanoseconds
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.evaluation.seasonal import FEWEST_SEASONS, Band, find_bands, seasons_of
from watchkeeper_collector.alerts.rules.condition import Anomaly

SEASON_S = {"day": 86_400.0, "week": 7 * 86_400.0}


def asks(moment: Moment, condition: Anomaly) -> Sequence[Ask]:
    found = [_history(moment, condition)]
    return [*found, _now(moment, condition)] if condition.also else found


def judge(moment: Moment, condition: Anomaly, answers: Answers) -> list[Sample]:
    series = condition.series
    history = answer_to(_history(moment, condition), answers)
    now = answer_to(_now(moment, condition), answers) if condition.also else {}
    measures = measures_of(series, condition.also)
    samples = []
    for key in groups_of(moment, series, history):
        level, value, figures = judge_points(condition, points_of(history, key, condition))
        further = values_of(reading_of(now, key, measures), measures, condition.also)
        level = with_also(level, condition.also, further)
        window_s = condition.trigger_s
        samples.append(sample_of(moment, series, key, (level, value), figures, window_s=window_s))
    return samples


def judge_points(condition: Anomaly, points: Sequence[float | None]) -> tuple[Level, float | None, Figures]:
    """The level, the newest value, and the band that it was held against."""
    season = round(SEASON_S[condition.season] / condition.series.window_s)
    trigger = round(condition.trigger_s / condition.series.window_s)
    recovery = round(condition.recovery_s / condition.series.window_s)
    value = points[-1] if points else None
    if seasons_of(points[: len(points) - trigger], season) < FEWEST_SEASONS:
        return "no_data", value, {"reason": f"fewer than {FEWEST_SEASONS} seasons"}
    looked_at = max(trigger, recovery)
    bands = find_bands(points, season, looked_at)
    outside = [
        _is_outside(condition, one, band) for one, band in zip(points[-looked_at:], bands, strict=True)
    ]
    last = bands[-1]
    figures: Figures = {
        "deviations": condition.deviations,
        "outside": sum(map(bool, outside[-trigger:])) / trigger,
        "threshold": condition.fraction,
        **_band_figures(condition, last),
    }
    return _level(condition, outside, trigger, recovery), value, figures


def points_of(history: Answer, key: Key, condition: Anomaly) -> list[float | None]:
    """One value for each step; before the group was first seen, nothing is known."""
    steps = round(condition.history_s / condition.series.window_s)
    measures = (condition.series.measure,)
    first = min(history.get(key, {}), default=steps)
    found: list[float | None] = [None] * first
    for step in range(first, steps):
        reading = reading_of(history, key, measures, step)
        is_known = reading.count >= condition.series.min_count
        found.append(reading.values[0] if is_known else None)
    return found


def _level(condition: Anomaly, outside: Sequence[bool | None], trigger: int, recovery: int) -> Level:
    """Met by enough points of the trigger window; over when none of the recovery window is outside."""
    deciding = outside[-trigger:]
    if all(one is None for one in deciding):
        return "no_data"
    if sum(map(bool, deciding)) >= condition.fraction * trigger:
        return "met"
    return "held" if any(outside[-recovery:]) else "clear"


def _is_outside(condition: Anomaly, value: float | None, band: Band | None) -> bool | None:
    if value is None or band is None:
        return None
    off = band.deviation(value)
    match condition.direction:
        case "above":
            return off > condition.deviations
        case "below":
            return off < -condition.deviations
        case _:
            return abs(off) > condition.deviations


def _band_figures(condition: Anomaly, band: Band | None) -> Figures:
    if band is None:
        return {}
    width = condition.deviations * band.spread
    return {"expected": band.expected, "low": band.expected - width, "high": band.expected + width}


def _history(moment: Moment, condition: Anomaly) -> Ask:
    """Steps that lie on whole ones, so that the same history is asked for until the next one is over."""
    step_ns = nanoseconds(condition.series.window_s)
    back_s = (moment.end_ns % step_ns) / 1e9
    measures, length_s = (condition.series.measure,), condition.history_s
    return ask_of(
        moment,
        condition.series,
        measures,
        window_s=length_s,
        back_s=back_s,
        step_s=condition.series.window_s,
    )


def _now(moment: Moment, condition: Anomaly) -> Ask:
    """The further conditions are about the whole trigger window."""
    measures = measures_of(condition.series, condition.also)
    return ask_of(moment, condition.series, measures, window_s=condition.trigger_s)
