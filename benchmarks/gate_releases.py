"""Releases with known effects, as the gate sees them: a value of each unit on both sides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from watchkeeper_collector.drift.gate_policy import MEASURES, GateMeasure, score_measure

Chance = np.random.Generator
Values = npt.NDArray[np.float64]
Pair = tuple[Values, Values]

SCORE = score_measure("helpful")
GATED: Mapping[str, GateMeasure] = {**MEASURES, SCORE.name: SCORE}

RATES = {
    "error_rate": 0.02,
    "refusal_rate": 0.04,
    "empty_rate": 0.01,
    "truncation_rate": 0.03,
    "invalid_json_rate": 0.03,
    "invalid_tool_call_rate": 0.02,
    "code_fence_rate": 0.3,
}
"""Of the baseline."""
SPREADS = {"latency_ms": 0.8, "ttft_ms": 0.6, "cost_usd": 1.0, "input_tokens": 0.7, "output_tokens": 0.7}
"""Standard deviations of the logarithms: one call in a hundred takes six times the median."""
COMMON = 0.5
"""The part of an amount's variance that it shares with the others: long answers are slow and dear."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How much worse one measure is, in its tolerances; every other one is as before."""

    measure: str = ""
    tolerances: float = 0.0


def draw_release(chance: Chance, units: int, effect: Effect) -> dict[str, Pair]:
    """Every measure before and after, of so many units a side."""
    loads = chance.normal(size=(2, units))
    return {
        name: _draw(chance, measure, loads, effect.tolerances if name == effect.measure else 0.0)
        for name, measure in GATED.items()
    }


def draw_measure(chance: Chance, measure: GateMeasure, units: int, tolerances: float) -> Pair:
    """One measure by itself."""
    return _draw(chance, measure, chance.normal(size=(2, units)), tolerances)


def _draw(chance: Chance, measure: GateMeasure, loads: Values, tolerances: float) -> Pair:
    worse = measure.tolerance * tolerances
    units = loads.shape[1]
    match measure.kind:
        case "share":
            rate = RATES[measure.name]
            return _share(chance, units, rate), _share(chance, units, rate + worse)
        case "amount":
            logs = math.sqrt(COMMON) * loads + math.sqrt(1 - COMMON) * chance.normal(size=loads.shape)
            before, after = np.exp(SPREADS[measure.name] * logs)
            return before, after * (1 + worse)
        case _:
            before, after = chance.normal(size=loads.shape)
            return before, after - worse


def _share(chance: Chance, units: int, rate: float) -> Values:
    return (chance.random(units) < rate).astype(np.float64)
