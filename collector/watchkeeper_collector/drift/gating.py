"""The gate's rule: may a release ship.

Each measure is compared on one value of each session, else trace. It *fails* where it got worse beyond chance
(corrected over all measures) by the tolerance or more, and *passes* where the 95 % interval of the change
ends before the tolerance: what is not known well enough is neither. A release passes when all measures do, so
one that is worse by a tolerance passes in at most 2.5 of a hundred cases, however many measures there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from watchkeeper_collector.drift.gate_policy import GateMeasure
from watchkeeper_collector.drift.statistics.correction import benjamini_hochberg
from watchkeeper_collector.drift.statistics.counts import Share, fisher, two_proportion
from watchkeeper_collector.drift.statistics.intervals import Interval, proportion_difference

Verdict = Literal["pass", "fail", "unknown", "warn"]
Values = npt.NDArray[np.float64]
ALPHA = 0.01
LEVEL = 0.95
FEW_HITS = 50
MOST_NEEDED = 1_000_000
LARGEST_LOG = 100.0
ORDER: tuple[Verdict, ...] = ("pass", "warn", "unknown", "fail")


class Change(NamedTuple):
    size: float
    interval: Interval
    two_sided_p: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure on both sides. ``change`` and its interval are in what the tolerance is in, ``worse`` made
    positive; ``p_value`` is of no change for the worse.
    """

    measure: GateMeasure
    before_units: int
    after_units: int
    before: float
    after: float
    change: float
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True)
class Judged:
    """``needs``: about so many more units on the smaller side, where it cannot be told."""

    compared: Compared
    verdict: Verdict
    adjusted_p: float
    needs: int = 0


def compare_values(measure: GateMeasure, before: Values, after: Values) -> Compared:
    """What two samples, a value of each unit, say about a measure."""
    if measure.kind == "share":
        return _compare_shares(measure, before, after)
    if measure.kind == "amount":
        return _compare_amounts(measure, before[before > 0], after[after > 0])
    return _compare_scores(measure, before, after)


def judge_release(compared: Sequence[Compared], min_units: int) -> list[Judged]:
    """A verdict on each measure."""
    known = [one for one in compared if _fewer(one) >= min_units]
    adjusted = dict(zip(map(id, known), benjamini_hochberg([one.p_value for one in known]), strict=True))
    return [_judge(one, adjusted.get(id(one), 1.0), min_units) for one in compared]


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a release; of nothing it cannot be told."""
    return max(verdicts, key=ORDER.index, default="unknown")


def _judge(one: Compared, adjusted_p: float, min_units: int) -> Judged:
    if _fewer(one) < min_units:
        return Judged(one, "unknown", 1.0, min_units - _fewer(one))
    tolerance = one.measure.tolerance
    if adjusted_p < ALPHA and one.change >= tolerance:
        return Judged(one, "fail", adjusted_p)
    if one.interval.high < tolerance:
        return Judged(one, "pass", adjusted_p)
    return Judged(one, "unknown", adjusted_p, _needs(one, adjusted_p))


def _fewer(one: Compared) -> int:
    return min(one.before_units, one.after_units)


def _needs(one: Compared, adjusted_p: float) -> int:
    """If the change stays what it seems: intervals shrink, and z grows, with the root of n."""
    room = one.measure.tolerance - one.change
    if room > 0:
        growth = ((one.interval.high - one.change) / room) ** 2
    else:
        wanted, found = (NormalDist().inv_cdf(1 - p) for p in (ALPHA, min(max(adjusted_p, 1e-12), 0.4)))
        growth = (wanted / found) ** 2
    return min(MOST_NEEDED, max(1, math.ceil(_fewer(one) * (growth - 1))))


def _compare_shares(measure: GateMeasure, before: Values, after: Values) -> Compared:
    a, b = Share(int((before != 0).sum()), before.size), Share(int((after != 0).sum()), after.size)
    change = b.ratio - a.ratio
    interval = proportion_difference(a, b, LEVEL)
    few = min(a.hits + b.hits, a.total + b.total - a.hits - b.hits) < FEW_HITS
    two_sided = (fisher if few else two_proportion)(a, b).p_value
    return _directed(measure, (a.total, b.total), (a.ratio, b.ratio), Change(change, interval, two_sided))


def _compare_amounts(measure: GateMeasure, before: Values, after: Values) -> Compared:
    """By the ratio of geometric means: amounts have long tails, and means of logarithms are well-behaved."""
    a, b = np.log(before), np.log(after)
    found = _welch(a, b)
    change = Change(_factor(found.size), Interval(*map(_factor, found.interval)), found.two_sided_p)
    return _directed(measure, (a.size, b.size), (math.exp(_mean(a)), math.exp(_mean(b))), change)


def _factor(log_change: float) -> float:
    """How much more it is, as a part; of two calls an interval may end beyond what a float holds."""
    return math.expm1(min(log_change, LARGEST_LOG))


def _compare_scores(measure: GateMeasure, before: Values, after: Values) -> Compared:
    """In standard deviations of the baseline."""
    found = _welch(before, after)
    deviation = float(before.std(ddof=1)) if before.size > 1 else 0.0
    scale = 1 / deviation if deviation else 1.0
    low, high = found.interval
    change = Change(found.size * scale, Interval(low * scale, high * scale), found.two_sided_p)
    return _directed(measure, (before.size, after.size), (_mean(before), _mean(after)), change)


def _directed(
    measure: GateMeasure, units: tuple[int, int], middles: tuple[float, float], change: Change
) -> Compared:
    """With the worse direction made positive; of a change either way the size counts."""
    size, (low, high), two_sided_p = change
    if measure.worse == "less":
        size, low, high = -size, -high, -low
    if measure.worse == "either":
        least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        interval = Interval(least, max(abs(low), abs(high)))
        return Compared(measure, *units, *middles, abs(size), interval, two_sided_p)
    one_sided_p = two_sided_p / 2 if size > 0 else 1 - two_sided_p / 2
    return Compared(measure, *units, *middles, size, Interval(low, high), one_sided_p)


def _welch(before: Values, after: Values) -> Change:
    """The difference of two means: interval and two-sided p by Welch's t, with Satterthwaite's freedom."""
    n, m = before.size, after.size
    if min(n, m) < 2:
        return Change(float("nan"), Interval(float("nan"), float("nan")), 1.0)
    change = float(after.mean() - before.mean())
    parts = float(before.var(ddof=1)) / n, float(after.var(ddof=1)) / m
    error = math.sqrt(sum(parts))
    if error <= _noise(before, after):
        return Change(change, Interval(change, change), 1.0 if abs(change) <= _noise(before, after) else 0.0)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
    half = float(stats.t.isf((1 - LEVEL) / 2, freedom)) * error
    p_value = 2 * float(stats.t.sf(abs(change) / error, freedom))
    return Change(change, Interval(change - half, change + half), p_value)


def _noise(before: Values, after: Values) -> float:
    """What floating point makes of numbers that are equal."""
    return 1e-9 * max(float(np.abs(before).max()), float(np.abs(after).max()))


def _mean(values: Values) -> float:
    return float(values.mean()) if values.size else float("nan")
