"""Drift measured in the engine: equal to scipy, on the same mix of traffic, by units that are independent."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from watchkeeper_collector.drift.comparing import judge_slices, measure_slice
from watchkeeper_collector.drift.features import FEATURES
from watchkeeper_collector.drift.measuring import measure
from watchkeeper_collector.drift.sampling import match_units, thin
from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.drift.slices import find_slices
from watchkeeper_collector.drift.statistics.distances import bin_counts, decile_edges
from watchkeeper_collector.drift.verdict import Evidence
from watchkeeper_collector.query.source import Slice

from tests.drift import Calls, hour, open_calls, some

BEFORE, AFTER = hour(0), hour(1)


@pytest.fixture(scope="module")
def embedded(engine_dsn: str) -> Iterator[Calls]:
    with open_calls(engine_dsn, "drift_engine") as opened:
        yield opened


@pytest.fixture(scope="module")
def served(server_dsn: str) -> Iterator[Calls]:
    with open_calls(server_dsn, "drift_engine") as opened:
        yield opened


@pytest.fixture(params=["embedded", pytest.param("served", marks=pytest.mark.campaign)])
def calls(request: pytest.FixtureRequest) -> Calls:
    """The embedded engine; in a campaign, the server too."""
    return cleared(request)


@pytest.fixture(params=["embedded", "served"])
def each_engine(request: pytest.FixtureRequest) -> Calls:
    """For a test of each kind of feature: what the SQL is made of."""
    return cleared(request)


def cleared(request: pytest.FixtureRequest) -> Calls:
    opened: Calls = request.getfixturevalue(request.param)
    opened.clear()
    return opened


def evidence_of(comparison: Comparison, name: str) -> Evidence:
    population = FEATURES[name].population
    found = measure(match_units(comparison, population))
    return next(evidence for evidence in found if evidence.feature.name == name)


@pytest.mark.parametrize(
    ("name", "column", "draw"),
    [
        ("output_chars", "OutputChars", lambda chance, n: chance.lognormal(5, 1, n).astype(int)),
        ("list_items", "ListItemCount", lambda chance, n: chance.poisson(1, n)),
        ("latency_ms", "Duration", lambda chance, n: chance.lognormal(20, 1, n).astype(int)),
        ("tool_calls", "ToolCallCount", lambda chance, n: np.full(n, 2)),
    ],
)
def test_numbers_equal_scipy(each_engine: Calls, name: str, column: str, draw) -> None:
    chance = np.random.default_rng(1)
    sides = [draw(chance, 120).tolist(), draw(chance, 120).tolist()]
    for at, values in enumerate(sides):
        each_engine.put(some(120, at, **{column: values}))
    before, after = (np.array(side) / (1e6 if name == "latency_ms" else 1) for side in sides)
    found = evidence_of(each_engine.compare(BEFORE, AFTER), name)
    with warnings.catch_warnings(action="ignore"):
        smirnov = stats.ks_2samp(before, after, method="exact")
    edges = decile_edges(before)
    p, q = bin_counts(before, edges), bin_counts(after, edges)
    smooth = [(row + 0.5) / (row + 0.5).sum() for row in (p, q)]
    assert found.effect == pytest.approx(smirnov.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(smirnov.pvalue, abs=1e-9)
    assert found.figures["wasserstein"] == pytest.approx(
        stats.wasserstein_distance(before, after), rel=1e-9, abs=1e-9
    )
    assert found.figures["jensen_shannon"] == pytest.approx(jensenshannon(p, q, base=2), abs=1e-9)
    assert found.figures["psi"] == pytest.approx(
        stats.entropy(*smooth) + stats.entropy(*reversed(smooth)), abs=1e-9
    )
    if not found.is_constant:
        ranked = stats.mannwhitneyu(before, after, method="asymptotic")
        assert found.figures["mann_whitney_p"] == pytest.approx(ranked.pvalue, abs=1e-9)
    assert (found.before, found.after) == pytest.approx((np.median(before), np.median(after)))


def test_great_samples_have_the_p_that_scipy_gives(calls: Calls) -> None:
    chance = np.random.default_rng(2)
    sides = [chance.lognormal(5, 1, 1_500).astype(int).tolist() for _ in range(2)]
    for at, values in enumerate(sides):
        calls.put(some(1_500, at, OutputChars=values))
    found = evidence_of(calls.compare(BEFORE, AFTER), "output_chars")
    expected = stats.ks_2samp(*sides, method="asymp")
    assert (found.effect, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)


def test_shares_and_kinds_are_counted(each_engine: Calls) -> None:
    each_engine.put(some(200, 0, HasCodeFence=[place < 20 for place in range(200)], OutputScript="Latn"))
    scripts = ["Latn"] * 150 + ["Hani"] * 50
    each_engine.put(some(200, 1, HasCodeFence=[place < 80 for place in range(200)], OutputScript=scripts))
    comparison = each_engine.compare(BEFORE, AFTER)
    fence, script = evidence_of(comparison, "code_fence"), evidence_of(comparison, "script")
    assert (fence.before, fence.after, fence.effect) == pytest.approx((0.1, 0.4, 0.3))
    assert fence.p_value == pytest.approx(
        stats.chi2_contingency([[80, 120], [20, 180]], correction=False).pvalue, rel=1e-9
    )
    assert script.figures["kinds"] == ["Latn", "Hani"]
    expected = stats.chi2_contingency([[200, 0], [150, 50]], correction=False)
    assert script.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_side_without_calls_is_no_evidence(calls: Calls) -> None:
    calls.put(some(300, 1))
    measured = measure_slice(calls.compare(BEFORE, AFTER))
    (verdict,) = judge_slices([measured])
    assert not measured.evidence
    assert (verdict.answer, verdict.needs) == ("unknown", 200)


def test_calls_without_a_value_are_no_zeros(calls: Calls) -> None:
    calls.put(some(300, 0, CostUsd=0.5), some(300, 1, CostUsd=[0.5] * 210 + [None] * 90))
    cost = evidence_of(calls.compare(BEFORE, AFTER), "cost_usd")
    assert (cost.before_units, cost.after_units, cost.effect) == (300, 210, 0.0)


def test_a_number_that_only_one_side_knows_spoils_nothing(calls: Calls) -> None:
    """Streaming was new: of the time to the first token nothing can be told, of the rest all."""
    calls.put(some(60), some(60, 1, TimeToFirstTokenMs=[300.0] * 60))
    found = {each.feature.name: each for each in measure(match_units(calls.compare(BEFORE, AFTER), "calls"))}
    first = found["ttft_ms"]
    assert (first.before_units, first.after_units, first.p_value) == (0, 60, 1.0)
    assert found["latency_ms"].effect == 0.0


def test_answers_that_were_kept_for_what_is_in_them_are_left_out(calls: Calls) -> None:
    calls.put(some(300, 0, ContentKept="sampled"))
    calls.put(some(300, 1, ContentKept="sampled"), some(300, 1, ContentKept="refusal", IsRefusal=True))
    assert evidence_of(calls.compare(BEFORE, AFTER), "refusal").after == 0.0


def test_sessions_are_the_units_and_one_call_speaks_for_each(calls: Calls) -> None:
    for at in (0, 1):
        sessions = [f"session-{at}-{place // 10}" for place in range(300)]
        calls.put(some(300, at, SessionId=sessions, OutputChars=list(range(300))))
    found = evidence_of(calls.compare(BEFORE, AFTER), "output_chars")
    assert (found.before_units, found.after_units) == (30, 30)


def test_long_sessions_that_are_alike_raise_no_alarm(calls: Calls) -> None:
    """Each of 60 sessions has 20 calls of its own length: 1,200 calls that say as much as 60."""
    chance = np.random.default_rng(5)
    for at in (0, 1):
        lengths = np.repeat(chance.lognormal(5, 1, 60), 20).astype(int).tolist()
        sessions = [f"session-{at}-{place // 20}" for place in range(1_200)]
        calls.put(some(1_200, at, SessionId=sessions, OutputChars=lengths))
    (verdict,) = judge_slices([measure_slice(calls.compare(BEFORE, AFTER))])
    assert verdict.answer == "unknown"
    assert verdict.needs >= 140


def test_a_shift_of_the_mix_is_not_called_drift(calls: Calls) -> None:
    """Simpson's case: either model answers as ever, but the one with long answers is asked more."""
    chance = np.random.default_rng(6)

    def answers(at: int, short: int, long: int) -> None:
        calls.put(
            some(short, at, RequestModel="a", OutputChars=chance.normal(200, 30, short).astype(int).tolist())
        )
        calls.put(
            some(long, at, RequestModel="b", OutputChars=chance.normal(2_000, 300, long).astype(int).tolist())
        )

    answers(0, 900, 300)
    answers(1, 300, 900)
    measured = measure_slice(calls.compare(BEFORE, AFTER))
    (verdict,) = judge_slices([measured])
    chars = next(finding for finding in verdict.findings if finding.evidence.feature.name == "output_chars")
    assert verdict.answer == "no"
    assert abs(chars.evidence.raw_effect) > 0.4
    assert chars.evidence.effect < 0.1
    assert measured.mix.after_matched == 600


