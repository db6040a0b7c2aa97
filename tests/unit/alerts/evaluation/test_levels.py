"""When a value meets a condition, is held by it, or is clear."""

import pytest
from watchkeeper_collector.alerts.evaluation.burn_rate import judge_windows
from watchkeeper_collector.alerts.evaluation.change import compare
from watchkeeper_collector.alerts.evaluation.levels import level_of, with_also
from watchkeeper_collector.alerts.evaluation.sample import Level
from watchkeeper_collector.alerts.rules.condition import Also, Bound, BurnWindow

ABOVE, BELOW = Bound(">", 10.0, 8.0), Bound("<=", 2.0, 5.0)
FAST = (BurnWindow(3_600.0, 300.0, 14.4), BurnWindow(21_600.0, 1_800.0, 6.0))


@pytest.mark.parametrize(
    ("value", "bound", "level"),
    [
        (10.1, ABOVE, "met"),
        (10.0, ABOVE, "held"),
        (8.0, ABOVE, "clear"),
        (2.0, BELOW, "met"),
        (4.9, BELOW, "held"),
        (5.0, BELOW, "clear"),
        (10.0, Bound(">", 10.0), "clear"),
        (3.0, Bound("==", 3.0), "met"),
        (3.0, Bound("!=", 3.0), "clear"),
        (None, ABOVE, "no_data"),
        (float("nan"), ABOVE, "no_data"),
    ],
)
def test_between_condition_and_recovery_a_value_is_held(
    value: float | None, bound: Bound, level: Level
) -> None:
    assert level_of(value, bound) == level


def test_further_conditions_must_hold_too() -> None:
    also = [Also("calls", Bound(">=", 30.0)), Also("cost_usd", Bound(">", 1.0))]
    assert with_also("met", also, [30.0, 2.0]) == "met"
    assert with_also("held", also, [30.0, 2.0]) == "held"
    assert with_also("met", also, [29.0, 2.0]) == "clear"
    assert with_also("met", also, [30.0, None]) == "clear"
    assert with_also("no_data", also, [0.0, 0.0]) == "no_data"


def test_there_is_no_factor_of_nothing() -> None:
    assert compare(6.0, 3.0, "factor") == 2.0
    assert compare(6.0, 3.0, "percent") == 1.0
    assert compare(-1.0, -2.0, "percent") == 0.5
    assert compare(6.0, 0.0, "absolute") == 6.0
    assert compare(6.0, 0.0, "factor") is None
    assert compare(6.0, None, "percent") is None


def test_a_pair_of_windows_is_met_when_both_burn() -> None:
    rates: dict[float, float | None] = {3_600.0: 15.0, 300.0: 20.0, 21_600.0: 3.0, 1_800.0: 15.0}
    assert judge_windows(FAST, rates) == ("met", FAST[0])
    assert judge_windows(FAST, rates | {300.0: 1.0}) == ("clear", FAST[0])
    assert judge_windows(FAST, rates | {300.0: 1.0, 21_600.0: 7.0}) == ("met", FAST[1])
    assert judge_windows(FAST, dict.fromkeys(rates)) == ("no_data", FAST[0])
