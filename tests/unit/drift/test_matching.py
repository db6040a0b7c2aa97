"""Two sides get the same mix of traffic."""

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.drift.matching import differing, match_mix, without

strata = st.tuples(st.sampled_from("abc"), st.sampled_from("xy"))
sides = st.dictionaries(strata, st.integers(0, 500), max_size=6)


@settings(max_examples=200, deadline=None)
@given(sides, sides)
def test_both_sides_keep_the_same_shares_and_no_more_than_there_is(before, after) -> None:
    match = match_mix(before, after)
    assert all(match.before[stratum] <= before[stratum] for stratum in match.before)
    assert all(match.after[stratum] <= after[stratum] for stratum in match.after)
    assert match.before.keys() == match.after.keys()
    for stratum in match.before:
        share = match.before[stratum] * match.after_units
        assert share == match.after[stratum] * match.before_units


@settings(max_examples=200, deadline=None)
@given(sides, sides)
def test_what_only_one_side_has_is_counted_apart(before, after) -> None:
    match = match_mix(before, after)
    assert match.only_before == sum(n for stratum, n in before.items() if not after.get(stratum))
    assert match.only_after == sum(n for stratum, n in after.items() if not before.get(stratum))


def test_a_long_baseline_is_used_as_far_as_all_of_its_strata_reach() -> None:
    match = match_mix({("a",): 1_000, ("b",): 600}, {("a",): 100, ("b",): 200})
    assert match.before == {("a",): 300, ("b",): 600}
    assert match.after == {("a",): 100, ("b",): 200}


def test_fewer_units_keep_the_mix() -> None:
    match = match_mix({("a",): 9_000, ("b",): 3_000}, {("a",): 900, ("b",): 300}).at_most(400)
    assert match.before == {("a",): 300, ("b",): 100}
    assert match.after == {("a",): 300, ("b",): 100}


def test_a_dimension_whose_values_never_meet_is_what_the_comparison_is_about() -> None:
    before = {("gpt-4", "v1"): 10, ("gpt-3.5", "v1"): 10}
    after = {("gpt-4", "v2"): 10, ("gpt-3.5", "v2"): 0}
    assert differing(before, after) == [1]
    assert without(before, [1]) == {("gpt-4",): 10, ("gpt-3.5",): 10}


def test_sides_without_units_differ_in_nothing() -> None:
    assert differing({}, {("a",): 1}) == []
    assert match_mix({}, {("a",): 1}).after_units == 0
