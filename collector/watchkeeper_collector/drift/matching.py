"""Two sides with the same mix of traffic: so that a shift of the mix is not called drift.

Units are counted by stratum (model, prompt, feature of the application). Of each stratum both sides keep so
many that the shares of the strata are equal; what only one side has is left out, and said.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

Stratum = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """How many units of each stratum either side keeps; ``only_before`` and ``only_after`` are left out."""

    before: Mapping[Stratum, int]
    after: Mapping[Stratum, int]
    only_before: int = 0
    only_after: int = 0

    @property
    def before_units(self) -> int:
        return sum(self.before.values())

    @property
    def after_units(self) -> int:
        return sum(self.after.values())

    def at_most(self, units: int) -> "Match":
        """The same mix on about so many units a side."""
        return replace(self, before=_scaled(self.before, units), after=_scaled(self.after, units))


def match_mix(before: Mapping[Stratum, int], after: Mapping[Stratum, int]) -> Match:
    """Keep what makes the mixes equal.

    The greater side keeps a whole multiple of the smaller one's strata, as far as all of its strata allow.
    """
    shared = [stratum for stratum in after if before.get(stratum) and after[stratum]]
    kept = {stratum: min(before[stratum], after[stratum]) for stratum in shared}
    return Match(
        _multiple(kept, before),
        _multiple(kept, after),
        sum(count for stratum, count in before.items() if stratum not in kept),
        sum(count for stratum, count in after.items() if stratum not in kept),
    )


def differing(before: Mapping[Stratum, int], after: Mapping[Stratum, int]) -> list[int]:
    """The places in a stratum whose values the two sides share none of: the comparison is about them.

    A release that comes with a new prompt version has none of the old one's calls: nothing could be matched.
    """
    sides = [[stratum for stratum, count in side.items() if count] for side in (before, after)]
    if not all(sides):
        return []
    width = len(sides[0][0])
    return [
        place
        for place in range(width)
        if not {stratum[place] for stratum in sides[0]} & {stratum[place] for stratum in sides[1]}
    ]


def without(counts: Mapping[Stratum, int], places: Sequence[int]) -> dict[Stratum, int]:
    """The counts of coarser strata: without the values at these places."""
    coarser: dict[Stratum, int] = {}
    for stratum, count in counts.items():
        rest = tuple(value for place, value in enumerate(stratum) if place not in places)
        coarser[rest] = coarser.get(rest, 0) + count
    return coarser


def _multiple(kept: Mapping[Stratum, int], there: Mapping[Stratum, int]) -> dict[Stratum, int]:
    times = min((there[stratum] // count for stratum, count in kept.items()), default=1)
    return {stratum: count * times for stratum, count in kept.items()}


def _scaled(kept: Mapping[Stratum, int], most: int) -> dict[Stratum, int]:
    total = sum(kept.values())
    if total <= most:
        return dict(kept)
    return {stratum: math.ceil(count * most / total) for stratum, count in kept.items()}
