"""What spend will come to, with an interval: arithmetic on hourly amounts, nothing else.

From two weeks of history on, an hour to come is expected to cost what the same hour of the week did on
average, with recent weeks weighing more; before that, what an hour did on average so far. How wrong that is,
the past says: the residuals of past days, or of past hours while there are few days. Their variance, with the
correlation from one to the next, gives that of the sum to come; to it is added that of the level, which was
estimated itself. The interval is Student's. See docs/budgets.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

HOUR_S = 3_600
DAY_HOURS = 24
WEEK_HOURS = 168
LEVEL = 0.8
TAIL_Z = 1.2815515655446004
"""The standard normal distribution's quantile at 0.9: a tenth is left on both sides."""
WEEK_WEIGHT = 0.8
"""What a week weighs, of the one after it."""
FEWEST_DAYS = 4
MOST_CORRELATION = 0.9

Method = Literal["seasonal", "rate", "none"]


@dataclass(frozen=True, slots=True)
class Spend:
    """Amounts of past hours on end. ``first_hour`` is the number of the first one since 1970."""

    first_hour: int
    amounts: Sequence[float]

    def since_first_spend(self) -> "Spend":
        """Without the hours before anything was spent."""
        skipped = next((place for place, amount in enumerate(self.amounts) if amount), len(self.amounts))
        return Spend(self.first_hour + skipped, self.amounts[skipped:])

    @property
    def end_hour(self) -> int:
        return self.first_hour + len(self.amounts)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a whole period will come to. ``history_hours`` is what it was computed from."""

    expected_usd: float
    low_usd: float
    high_usd: float
    method: Method
    history_hours: int
    level: float = LEVEL


def forecast(past: Spend, spent_usd: float, hours_left: float) -> Forecast:
    """Of a period that has so many hours left after the past's end, in which so much was spent already."""
    known = past.since_first_spend()
    hours = len(known.amounts)
    if not hours or hours_left <= 0:
        return Forecast(spent_usd, spent_usd, spent_usd, "none", hours)
    method: Method = "seasonal" if hours >= 2 * WEEK_HOURS else "rate"
    coming = expected_hours(known, hours_left)
    expected = sum(coming)
    spread = _spread(known, expected)
    return Forecast(
        spent_usd + expected,
        spent_usd + max(0.0, expected - spread),
        spent_usd + expected + spread,
        method,
        hours,
    )


def expected_hours(past: Spend, hours_left: float) -> list[float]:
    """What each hour to come is expected to cost; of the last one the part that is still in the period."""
    whole, part = divmod(hours_left, 1)
    count = int(whole) + (1 if part else 0)
    hours = [_expected(past, past.end_hour + ahead) for ahead in range(count)] if count else []
    if part:
        hours[-1] *= part
    return hours


def exhausted_after_hours(coming: Sequence[float], left_usd: float) -> float | None:
    """After how many hours so much will be spent; ``None``: not in these."""
    for hour, total in enumerate(accumulate(coming)):
        if total >= left_usd:
            return hour + 1 - (total - left_usd) / coming[hour]
    return None


def _expected(past: Spend, hour: int) -> float:
    """By the hours of the past that lie whole weeks before, else by all of them."""
    amounts = past.amounts
    if len(amounts) < 2 * WEEK_HOURS:
        return sum(amounts) / len(amounts)
    slot = (hour - past.end_hour) % WEEK_HOURS - WEEK_HOURS  # from the end, in the last week
    same = [amounts[place] for place in range(len(amounts) + slot, -1, -WEEK_HOURS)][
        : len(amounts) // WEEK_HOURS
    ]
    weights = [WEEK_WEIGHT**age for age in range(len(same))]
    return sum(map(float.__mul__, weights, map(float, same))) / sum(weights)


def _spread(past: Spend, expected_usd: float) -> float:
    """Half the width of the interval around a sum that is expected to be so much."""
    residuals, mean, level_size, freedom = _residuals(past)
    if not mean or not residuals:
        return 0.0
    blocks = expected_usd / mean
    variance = sum(residual * residual for residual in residuals) / freedom
    correlation = _correlation(residuals, freedom)
    of_sum = blocks + 2 * sum((blocks - lag) * correlation**lag for lag in range(1, math.ceil(blocks)))
    of_level = blocks * blocks / level_size * (1 + correlation) / (1 - correlation)
    return math.sqrt(variance * (of_sum + of_level)) * _student_quantile(freedom)


def _residuals(past: Spend) -> tuple[list[float], float, float, int]:
    """Of past blocks (days, or hours while there are few days): how far they were off, their mean, from how
    many the level was estimated, and the degrees of freedom that are left.
    """
    amounts = past.amounts
    weeks = len(amounts) // WEEK_HOURS
    if weeks >= 2:
        known = amounts[len(amounts) - weeks * WEEK_HOURS :]
        profile = [_expected(past, past.end_hour + hour) for hour in range(WEEK_HOURS)]
        off = [amount - profile[place % WEEK_HOURS] for place, amount in enumerate(known)]
        weights = [WEEK_WEIGHT**age for age in range(weeks)]
        size = 7 * sum(weights) ** 2 / sum(weight * weight for weight in weights)
        return _sums(off, DAY_HOURS), sum(profile) / 7, size, 7 * (weeks - 1)
    block = DAY_HOURS if len(amounts) >= FEWEST_DAYS * DAY_HOURS else 1
    sums = _sums(amounts[len(amounts) % block :], block)
    mean = sum(sums) / len(sums)
    return [amount - mean for amount in sums], mean, len(sums), max(1, len(sums) - 1)


def _sums(amounts: Sequence[float], size: int) -> list[float]:
    return [sum(amounts[start : start + size]) for start in range(0, len(amounts), size)]


def _correlation(residuals: Sequence[float], freedom: int) -> float:
    """From one residual to the next, with the bias of short series taken out (Kendall 1954)."""
    square = sum(residual * residual for residual in residuals)
    if not square:
        return 0.0
    found = sum(map(float.__mul__, residuals, residuals[1:])) / square
    return min(max(found + (1 + 3 * found) / (freedom + 7), 0.0), MOST_CORRELATION)


def _student_quantile(freedom: int) -> float:
    """Student's quantile at 0.9, expanded around the normal one (Abramowitz and Stegun, 26.7.5)."""
    z = TAIL_Z
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
