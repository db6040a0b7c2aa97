"""Tests of two samples that need no assumption on their distributions."""

import warnings

import numpy as np
from scipy import stats

from watchkeeper_collector.drift.statistics.samples import NOTHING_TOLD, Outcome, Values, sample

MOST_EXACT_PAIRS = 1_000_000
"""Up to so many pairs of values the p of Kolmogorov-Smirnov is exact; the work grows with them."""


def kolmogorov_smirnov(before: Values, after: Values) -> Outcome:
    """The greatest distance D of the two distribution functions; it is the effect size too.

    Where values are tied p is too great, never too small: D is discrete then, and the test conservative.
    """
    a, b = sample(before), sample(after)
    if not a.size or not b.size:
        return NOTHING_TOLD
    method = "exact" if a.size * b.size <= MOST_EXACT_PAIRS else "asymp"
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        result = stats.ks_2samp(a, b, method=method)  # at a few small D it goes over to "asymp", and warns
    return Outcome(float(result.statistic), float(result.pvalue))


def smirnov_p(d: float, before_n: int, after_n: int) -> float:
    """The p of a D of great samples: what the engine knows D of, and no good approximation of p."""
    effective = round(before_n * after_n / (before_n + after_n))
    return float(min(1.0, max(0.0, stats.kstwo.sf(d, effective))))


def mann_whitney(before: Values, after: Values) -> Outcome:
    """The rank test for a shift. The statistic is U of ``after``; U / (n m) is the area under the ROC curve.

    p is of the normal approximation, corrected for ties and for continuity.
    """
    a, b = sample(before), sample(after)
    if not a.size or not b.size:
        return NOTHING_TOLD
    if np.all(a == b[0]) and np.all(b == b[0]):
        return Outcome(a.size * b.size / 2, 1.0)
    result = stats.mannwhitneyu(b, a, method="asymptotic")
    return Outcome(float(result.statistic), float(result.pvalue))


def area_under_curve(before: Values, after: Values) -> float:
    """The chance that a value of ``after`` is the greater of a pair: 0.5 where nothing changed."""
    a, b = sample(before), sample(after)
    return mann_whitney(a, b).statistic / (a.size * b.size) if a.size and b.size else float("nan")


def welch(before: Values, after: Values) -> Outcome:
    """The t test of two means, of samples whose variances may differ. The statistic is of after - before."""
    a, b = sample(before), sample(after)
    if min(a.size, b.size) < 2:
        return NOTHING_TOLD
    if a.std() == 0 and b.std() == 0:
        return Outcome(0.0, 1.0) if a[0] == b[0] else Outcome(float(np.copysign(np.inf, b[0] - a[0])), 0.0)
    result = stats.ttest_ind(b, a, equal_var=False)
    return Outcome(float(result.statistic), float(result.pvalue))
