"""The values that two releases are compared by: of each measure one of every session, else trace."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from watchkeeper_collector.drift.features import Population
from watchkeeper_collector.drift.gate_policy import GateMeasure
from watchkeeper_collector.drift.sampling import MatchedUnits
from watchkeeper_collector.drift.sides import Comparison
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.scores import NEWEST_SCORES

Values = npt.NDArray[np.float64]
Pair = tuple[Values, Values]

MOST_SCORES = 200_000

VALUES = """SELECT Side, {arrays}
FROM
({placed})
WHERE IsMatched
GROUP BY Side"""

SCORES = f"""SELECT OfSide, toString(Name), avg(Value)
FROM
(
    SELECT Name, Value, TraceId
    FROM ({NEWEST_SCORES})
    WHERE Value IS NOT NULL AND TraceId != ''
) AS given
GLOBAL INNER JOIN
(
    SELECT TraceId, any(Side) AS OfSide, any(Unit) AS OfUnit
    FROM
    (
        SELECT 0 AS Side, {{columns}} FROM {{database}}.spans WHERE {{before}}
        UNION ALL
        SELECT 1 AS Side, {{columns}} FROM {{database}}.spans WHERE {{after}}
    )
    GROUP BY TraceId
    HAVING uniqExact(Side) = 1
) AS units USING (TraceId)
GROUP BY OfSide, Name, OfUnit
LIMIT {MOST_SCORES}"""
"""A score without a trace is of no release. One mean of each unit, as with everything else."""
UNIT = "TraceId, if(SessionId != '', SessionId, TraceId) AS Unit"


def load_values(units: MatchedUnits, measures: Sequence[GateMeasure]) -> Iterator[tuple[GateMeasure, Pair]]:
    """Each measure of the population with its values before and after, at equal mix of traffic."""
    wanted = [measure for measure in measures if measure.population == units.population]
    if not wanted:
        return
    bindings = Bindings()
    columns = [f"CAST({measure.sql}, 'Nullable(Float64)')" for measure in wanted]
    arrays = ", ".join(f"groupArray(Call.{place + 4})" for place in range(len(wanted)))
    sql = VALUES.replace("{arrays}", arrays).replace("{placed}", units.placed(bindings, columns))
    sides = {row[0]: row[1:] for row in units.comparison.source.query(sql, bindings).rows}
    nothing = [()] * len(wanted)
    for place, measure in enumerate(wanted):
        before, after = (_floats(sides.get(side, nothing)[place]) for side in (0, 1))
        yield measure, (before, after)


def load_scores(comparison: Comparison, population_sql: Mapping[Population, str]) -> dict[str, Pair]:
    """The scores of both sides' traces by name, a mean of each unit."""
    bindings = Bindings()
    where = [
        "\n            AND ".join([*side.conditions(bindings, comparison.source), population_sql["calls"]])
        for side in (comparison.before, comparison.after)
    ]
    sql = (
        SCORES.replace("{project}", bindings.bind(comparison.after.slice.project))
        .replace("{columns}", UNIT)
        .replace("{database}", comparison.source.database)
        .replace("{before}", where[0])
        .replace("{after}", where[1])
    )
    found: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for side, name, value in comparison.source.query(sql, bindings).rows:
        found[name][side].append(value)
    return {name: (_floats(before), _floats(after)) for name, (before, after) in sorted(found.items())}


def _floats(values: Sequence[float | None]) -> Values:
    found = np.array([value for value in values if value is not None], dtype=np.float64)
    return found[np.isfinite(found)]