def test_drift_that_the_mix_hides_is_found(calls: Calls) -> None:
    """The other way round: both models refuse more, while the mix moves to the one that hardly does."""

    def answers(at: int, counts: dict[str, tuple[int, int]]) -> None:
        for model, (units, refusals) in counts.items():
            calls.put(
                some(units, at, RequestModel=model, IsRefusal=[place < refusals for place in range(units)])
            )

    answers(0, {"shy": (800, 400), "bold": (200, 2)})
    answers(1, {"shy": (300, 240), "bold": (700, 140)})
    (verdict,) = judge_slices([measure_slice(calls.compare(BEFORE, AFTER))])
    refusal = next(finding for finding in verdict.findings if finding.evidence.feature.name == "refusal")
    assert abs(refusal.evidence.raw_effect) < 0.05
    assert refusal.evidence.effect > 0.15
    assert refusal.answer == "major"


def test_a_new_prompt_version_is_compared_with_the_old_one_when_asked(calls: Calls) -> None:
    calls.put(some(300, 0, PromptName="p", PromptVersion="1", HasCodeFence=False))
    calls.put(some(300, 1, PromptName="p", PromptVersion="2", HasCodeFence=True))
    (verdict,) = judge_slices([measure_slice(calls.compare(BEFORE, AFTER))])
    assert verdict.answer == "major"


