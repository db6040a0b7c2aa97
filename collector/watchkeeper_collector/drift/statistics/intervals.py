"""Confidence intervals of differences between two samples."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from watchkeeper_collector.drift.statistics.counts import Share
from watchkeeper_collector.drift.statistics.samples import Sample, Values, sample

RESAMPLES = 1_000
LEVEL = 0.95


class Interval(NamedTuple):
    low: float
    high: float


UNKNOWN = Interval(float("nan"), float("nan"))
Statistic = Callable[..., npt.NDArray[np.float64]]
"""An array and ``axis=`` to an array with that axis gone: ``np.mean``, ``np.median``, a quantile."""


def wilson(share: Share, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share: right near 0 and 1 too, where the usual one is not."""
    if not share.total:
        return UNKNOWN
    z = float(stats.norm.isf((1 - level) / 2))
    n, p = share.total, share.ratio
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))


def proportion_difference(before: Share, after: Share, level: float = LEVEL) -> Interval:
    """Newcombe's interval of after - before (Statistics in Medicine 17, 1998, method 10)."""
    if not before.total or not after.total:
        return UNKNOWN
    a, b = wilson(before, level), wilson(after, level)
    change = after.ratio - before.ratio
    low = change - math.hypot(after.ratio - b.low, a.high - before.ratio)
    return Interval(low, change + math.hypot(b.high - after.ratio, before.ratio - a.low))


def mean_difference(before: Values, after: Values, level: float = LEVEL) -> Interval:
    """Welch's interval of the difference of two means."""
    a, b = sample(before), sample(after)
    if min(a.size, b.size) < 2:
        return UNKNOWN
    if a.std() == 0 and b.std() == 0:
        return Interval(float(b[0] - a[0]), float(b[0] - a[0]))
    found = stats.ttest_ind(b, a, equal_var=False).confidence_interval(level)
    return Interval(float(found.low), float(found.high))


def bootstrap_difference(
    before: Values, after: Values, statistic: Statistic, *, level: float = LEVEL, seed: int = 0
) -> Interval:
    """The percentile interval of ``statistic(after) - statistic(before)``, by resampling both sides."""
    a, b = sample(before), sample(after)
    if not a.size or not b.size:
        return UNKNOWN
    chance = np.random.default_rng(seed)
    changes = _resampled(b, statistic, chance) - _resampled(a, statistic, chance)
    return _percentiles(changes, level)


def cluster_bootstrap_difference(
    before: Values,
    before_clusters: npt.ArrayLike,
    after: Values,
    after_clusters: npt.ArrayLike,
    *,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """The interval of the difference of two means over values that come in clusters, such as sessions.

    Whole clusters are drawn, so what is alike within one widens the interval as it should.
    """
    a, b = _cluster_sums(before, before_clusters), _cluster_sums(after, after_clusters)
    if not len(a) or not len(b):
        return UNKNOWN
    chance = np.random.default_rng(seed)
    return _percentiles(_cluster_means(b, chance) - _cluster_means(a, chance), level)


def _resampled(values: Sample, statistic: Statistic, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    rows = max(1, 4_000_000 // values.size)  # some 32 MB at a time
    parts = []
    for start in range(0, RESAMPLES, rows):
        drawn = chance.integers(0, values.size, size=(min(rows, RESAMPLES - start), values.size))
        parts.append(statistic(values[drawn], axis=1))
    return np.concatenate(parts)


def _cluster_sums(values: Values, clusters: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Sum and number of each cluster's finite values, a row each."""
    floats = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64)
    is_finite = np.isfinite(floats)
    _, places = np.unique(np.asarray(clusters)[is_finite], return_inverse=True)
    return np.column_stack([np.bincount(places, floats[is_finite]), np.bincount(places)])


def _cluster_means(sums: npt.NDArray[np.float64], chance: np.random.Generator) -> npt.NDArray[np.float64]:
    def mean_of_draw() -> float:
        drawn = sums[chance.integers(0, len(sums), size=len(sums))].sum(axis=0)
        return float(drawn[0] / drawn[1])

    return np.array([mean_of_draw() for _ in range(RESAMPLES)])


def _percentiles(changes: npt.NDArray[np.float64], level: float) -> Interval:
    low, high = np.quantile(changes, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
