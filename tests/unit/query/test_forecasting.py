"""What spend will come to."""

import math
import random

import pytest
from watchkeeper_collector.query.forecasting import (
    DAY_HOURS,
    WEEK_HOURS,
    Forecast,
    Spend,
    exhausted_after_hours,
    expected_hours,
    forecast,
)

WORKDAYS = 5


def test_what_never_cost_anything_has_no_forecast() -> None:
    found = forecast(Spend(0, [0.0] * 500), 0.0, 100.0)
    assert found == Forecast(0.0, 0.0, 0.0, "none", 0)


def test_at_the_end_of_the_period_the_forecast_is_what_was_spent() -> None:
    found = forecast(Spend(0, [1.0] * 500), 12.0, 0.0)
    assert (found.low_usd, found.expected_usd, found.high_usd) == (12.0, 12.0, 12.0)


def test_a_steady_rate_goes_on() -> None:
    found = forecast(Spend(0, [2.0] * 30), 60.0, 10.5)
    assert (found.method, found.expected_usd, found.history_hours) == ("rate", 81.0, 30)
    assert found.low_usd == found.high_usd == 81.0


def test_hours_before_the_first_spend_are_no_history() -> None:
    found = forecast(Spend(0, [0.0] * 300 + [2.0] * 30), 0.0, 10.0)
    assert (found.method, found.expected_usd, found.history_hours) == ("rate", 20.0, 30)


def test_from_two_weeks_on_an_hour_costs_what_its_hour_of_the_week_did() -> None:
    week = [float(hour % DAY_HOURS) if hour < WORKDAYS * DAY_HOURS else 0.0 for hour in range(WEEK_HOURS)]
    found = forecast(Spend(0, week * 3), 0.0, 30.0)
    assert found.method == "seasonal"
    assert found.expected_usd == pytest.approx(sum(week[:30]))
    assert expected_hours(Spend(0, (week * 3)[:-24]), 48.0) == pytest.approx(week[-24:] + week[:24])


def test_recent_weeks_weigh_more() -> None:
    found = forecast(Spend(0, [1.0] * WEEK_HOURS + [2.0] * WEEK_HOURS), 0.0, 1.0)
    assert found.expected_usd == pytest.approx((0.8 * 1.0 + 2.0) / 1.8)


def test_the_interval_never_goes_below_what_was_spent() -> None:
    amounts = [0.0] * 47 + [100.0]
    found = forecast(Spend(0, [1.0, *amounts]), 101.0, 24.0)
    assert found.low_usd == 101.0
    assert found.high_usd > found.expected_usd > 101.0


@pytest.mark.parametrize(
    ("left", "after"), [(0.5, 0.5), (1.0, 1.0), (1.25, 1.5), (2.5, 2.25), (5.5, 3.0), (5.6, None)]
)
def test_a_limit_is_reached_within_an_hour(left: float, after: float | None) -> None:
    assert exhausted_after_hours([1.0, 0.5, 4.0], left) == after


# The stated method: on series like those of applications, the interval of 80 % holds the truth in 70 to 90 %.


def generated(kind: str, hours: int, chance: random.Random) -> list[float]:
    """Costs of calls by hour: counts with daily and weekly seasons, amounts that are lognormal."""
    levels, level = [], 0.0
    for _ in range(-(-hours // DAY_HOURS)):
        noise = chance.gauss(0, 1)
        level = 0.6 * level + 0.15 * noise if kind == "correlated days" else 0.3 * noise
        levels.append(math.exp(level) if "days" in kind else 1.0)
    return [
        sum(
            chance.lognormvariate(-3, 1)
            for _ in range(_poisson(_rate(kind, hour) * levels[hour // DAY_HOURS], chance))
        )
        for hour in range(hours)
    ]


def _rate(kind: str, hour: int) -> float:
    if kind in {"no season", "noisy days"}:
        return 10.0
    day_shape = 0.2 + max(0.0, math.sin((hour % DAY_HOURS - 6) / DAY_HOURS * 2 * math.pi))
    return 10 * day_shape * (1.0 if hour // DAY_HOURS % 7 < WORKDAYS else 0.3)


def _poisson(mean: float, chance: random.Random) -> int:
    count, left = 0, math.exp(-mean)
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count


KINDS = ("seasons", "no season", "good and bad days", "correlated days")


@pytest.mark.parametrize("kind", KINDS)
def test_the_seasonal_interval_covers_the_truth_as_often_as_it_says(kind: str) -> None:
    chance = random.Random(f"seasonal {kind}")
    cases = [(weeks, left) for weeks in (2, 3, 5) for left in (30.5, 100.0, 360.0)] * 10
    assert 0.7 <= coverage(kind, cases, chance) <= 0.9


@pytest.mark.parametrize("kind", ["no season", "noisy days"])
def test_the_interval_of_a_rate_covers_the_truth_as_often_as_it_says(kind: str) -> None:
    chance = random.Random(f"rate {kind}")
    cases = [(days / 7, left) for days in (7, 10, 13) for left in (7 * 24.0, 14 * 24.0)] * 15
    assert 0.7 <= coverage(kind, cases, chance) <= 0.9


def coverage(kind: str, cases: list[tuple[float, float]], chance: random.Random) -> float:
    """In how many of the cases (weeks of history, hours left) the interval holds what really came."""
    held = 0
    for weeks, left in cases:
        past_hours = round(weeks * WEEK_HOURS)
        series = generated(kind, past_hours + math.ceil(left), chance)
        whole, part = divmod(left, 1)
        coming = series[past_hours : past_hours + int(whole)]
        truth = sum(coming) + (series[-1] * part if part else 0.0)
        found = forecast(Spend(0, series[:past_hours]), 0.0, left)
        held += found.low_usd <= truth <= found.high_usd
    return held / len(cases)
