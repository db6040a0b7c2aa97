"""How often something is flagged where nothing changed: false alarms, and how often nothing can be told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from watchkeeper_collector.drift.matching import Stratum, match_mix

from benchmarks.drift_data import JUNE, MARCH, Cell
from benchmarks.drift_draws import compare

SIZES = (50, 100, 200, 500, 1_000, 5_000)
Chance = np.random.Generator
Pair = tuple[Cell, Cell]
Draw = Callable[[Chance, int], Pair]
"""Two samples of so many units of one distribution."""

HOURS_OF_WEEK = 168
CLUSTERS = ((10, 0.3), (10, 0.5), (20, 0.3), (20, 0.5))
NAMES = ("output_chars", "output_tokens", "latency_ms", "refusal", "code_fence", "question")


@dataclass(frozen=True, slots=True)
class Rates:
    """Of so many draws: the shares of *yes* and *cannot tell yet*."""

    draws: int
    false_alarms: float
    unknown: float


def measure_rates(draw: Draw, size: int, draws: int, *, with_text: bool = False, seed: int = 1) -> Rates:
    """Draw twice from what is the same, and ask whether it changed."""
    chance = np.random.default_rng(seed + size)
    answers = [compare(*draw(chance, size), with_text=with_text).answer for _ in range(draws)]
    alarms = sum(answer in {"minor", "major"} for answer in answers)
    return Rates(draws, alarms / draws, answers.count("unknown") / draws)


def scenarios(cells: Mapping[tuple[str, str], Cell]) -> Iterator[tuple[str, Draw]]:
    """Every kind of null data, by name."""
    yield "one model and task, resampled", resampled(cells)
    yield "prime numbers, halves of one model", halves(cells)
    yield "a week's season, same hour of week", seasonal(cells)
    yield "models' mix 30:70 → 70:30, each unchanged", mixed(cells)
    for calls, correlation in CLUSTERS:
        yield f"sessions of {calls} calls, ICC {correlation}", clustered(calls, correlation)


def resampled(cells: Mapping[tuple[str, str], Cell]) -> Draw:
    """Both sides with replacement from the same cell, a random one each time."""
    pools = list(cells.values())

    def draw(chance: Chance, size: int) -> Pair:
        pool = pools[chance.integers(len(pools))]
        one, other = chance.integers(0, len(pool), (2, size))
        return pool.draw(one), pool.draw(other)

    return draw


def halves(cells: Mapping[tuple[str, str], Cell]) -> Draw:
    """A random split of a cell: no answer is on both sides. Beyond 500 a side there are none."""
    pools = [cell for (task, _), cell in cells.items() if task == "prime"]

    def draw(chance: Chance, size: int) -> Pair:
        pool = pools[chance.integers(len(pools))]
        size = min(size, len(pool) // 2)
        order = chance.permutation(len(pool))
        return pool.draw(order[:size]), pool.draw(order[size : 2 * size])

    return draw


def seasonal(cells: Mapping[tuple[str, str], Cell]) -> Draw:
    """Tasks whose mix goes with the hour, compared with the same hour of earlier weeks."""
    pools = [cells[key] for key in (("prime", MARCH["gpt-4"]), ("sensitiveq", MARCH["gpt-4"]))]
    share = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(HOURS_OF_WEEK) / 24)

    def draw(chance: Chance, size: int) -> Pair:
        hour = chance.integers(HOURS_OF_WEEK)
        one, other = (_blend(pools, int(chance.binomial(size, share[hour])), size, chance) for _ in range(2))
        return one, other

    return draw


def mixed(cells: Mapping[tuple[str, str], Cell]) -> Draw:
    """Two models whose shares turn round while each answers as ever; the matched mix is what is compared."""
    pools = [cells["prime", MARCH["gpt-4"]], cells["prime", JUNE["gpt-4"]]]

    def draw(chance: Chance, size: int) -> Pair:
        counts: list[dict[Stratum, int]] = [
            {("a",): (first := int(chance.binomial(size, share))), ("b",): size - first}
            for share in (0.3, 0.7)
        ]
        match = match_mix(*counts)
        kept = (match.before, match.after)
        one, other = (_blend(pools, side.get(("a",), 0), sum(side.values()), chance) for side in kept)
        return one, other

    return draw


def clustered(calls: int, correlation: float) -> Draw:
    """Sessions of so many calls that are alike by an intra-class correlation; one call each is looked at.

    ``size`` counts calls, as somebody would who takes each for independent.
    """

    def side(chance: Chance, size: int) -> Cell:
        sessions = max(1, size // calls)
        alike = chance.normal(size=(sessions, 1, len(NAMES))) * np.sqrt(correlation)
        own = chance.normal(size=(sessions, calls, len(NAMES))) * np.sqrt(1 - correlation)
        picked = (alike + own)[np.arange(sessions), chance.integers(0, calls, sessions)]
        values = {name: picked[:, place] for place, name in enumerate(NAMES[:3])}
        values |= {
            name: (picked[:, 3 + place] > threshold).astype(float)
            for place, (name, threshold) in enumerate(zip(NAMES[3:], (1.6, 0.5, 0.0), strict=True))
        }
        return Cell(values, [])

    return lambda chance, size: (_sized(side(chance, size)), _sized(side(chance, size)))


def _sized(cell: Cell) -> Cell:
    return Cell(cell.features, [None] * len(next(iter(cell.features.values()))))  # type: ignore[list-item]


def _blend(pools: list[Cell], first: int, size: int, chance: Chance) -> Cell:
    """So many of the first pool, the rest of the second."""
    parts = [
        pool.draw(chance.integers(0, len(pool), count))
        for pool, count in zip(pools, (first, size - first), strict=True)
    ]
    features = {name: np.concatenate([part.features[name] for part in parts]) for name in parts[0].features}
    return Cell(features, [said for part in parts for said in part.said])
