"""The gate's rule: what passes, what fails, what cannot be told."""

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from watchkeeper_collector.drift.gate_policy import MEASURES, Policy, read_policy, score_measure
from watchkeeper_collector.drift.gating import Judged, compare_values, judge_release, worst
from watchkeeper_collector.errors import InvalidRequestError

ERRORS, LATENCY, FENCES = MEASURES["error_rate"], MEASURES["latency_ms"], MEASURES["code_fence_rate"]
SCORE = score_measure("helpful")


def share(hits: int, total: int) -> np.ndarray:
    return np.array([1.0] * hits + [0.0] * (total - hits))


def judged(measure, before, after, min_units: int = 50) -> Judged:
    (found,) = judge_release([compare_values(measure, before, after)], min_units)
    return found


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((10, 1000), (10, 1000), "pass"),
        ((10, 1000), (90, 1000), "fail"),
        ((2, 60), (3, 60), "unknown"),
        ((50, 1000), (10, 1000), "pass"),
        ((0, 1000), (0, 1000), "pass"),
        ((0, 60), (0, 60), "unknown"),
        ((0, 0), (10, 100), "unknown"),
    ],
)
def test_shares_pass_fail_or_cannot_be_told(before, after, verdict: str) -> None:
    assert judged(ERRORS, share(*before), share(*after)).verdict == verdict


def test_a_significant_change_below_the_tolerance_passes() -> None:
    """Of many units every difference is significant, and this one is small."""
    found = judged(ERRORS, share(1_000, 100_000), share(1_500, 100_000))
    assert (found.verdict, found.adjusted_p < 0.001) == ("pass", True)


def test_amounts_are_compared_by_the_ratio_of_their_geometric_means() -> None:
    chance = np.random.default_rng(1)
    before = chance.lognormal(6, 0.8, 2_000)
    slower = judged(LATENCY, before, before * 1.4)
    assert slower.verdict == "fail"
    assert slower.compared.change == pytest.approx(0.4)
    assert slower.compared.after / slower.compared.before == pytest.approx(1.4)
    assert judged(LATENCY, before, before / 2).verdict == "pass"
    assert judged(LATENCY, before[:80], before[80:160]).verdict == "unknown"


def test_a_score_is_worse_when_it_falls() -> None:
    chance = np.random.default_rng(2)
    before = chance.normal(0.8, 0.1, 1_000)
    assert judged(SCORE, before, before - 0.1).verdict == "fail"
    assert judged(SCORE, before, before + 0.1).verdict == "pass"


def test_a_change_either_way_counts_where_neither_is_better() -> None:
    assert judged(FENCES, share(0, 500), share(400, 500)).verdict == "fail"
    assert judged(FENCES, share(400, 500), share(0, 500)).verdict == "fail"
    assert judged(FENCES, share(250, 2_000), share(250, 2_000)).verdict == "pass"


def test_what_is_missing_is_said_and_is_enough() -> None:
    found = judged(ERRORS, share(4, 200), share(4, 200))
    assert found.verdict == "unknown"
    units = 200 + found.needs
    again = judged(ERRORS, share(units // 50, units), share(units // 50, units))
    assert again.verdict == "pass"


def test_fails_are_corrected_for_how_much_is_looked_at() -> None:
    one = compare_values(ERRORS, share(10, 1_000), share(34, 1_000))
    others = [compare_values(ERRORS, share(20, 1_000), share(20, 1_000)) for _ in range(200)]
    assert judge_release([one], 50)[0].verdict == "fail"
    assert judge_release([one, *others], 50)[0].verdict == "unknown"


def test_the_interval_of_amounts_is_scipy_s() -> None:
    chance = np.random.default_rng(3)
    before, after = chance.lognormal(3, 0.5, 150), chance.lognormal(3.1, 0.9, 90)
    found = compare_values(LATENCY, before, after)
    expected = stats.ttest_ind(np.log(after), np.log(before), equal_var=False)
    low, high = np.expm1(expected.confidence_interval(0.95))
    assert (*found.interval, found.p_value) == pytest.approx((low, high, expected.pvalue / 2), rel=1e-9)


VALUES = st.lists(st.floats(0, 1e6), max_size=80).map(np.array)


@given(st.sampled_from([*MEASURES.values(), SCORE]), VALUES, VALUES)
@example(LATENCY, np.array([1.0, 1.0]), np.array([1.0, 1e-229]))
def test_every_sample_has_a_verdict(measure, before, after) -> None:
    found = judged(measure, before, after, min_units=10)
    assert found.verdict in {"pass", "fail", "unknown"}
    assert found.needs >= 0
    if found.verdict == "pass":
        assert found.compared.interval.high < measure.tolerance
    if found.verdict == "fail":
        assert found.compared.change >= measure.tolerance
    assert not math.isnan(found.adjusted_p)


def test_a_release_is_as_good_as_its_worst_measure() -> None:
    assert worst(["pass", "fail", "unknown"]) == "fail"
    assert worst(["pass", "warn", "unknown"]) == "unknown"
    assert worst(["pass", "warn"]) == "warn"
    assert worst([]) == "unknown"


def test_a_policy_changes_tolerances_and_leaves_out_measures() -> None:
    policy = read_policy(
        {
            "measures": {"latency_ms": {"tolerance": 0.5}, "cost_usd": False},
            "scores": {"helpful": {"tolerance": 0.1}, "toxicity": {"worse": "more"}, "noise": False},
            "min_units": 100,
            "text": "fail",
        }
    )
    assert policy.measures["latency_ms"].tolerance == 0.5
    assert policy.measures["error_rate"] == MEASURES["error_rate"]
    assert "cost_usd" not in policy.measures
    assert policy.score("helpful") == score_measure("helpful").__class__(
        **{**vars_of(score_measure("helpful")), "tolerance": 0.1}
    )
    toxicity = policy.score("toxicity")
    assert toxicity is not None
    assert toxicity.worse == "more"
    assert policy.score("noise") is None
    assert policy.score("other") == score_measure("other")
    assert (policy.min_units, policy.text) == (100, "fail")
    assert read_policy({}) == Policy()


def vars_of(measure) -> dict:
    return {name: getattr(measure, name) for name in measure.__slots__}


def test_a_policy_tells_all_its_faults_at_once() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read_policy(
            {
                "measures": {"latncy_ms": {"tolerance": 1}, "cost_usd": {"tolerance": -1, "worst": "more"}},
                "scores": {"helpful": 3},
                "min_units": True,
                "txt": "fail",
            }
        )
    for part in (
        "measures.latncy_ms: there is no such measure; did you mean 'latency_ms'?",
        "measures.cost_usd.tolerance: '-1'",
        "measures.cost_usd.worst: there is no such field; did you mean 'worse'?",
        "scores.helpful: expected a table",
        "min_units: 'True'",
        "txt: there is no such field; did you mean 'text'?",
    ):
        assert part in raised.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.sampled_from(["measures", "scores", "min_units", "text"]), JSON)
def test_no_policy_breaks_its_reader(name: str, value) -> None:
    with suppress(InvalidRequestError):
        assert isinstance(read_policy({name: value}), Policy)
