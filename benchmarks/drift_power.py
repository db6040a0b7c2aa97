"""How often a change is seen where there is one: March's answers against June's, of each model and task."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.drift_data import JUNE, MARCH, Cell
from benchmarks.drift_draws import compare

UNITS = {"prime": 200, "sensitiveq": 100, "leetcode": 50}
"""A side, of each task: all that there are of the latter two."""


@dataclass(frozen=True, slots=True)
class Power:
    """Of so many draws the share that was flagged, and by what."""

    draws: int
    flagged: float
    reasons: Mapping[str, float]


def pairs(cells: Mapping[tuple[str, str], Cell]) -> Iterator[tuple[str, int, Cell, Cell]]:
    """Each drifted pair by name, with its units a side."""
    for task, units in UNITS.items():
        for model in MARCH:
            yield f"{model} {task}", units, cells[task, MARCH[model]], cells[task, JUNE[model]]


def measure_power(before: Cell, after: Cell, units: int, draws: int, *, seed: int = 1) -> Power:
    """Draw from both, without replacement where there are more, and ask whether it changed."""
    chance = np.random.default_rng(seed)
    reasons: Counter[str] = Counter()
    flagged = 0
    for _ in range(draws):
        one, other = (_draw(cell, units, chance) for cell in (before, after))
        outcome = compare(one, other, with_text=True)
        flagged += bool(outcome.drifted)
        reasons.update(outcome.drifted)
    return Power(draws, flagged / draws, {name: count / draws for name, count in reasons.most_common()})


def _draw(cell: Cell, units: int, chance: np.random.Generator) -> Cell:
    if len(cell) > units:
        return cell.draw(chance.permutation(len(cell))[:units])
    return cell.draw(chance.integers(0, len(cell), units))
