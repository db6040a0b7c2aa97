"""The rule that says what drift is."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.drift.comparing import Measured, Mix, judge_slices
from watchkeeper_collector.drift.features import FEATURES, TEXT
from watchkeeper_collector.drift.reasons import leading, render_finding, render_verdict
from watchkeeper_collector.drift.slices import SliceKey
from watchkeeper_collector.drift.verdict import Evidence, judge, worst

CHARS, FENCE = FEATURES["output_chars"], FEATURES["code_fence"]


def evidence(feature=CHARS, units=500, effect=0.3, p_value=1e-6, **more) -> Evidence:
    return Evidence(feature, units, units, effect, p_value, before=0.1, after=0.4, **more)


def answer(*family: Evidence) -> list[str]:
    return [finding.answer for finding in judge(family)]


def test_a_great_and_certain_change_of_enough_data_is_major_drift() -> None:
    assert answer(evidence()) == ["major"]


def test_a_change_between_the_thresholds_is_minor() -> None:
    assert answer(evidence(effect=0.2)) == ["minor"]


def test_a_certain_change_that_is_trivial_is_no_drift() -> None:
    assert answer(evidence(units=500_000, effect=0.0099, p_value=1e-21)) == ["no"]


def test_a_great_change_that_chance_explains_is_no_drift() -> None:
    assert answer(evidence(p_value=0.2)) == ["no"]


def test_a_change_in_the_other_direction_counts_as_much() -> None:
    assert answer(evidence(FENCE, effect=-0.3)) == ["major"]


@pytest.mark.parametrize(("feature", "needed"), [(CHARS, 200), (FENCE, 50), (TEXT, 100)])
def test_with_too_few_units_it_cannot_be_told_and_says_how_many_are_missing(feature, needed) -> None:
    (finding,) = judge([evidence(feature, units=needed - 7, effect=0.9)])
    assert (finding.answer, finding.needs) == ("unknown", 7)


def test_the_smaller_side_decides_whether_there_is_enough() -> None:
    (finding,) = judge([Evidence(CHARS, 10_000, 150, 0.5, 1e-9)])
    assert (finding.answer, finding.needs) == ("unknown", 50)


def test_a_suspicion_that_correction_takes_away_wants_more_data() -> None:
    suspicion, rest = evidence(p_value=0.02), [evidence(effect=0.0, p_value=0.9)] * 5
    finding = judge([suspicion, *rest])[0]
    assert finding.answer == "unknown"
    assert 0 < finding.needs < 5_000


def test_what_is_asked_of_many_features_at_once_must_be_more_certain() -> None:
    alone, among = evidence(p_value=0.008), [evidence(effect=0.0, p_value=0.5)] * 20
    assert answer(alone) == ["major"]
    assert answer(alone, *among)[0] != "major"


def test_features_that_never_vary_are_no_questions() -> None:
    certain = evidence(p_value=0.008)
    constant = [evidence(effect=0.0, p_value=1.0, is_constant=True)] * 20
    assert answer(certain, *constant) == ["major"] + ["no"] * 20


def test_categories_need_more_than_chance_alone_makes() -> None:
    script = FEATURES["script"]
    assert answer(Evidence(script, 300, 300, 0.15, 1e-4, least=0.2)) == ["no"]
    assert answer(Evidence(script, 300, 300, 0.25, 1e-4, least=0.2)) == ["major"]


def test_what_is_no_number_is_no_drift() -> None:
    assert answer(evidence(effect=math.nan, p_value=1.0)) == ["no"]


def test_nothing_at_all_cannot_be_told() -> None:
    assert judge([]) == []
    assert worst([]) == "unknown"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_more_data_for_the_same_effect_never_takes_drift_back(changes) -> None:
    few = judge([evidence(effect=effect, p_value=p_value) for effect, p_value in changes])
    more = judge([evidence(effect=effect, p_value=p_value / 10) for effect, p_value in changes])
    assert all(after.is_drift for before, after in zip(few, more, strict=True) if before.is_drift)


def measured(*family: Evidence, units: int = 500) -> Measured:
    return Measured(SliceKey("model", "gpt-4"), Mix(units, units, units, units, 0, 0), family)


def test_one_feature_that_drifts_makes_the_slice_drift() -> None:
    (verdict,) = judge_slices([measured(evidence(FENCE), evidence(effect=0.0, p_value=0.9))])
    assert verdict.answer == "major"
    assert render_verdict(verdict).startswith("Major drift. answers with a code fence (```): 10% → 40%")


def test_a_slice_with_few_units_is_not_said_to_be_unchanged() -> None:
    (verdict,) = judge_slices([measured(evidence(FENCE, units=60, effect=0.0, p_value=1.0), units=60)])
    assert (verdict.answer, verdict.needs) == ("unknown", 140)
    assert render_verdict(verdict) == "Cannot tell yet: needs 140 more sessions or traces."


def test_a_slice_without_any_call_cannot_be_told() -> None:
    (verdict,) = judge_slices([measured(units=0)])
    assert (verdict.answer, verdict.needs) == ("unknown", 200)


def test_slices_that_are_looked_at_together_are_corrected_together() -> None:
    one = measured(evidence(p_value=0.008))
    quiet = [measured(evidence(effect=0.0, p_value=0.7)) for _ in range(20)]
    assert judge_slices([one])[0].answer == "major"
    assert judge_slices([one, *quiet])[0].answer != "major"


def test_reasons_name_the_gravest_first_and_the_text_last_among_equals() -> None:
    findings = judge([evidence(TEXT, effect=0.99), evidence(effect=0.15), evidence(FENCE, effect=0.88)])
    assert [finding.evidence.feature.name for finding in leading(findings)] == [
        "code_fence",
        "text",
        "output_chars",
    ]


def test_every_answer_has_words() -> None:
    for one in (evidence(), evidence(p_value=0.5), evidence(units=3), evidence(TEXT, effect=0.9)):
        (finding,) = judge([one])
        assert one.feature.label in render_finding(finding)