def test_another_version_that_answers_under_the_same_name_is_drift_and_no_mix(calls: Calls) -> None:
    calls.put(some(300, 0, ResponseModel="gpt-4-0314", HasCodeFence=False))
    calls.put(some(300, 1, ResponseModel="gpt-4-0613", HasCodeFence=True))
    (verdict,) = judge_slices([measure_slice(calls.compare(BEFORE, AFTER))])
    assert verdict.answer == "major"


@pytest.mark.parametrize("model", ["b'\\", "a\tb\nc", "{p0:String}", "模型", "x' OR 1=1 --"])
def test_whatever_models_are_called_is_only_a_name(calls: Calls, model: str) -> None:
    calls.put(some(250, 0, RequestModel=model), some(250, 1, RequestModel=model))
    comparison = calls.compare(BEFORE, AFTER)
    keys = find_slices(calls.source, comparison.after)
    assert [key.value for key in keys if key.by == "model"] == [model]
    measured = measure_slice(comparison, keys[1])
    assert measured.mix.after_matched == 250


def test_texts_are_compared_and_explained(each_engine: Calls) -> None:
    questions = [f"question {place}" for place in range(220)]
    before = [f"Answer {place % 7} to it: all is well today." for place in range(220)]
    after = [f"```\nAnswer {place % 7} to it: all is well today.\n```" for place in range(220)]
    each_engine.put(some(220, 0, Input=questions, Output=before), some(220, 1, Input=questions, Output=after))
    measured = measure_slice(each_engine.compare(BEFORE, AFTER))
    (verdict,) = judge_slices([measured])
    text = next(finding for finding in verdict.findings if finding.evidence.feature.name == "text")
    assert text.answer == "major"
    assert measured.explanation.more[0].name == "code fence"
    assert measured.explanation.examples[0].is_same_question


def test_duplicates_and_other_projects_calls_are_not_looked_at(calls: Calls) -> None:
    calls.put(some(250, 0), some(250, 1), some(100, 1, IsDuplicate=True), some(100, 1, Project="other"))
    assert measure_slice(calls.compare(BEFORE, AFTER)).mix.after_units == 250


def test_a_filter_narrows_a_side(calls: Calls) -> None:
    calls.put(some(250, 0), some(250, 1, Environment=["prod"] * 100 + ["test"] * 150))
    side = Side(Slice("shop", AFTER, "environment:prod"))
    comparison = replace(calls.compare(BEFORE, AFTER), after=side)
    assert measure_slice(comparison).mix.after_units == 100


def test_of_very_many_calls_a_part_of_the_units_is_looked_at(calls: Calls) -> None:
    calls.put(some(400, 0), some(400, 1))
    comparison = thin(calls.compare(BEFORE, AFTER), most_calls=100)
    assert (comparison.before.one_in, comparison.after.one_in) == (4, 4)
    units = match_units(comparison, "calls")
    assert 50 < units.before_units < 150


def test_no_figure_is_not_a_number_where_json_needs_one(calls: Calls) -> None:
    calls.put(some(250, 0), some(250, 1))
    for evidence in measure_slice(calls.compare(BEFORE, AFTER)).evidence:
        assert math.isfinite(evidence.effect)
        assert 0 <= evidence.p_value <= 1
