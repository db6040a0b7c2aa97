"""How far two distributions are apart: effect sizes, which alone say nothing about chance."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from watchkeeper_collector.drift.statistics.counts import Counts
from watchkeeper_collector.drift.statistics.samples import Sample, Values, sample

DECILES = np.arange(1, 10) / 10
LAPLACE = 0.5
"""Added to each bin, so that an empty one has a logarithm. A floor of 1e-4 instead misfires at n = 50."""


def decile_edges(before: Values) -> Sample:
    """The distinct deciles of the baseline: a constant has one, an empty side none."""
    values = sample(before)
    return np.unique(np.quantile(values, DECILES)) if values.size else np.empty(0)


def bin_counts(values: Values, edges: Sample) -> Counts:
    """How many values lie in each bin: up to the first edge, …, beyond the last."""
    places = np.searchsorted(edges, sample(values), side="left")
    return np.bincount(places, minlength=edges.size + 1).astype(np.float64)


def population_stability(before: Counts, after: Counts) -> float:
    """PSI of two rows of counts, with half a count added to each bin."""
    if before.sum() == 0 or after.sum() == 0:
        return float("nan")
    p, q = _smoothed(before), _smoothed(after)
    return float(np.sum((q - p) * np.log(q / p)))


def critical_stability(before_n: int, after_n: int, bins: int, alpha: float = 0.01) -> float:
    """The PSI that chance alone exceeds with probability ``alpha``: (1/n + 1/m) chi-square of bins - 1."""
    if not before_n or not after_n or bins < 2:
        return 0.0
    return float((1 / before_n + 1 / after_n) * stats.chi2.isf(alpha, bins - 1))


def jensen_shannon(before: Counts, after: Counts) -> float:
    """The Jensen-Shannon distance, to base 2: 0 where shares are equal, 1 where they never meet."""
    if before.sum() == 0 or after.sum() == 0:
        return float("nan")
    p, q = before / before.sum(), after / after.sum()
    middle = (p + q) / 2
    return float(np.sqrt(max(0.0, (_divergence_bits(p, middle) + _divergence_bits(q, middle)) / 2)))


def wasserstein(before: Values, after: Values) -> float:
    """The area between the two distribution functions, in the unit of the values."""
    a, b = sample(before), sample(after)
    if not a.size or not b.size:
        return float("nan")
    return float(stats.wasserstein_distance(a, b))


def _smoothed(counts: Counts) -> Counts:
    smoothed: Counts = (counts + LAPLACE) / (counts.sum() + LAPLACE * counts.size)
    return smoothed


def _divergence_bits(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))
