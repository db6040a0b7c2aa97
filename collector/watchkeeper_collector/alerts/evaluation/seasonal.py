"""The band that the past leads to expect, for points with a daily or weekly season: pure statistics.

A point is expected to be the median of those at the same place of earlier seasons, and of their neighbours.
How far it may be off is said by the past, too: by the median absolute deviation of what lay around the same
place of the season, which is the standard deviation's robust estimate when multiplied by 1.4826. So neither
the anomaly itself nor an old one moves the band, and nights are not judged by the noise of days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MAD_SCALE = 1.4826
FEWEST_SEASONS = 3
NEIGHBOURS = 1
SPREAD_PART = 12
"""The spread is that of the points within a twelfth of a season on both sides."""
LEAST_SPREAD = 0.25
"""Of the spread over all of the season, so that places that happened to be calm are no trap."""
LEAST_SHARE = 0.01
"""Of the expected value: rounding alone is no anomaly."""

Points = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Band:
    """What is expected of a point, and how far it usually is from that: one standard deviation."""

    expected: float
    spread: float

    def deviation(self, value: float) -> float:
        """By how many standard deviations a value is off."""
        return (
            (value - self.expected) / self.spread if self.spread else 0.0 if value == self.expected else 1e9
        )


def find_bands(points: Points, season: int, last: int) -> list[Band | None]:
    """The bands of the last points, from what was before them; ``None`` where there is too little.

    ``season`` counts points. A season counts if it is there at all at the place.
    """
    first = len(points) - last
    past = points[:first]
    residuals = _residuals(past, season)
    typical = _mad([one for one in residuals if one is not None])
    return [_band(past, residuals, season, place, typical) for place in range(first, len(points))]


def seasons_of(points: Points, season: int) -> float:
    """How many seasons long the history is, from the first point that is known."""
    first = next((place for place, value in enumerate(points) if value is not None), len(points))
    return (len(points) - first) / season


def _band(past: Points, residuals: Points, season: int, place: int, typical: float) -> Band | None:
    same = _same_place(past, season, place, NEIGHBOURS)
    if len(_same_place(past, season, place, 0)) < FEWEST_SEASONS:
        return None
    expected = median(same)
    around = max(1, season // SPREAD_PART)
    near = _mad(_same_place(residuals, season, place, around))
    spread = max(near, LEAST_SPREAD * typical, LEAST_SHARE * abs(expected))
    return Band(expected, spread)


def _residuals(past: Points, season: int) -> list[float | None]:
    """How far each point is from the median of its place in the season."""
    profile = [_median_or_none(_same_place(past, season, place, NEIGHBOURS)) for place in range(season)]
    return [
        None if value is None or (usual := profile[place % season]) is None else value - usual
        for place, value in enumerate(past)
    ]


def _same_place(points: Points, season: int, place: int, around: int) -> list[float]:
    """Known points at a place of the season, and of its neighbours."""
    found: list[float] = []
    for offset in range(-around, around + 1):
        found += [value for value in points[(place + offset) % season :: season] if value is not None]
    return found


def _mad(values: Sequence[float]) -> float:
    return MAD_SCALE * median(map(abs, values)) if values else 0.0


def _median_or_none(values: Sequence[float]) -> float | None:
    return median(values) if values else None
