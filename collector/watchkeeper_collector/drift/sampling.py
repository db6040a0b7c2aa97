"""Which units of a comparison are looked at, so that both sides have the same mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.drift.features import CALLS, Population
from watchkeeper_collector.drift.matching import Match, Stratum, differing, match_mix, without
from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.query.bindings import Bindings

MOST_UNITS = 20_000
"""A side, of which D is known to a hundredth: more would only cost."""

MOST_CALLS = 200_000
"""A side. Of more, units are left out by their hash: a verdict is as sure, and memory stays flat."""

COUNT = """SELECT count()
FROM {database}.spans
WHERE {conditions}"""

PLACED = """
    SELECT
        Side,
        Call,
        row_number() OVER (PARTITION BY Side, Call.1 ORDER BY cityHash64(Unit), Unit) AS Place,
        Place <= if(Side = 0, {before}, {after}) AS IsMatched
    FROM
    ({units})
"""


@dataclass(frozen=True, slots=True)
class MatchedUnits:
    """A comparison's units of one population, with how many of each stratum are kept."""

    comparison: Comparison
    population: Population
    match: Match
    before_units: int
    after_units: int

    def placed(self, bindings: Bindings, features: Sequence[str] = (), most: int = MOST_UNITS) -> str:
        """The relation of units, of which those are ``IsMatched`` that keep the mix."""
        match = self.match.at_most(most)
        return (
            PLACED.replace("{before}", _quota(match.before, bindings))
            .replace("{after}", _quota(match.after, bindings))
            .replace("{units}", self.comparison.units(bindings, self.population, features))
        )


def thin(comparison: Comparison, most_calls: int = MOST_CALLS) -> Comparison:
    """The comparison of a part of the units where there are very many calls."""

    def thinned(side: Side) -> Side:
        bindings = Bindings()
        conditions = [*side.conditions(bindings, comparison.source), CALLS]
        sql = COUNT.replace("{database}", comparison.source.database)
        sql = sql.replace("{conditions}", " AND ".join(conditions))
        calls = int(comparison.source.query(sql, bindings).rows[0][0])
        return replace(side, one_in=max(1, -(-calls // most_calls)))

    return replace(comparison, before=thinned(comparison.before), after=thinned(comparison.after))


def match_units(comparison: Comparison, population: Population) -> MatchedUnits:
    """Count both sides' units and match their mix.

    A dimension whose values the sides share none of is what they are compared by, and matched by no more.
    """
    before, after = comparison.count_units(population)
    places = differing(before, after)
    names = [name for place, name in enumerate(comparison.strata) if place not in places]
    coarser = without(before, places), without(after, places)
    return MatchedUnits(
        replace(comparison, strata=names),
        population,
        match_mix(*coarser),
        sum(before.values()),
        sum(after.values()),
    )


def _quota(kept: Mapping[Stratum, int], bindings: Bindings) -> str:
    """How many units of a call's stratum are kept."""
    strata = bindings.bind([list(stratum) for stratum in kept], "Array(Array(String))")
    quotas = bindings.bind(list(kept.values()), "Array(UInt32)")
    return f"ifNull({quotas}[indexOf({strata}, Call.1)], 0)"
