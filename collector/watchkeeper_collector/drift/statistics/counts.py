"""Tests of counts: how many of how many, and how many of each kind."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from watchkeeper_collector.drift.statistics.samples import NOTHING_TOLD, Outcome

LEAST_EXPECTED = 5.0
"""Cochran's rule: cells of a chi-square test expect so many, or are thrown together."""

Counts = npt.NDArray[np.float64]


class Share(NamedTuple):
    """``hits`` of ``total``."""

    hits: int
    total: int

    @property
    def ratio(self) -> float:
        return self.hits / self.total if self.total else float("nan")


def two_proportion(before: Share, after: Share) -> Outcome:
    """The z test of two shares, with the pooled variance. The statistic is of after - before."""
    if not before.total or not after.total:
        return NOTHING_TOLD
    pooled = (before.hits + after.hits) / (before.total + after.total)
    variance = pooled * (1 - pooled) * (1 / before.total + 1 / after.total)
    if variance <= 0:
        return Outcome(0.0, 1.0)
    z = (after.ratio - before.ratio) / math.sqrt(variance)
    return Outcome(z, float(2 * stats.norm.sf(abs(z))))


def fisher(before: Share, after: Share) -> Outcome:
    """Fisher's exact test of two shares; the statistic is the odds ratio of after to before."""
    if not before.total or not after.total:
        return NOTHING_TOLD
    table = [[after.hits, after.total - after.hits], [before.hits, before.total - before.hits]]
    result = stats.fisher_exact(table)
    return Outcome(float(result.statistic), float(result.pvalue))


def proportion_test(before: Share, after: Share) -> Outcome:
    """Fisher's test where a cell expects few, else the z test: at these counts they agree."""
    total = before.total + after.total
    hits = before.hits + after.hits
    fewest = min(hits, total - hits) * min(before.total, after.total) / total if total else 0.0
    return fisher(before, after) if fewest < 10 * LEAST_EXPECTED else two_proportion(before, after)


def cohens_h(before: float, after: float) -> float:
    """The distance of two shares on the scale where it is equally hard to see: .2 small, .5, .8 great."""
    return 2 * math.asin(math.sqrt(after)) - 2 * math.asin(math.sqrt(before))


def chi_square(before: Counts, after: Counts) -> Outcome:
    """Pearson's test that two rows of counts come from the same shares, without Yates' correction.

    Kinds that expect less than five are thrown together first, so that the approximation holds.
    """
    a, b = pool_rare(before, after)
    if a.sum() == 0 or b.sum() == 0:
        return NOTHING_TOLD
    if a.size < 2:
        return Outcome(0.0, 1.0)
    result = stats.chi2_contingency(np.vstack([a, b]), correction=False)
    return Outcome(float(result.statistic), float(result.pvalue))


def pool_rare(before: Counts, after: Counts) -> tuple[Counts, Counts]:
    """Throw the kinds together that expect less than five on the smaller side."""
    a, b = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    total = a.sum() + b.sum()
    if total == 0:
        return a, b
    is_rare = (a + b) * min(a.sum(), b.sum()) / total < LEAST_EXPECTED
    if not is_rare.any():
        return a, b
    rest = a[is_rare].sum(), b[is_rare].sum()
    kept_a, kept_b = a[~is_rare], b[~is_rare]
    if kept_a.size and (rest[0] + rest[1]) * min(a.sum(), b.sum()) / total < LEAST_EXPECTED:
        least = int(np.argmin(kept_a + kept_b))  # the rest is still too few: it joins the rarest that is kept
        kept_a[least] += rest[0]
        kept_b[least] += rest[1]
        return kept_a, kept_b
    return np.append(kept_a, rest[0]), np.append(kept_b, rest[1])
