"""Seasonal bands: what is found, how soon, and what is not."""

import math
import random

import pytest
from watchkeeper_collector.alerts.evaluation.anomaly import judge_points
from watchkeeper_collector.alerts.evaluation.seasonal import Band, find_bands, seasons_of
from watchkeeper_collector.alerts.rules.condition import Anomaly, Series

HOURS = 24
DAYS = 7
RULE = Anomaly(Series("output_tokens", window_s=3_600.0), "both", 3.0, trigger_s=7_200.0, recovery_s=7_200.0)


def traffic(days: int, *, seed: int = 1, noise: float = 0.05) -> list[float | None]:
    """Hourly values with a daily season."""
    chance = random.Random(seed)
    return [
        (1_000 + 800 * math.sin(2 * math.pi * hour / HOURS)) * (1 + noise * chance.gauss(0, 1))
        for hour in range(days * HOURS)
    ]


def test_a_band_lies_around_the_same_hour_of_other_days() -> None:
    points = traffic(DAYS)
    band = find_bands(points, HOURS, 1)[0]
    assert isinstance(band, Band)
    assert band.expected == pytest.approx(1_000 + 800 * math.sin(2 * math.pi * 23 / HOURS), rel=0.15)
    assert 0 < band.spread < 0.2 * band.expected


def test_what_is_as_ever_is_clear_for_nearly_all_of_a_hundred_seeds() -> None:
    levels = [judge_points(RULE, traffic(DAYS, seed=seed))[0] for seed in range(100)]
    assert levels.count("met") <= 1


@pytest.mark.parametrize(("factor", "direction", "level"), [
    (3.0, "both", "met"), (3.0, "above", "met"), (3.0, "below", "clear"),
    (0.2, "both", "met"), (0.2, "below", "met"), (0.2, "above", "clear"),
])  # fmt: skip
def test_a_surge_and_a_slump_are_found(factor: float, direction: str, level: str) -> None:
    points = traffic(DAYS)
    points[-2:] = [factor * (value or 0.0) for value in points[-2:]]
    rule = Anomaly(RULE.series, direction, 3.0, trigger_s=7_200.0, recovery_s=7_200.0)  # type: ignore[arg-type]
    assert judge_points(rule, points)[0] == level


def test_one_point_outside_keeps_what_fires_and_starts_nothing() -> None:
    points = traffic(DAYS)
    points[-1] = 3 * (points[-1] or 0.0)
    assert judge_points(RULE, points)[0] == "held"
    half = Anomaly(RULE.series, trigger_s=7_200.0, recovery_s=3_600.0, fraction=0.5)
    assert judge_points(half, points)[0] == "met"


def test_an_anomaly_of_yesterday_does_not_move_the_band() -> None:
    calm, disturbed = traffic(DAYS), traffic(DAYS)
    for hour in range(-30, -20):
        disturbed[hour] = 20 * (disturbed[hour] or 0.0)
    before, after = (find_bands(points, HOURS, 1)[0] for points in (calm, disturbed))
    assert before is not None
    assert after is not None
    assert after.expected == pytest.approx(before.expected, rel=0.1)
    assert after.spread < 3 * before.spread


def test_with_less_than_three_seasons_there_is_no_data() -> None:
    level, value, figures = judge_points(RULE, traffic(2))
    assert (level, value is None, figures["reason"]) == ("no_data", False, "fewer than 3 seasons")
    late = [None] * (4 * HOURS) + traffic(3)[: 3 * HOURS]
    assert judge_points(RULE, late)[0] == "no_data"
    assert seasons_of(late, HOURS) == 3


def test_a_value_that_never_changed_is_anomalous_as_soon_as_it_does() -> None:
    points: list[float | None] = [5.0] * (DAYS * HOURS)
    assert judge_points(RULE, points)[0] == "clear"
    points[-2:] = [6.0, 6.0]
    assert judge_points(RULE, points)[0] == "met"
    assert judge_points(RULE, [0.0] * (DAYS * HOURS))[0] == "clear"


def test_points_that_are_missing_decide_nothing() -> None:
    points = traffic(DAYS)
    points[-2:] = [None, None]
    assert judge_points(RULE, points)[0] == "no_data"
