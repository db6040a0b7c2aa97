"""Our state machine against the original: `promtool test rules` of Debian's Prometheus."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.alert_machine.promtool import Case, differences, draw_case, firing

CASES = 100
"""In one process of promtool."""
SHAPES = ((60, 60), (60, 30), (15, 15), (30, 60), (60, 15))
"""Seconds between evaluations, and between values."""


def draw(seed: int) -> list[Case]:
    chance = random.Random(seed)
    interval_s, step_s = SHAPES[seed % len(SHAPES)]
    return [
        draw_case(chance, f"case{number}", interval_s=interval_s, step_s=step_s) for number in range(CASES)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_random_series_fire_when_prometheus_says(tmp_path: Path, seed: int) -> None:
    assert differences(tmp_path, draw(seed)) == ""


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_random_series_fire_when_prometheus_says(tmp_path: Path, seed: int) -> None:
    assert differences(tmp_path, draw(seed)) == ""


def test_random_series_fire_now_and_then() -> None:
    firings = [bool(alerts) for case in draw(0) for _, alerts in firing(case)]
    assert 0.05 < sum(firings) / len(firings) < 0.95


@pytest.mark.parametrize("changed", ["for_s", "keep_firing_for_s"])
def test_prometheus_notices_a_single_wrong_rule(tmp_path: Path, changed: str) -> None:
    steady = Case("steady", 120, 180, 60, 60, {"s0": [9] * 5 + [1] * 10})
    others = draw(0)
    assert differences(tmp_path, [*others, steady]) == ""
    wrong = replace(steady, **{changed: getattr(steady, changed) + 1})
    assert "steady" in differences(tmp_path, [*others, steady], told=[*others, wrong])
