"""The statistics of drift equal scipy's."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon
from watchkeeper_collector.drift.statistics.correction import benjamini_hochberg
from watchkeeper_collector.drift.statistics.counts import (
    Share,
    chi_square,
    cohens_h,
    fisher,
    pool_rare,
    proportion_test,
    two_proportion,
)
from watchkeeper_collector.drift.statistics.distances import (
    bin_counts,
    critical_stability,
    decile_edges,
    jensen_shannon,
    population_stability,
    wasserstein,
)
from watchkeeper_collector.drift.statistics.intervals import (
    bootstrap_difference,
    cluster_bootstrap_difference,
    mean_difference,
    proportion_difference,
    wilson,
)
from watchkeeper_collector.drift.statistics.ranks import (
    area_under_curve,
    kolmogorov_smirnov,
    mann_whitney,
    welch,
)

floats = st.floats(-1e6, 1e6, allow_subnormal=False)
tied = st.integers(0, 4).map(float)
samples = st.one_of(st.lists(floats, min_size=2, max_size=60), st.lists(tied, min_size=2, max_size=60)).map(
    lambda values: np.array(values, dtype=float)
)
shares = st.integers(1, 400).flatmap(lambda total: st.integers(0, total).map(lambda hits: Share(hits, total)))
rows = st.integers(2, 12).flatmap(
    lambda size: st.tuples(*[arrays.arrays(np.float64, size, elements=st.integers(0, 50).map(float))] * 2)
)
close = pytest.approx


@settings(max_examples=100, deadline=None)
@given(samples, samples)
def test_rank_tests_equal_scipy(before: np.ndarray, after: np.ndarray) -> None:
    with warnings.catch_warnings(action="ignore"):  # exact is given up at a few small D
        expected = stats.ks_2samp(before, after, method="exact")
    assert kolmogorov_smirnov(before, after) == close((expected.statistic, expected.pvalue), abs=1e-9)
    if np.unique(np.concatenate([before, after])).size > 1:
        ranked = stats.mannwhitneyu(after, before, method="asymptotic")
        assert mann_whitney(before, after) == close((ranked.statistic, ranked.pvalue), abs=1e-9)
    assert 0 <= area_under_curve(before, after) <= 1


@settings(max_examples=100, deadline=None)
@given(samples, samples)
def test_distances_equal_scipy(before: np.ndarray, after: np.ndarray) -> None:
    edges = decile_edges(before)
    p, q = bin_counts(before, edges), bin_counts(after, edges)
    assert p.sum() == before.size
    assert q.sum() == after.size
    assert jensen_shannon(p, q) ** 2 == close(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert wasserstein(before, after) == close(stats.wasserstein_distance(before, after), rel=1e-9)
    smooth = [(row + 0.5) / (row + 0.5).sum() for row in (p, q)]
    both_ways = stats.entropy(*smooth) + stats.entropy(*reversed(smooth))
    assert population_stability(p, q) == close(both_ways, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(shares, shares)
def test_tests_of_shares_equal_scipy(before: Share, after: Share) -> None:
    table = [[after.hits, after.total - after.hits], [before.hits, before.total - before.hits]]
    assert fisher(before, after).p_value == close(stats.fisher_exact(table).pvalue, abs=1e-9)
    if 0 < before.hits + after.hits < before.total + after.total:
        expected = stats.chi2_contingency(table, correction=False)
        z, p_value = two_proportion(before, after)
        assert (z * z, p_value) == close((expected.statistic, expected.pvalue), rel=1e-9, abs=1e-12)
    assert proportion_test(before, after).p_value in (
        fisher(before, after).p_value,
        two_proportion(before, after).p_value,
    )
    low, high = proportion_difference(before, after)
    assert low <= after.ratio - before.ratio <= high
    expected_interval = stats.binomtest(*after).proportion_ci(method="wilson")
    assert wilson(after) == close(tuple(expected_interval), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(rows)
def test_chi_square_equals_scipy_on_the_kinds_that_are_not_rare(
    counts: tuple[np.ndarray, np.ndarray],
) -> None:
    pooled = pool_rare(*counts)
    assert [row.sum() for row in pooled] == [row.sum() for row in counts]
    if all(row.sum() for row in counts) and pooled[0].size > 1:
        expected = stats.chi2_contingency(np.vstack(pooled), correction=False)
        assert chi_square(*counts) == close((expected.statistic, expected.pvalue), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_correction_equals_scipy(p_values: list[float]) -> None:
    expected = stats.false_discovery_control(p_values, method="bh")
    assert benjamini_hochberg(p_values) == close(list(expected), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(samples, samples)
def test_means_equal_scipy(before: np.ndarray, after: np.ndarray) -> None:
    if before.std() > 0 and after.std() > 0:
        expected = stats.ttest_ind(after, before, equal_var=False)
        assert welch(before, after) == close((expected.statistic, expected.pvalue), rel=1e-9, abs=1e-12)
        assert mean_difference(before, after) == close(tuple(expected.confidence_interval()), rel=1e-9)


@pytest.mark.parametrize("test", [kolmogorov_smirnov, mann_whitney, welch])
@pytest.mark.parametrize("sides", [([], [1.0, 2.0]), ([1.0, 2.0], []), ([math.nan, None], [1.0])])
def test_an_empty_side_tells_nothing(test, sides) -> None:
    assert test(*sides).p_value == 1.0


@pytest.mark.parametrize("test", [kolmogorov_smirnov, mann_whitney, welch])
def test_two_equal_constants_are_no_change(test) -> None:
    assert test([3.0] * 60, [3.0] * 80).p_value == 1.0


def test_values_that_are_not_finite_are_left_out() -> None:
    clean, dirty = [1.0, 2.0, 3.0], [1.0, None, 2.0, math.inf, 3.0, math.nan]
    assert kolmogorov_smirnov(clean, dirty) == (0.0, 1.0)


def test_chance_alone_rarely_exceeds_the_critical_stability() -> None:
    chance = np.random.default_rng(1)
    exceeded = 0
    for _ in range(500):
        before, after = chance.lognormal(size=(2, 100))
        edges = decile_edges(before)
        psi = population_stability(bin_counts(before, edges), bin_counts(after, edges))
        exceeded += psi > critical_stability(100, 100, edges.size + 1)
    assert exceeded <= 15  # 1 % of 500 is 5; 15 has probability 1e-4


def test_intervals_of_resampled_differences_hold_the_truth() -> None:
    chance = np.random.default_rng(2)
    before, after = chance.normal(0, 1, 400), chance.normal(1, 1, 400)
    low, high = bootstrap_difference(before, after, np.median)
    assert low < 1 < high
    assert high - low < 0.6


def test_what_is_alike_within_a_session_widens_the_interval() -> None:
    chance = np.random.default_rng(3)
    sessions = np.repeat(np.arange(40), 10)
    before, after = (np.repeat(chance.normal(size=40), 10) + chance.normal(size=400) * 0.1 for _ in range(2))
    clustered = cluster_bootstrap_difference(before, sessions, after, sessions)
    alone = cluster_bootstrap_difference(before, np.arange(400), after, np.arange(400))
    assert clustered.high - clustered.low > 2.5 * (alone.high - alone.low)


def test_shares_that_are_equally_hard_to_tell_apart_are_equally_far_apart() -> None:
    assert cohens_h(0.5, 0.5) == 0
    assert cohens_h(0.0, 1.0) == close(math.pi)
    assert cohens_h(0.05, 0.1) > cohens_h(0.45, 0.5)
