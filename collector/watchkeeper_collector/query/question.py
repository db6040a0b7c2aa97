"""What is asked: measures by dimensions over a slice of the spans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import Dimension, find_dimension, unknown
from watchkeeper_collector.query.measures import SCORE, Measure, find_measure, is_score
from watchkeeper_collector.query.source import Slice

MOST_MEASURES = 20
MOST_DIMENSIONS = 3
MOST_POINTS = 500_000

Compare = Literal["", "previous", "week"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    ``order`` is a measure or dimension of the question, with ``-`` before it: the greatest first. ``limit``
    counts groups; with a step, which needs a window with both ends, each of them is a series. With
    ``has_other`` all groups beyond the limit are one more. ``compare`` names the window to look at beside.
    ``is_exact`` keeps away from states that give estimates.
    """

    slice: Slice
    measures: Sequence[str]
    by: Sequence[str] = ()
    step_ns: int | None = None
    order: str = ""
    limit: int = 100
    has_other: bool = False
    compare: Compare = ""
    is_exact: bool = False

    @property
    def asks_for_scores(self) -> bool:
        return any(map(is_score, self.measures))

    def columns(self, bindings: Bindings) -> "Columns":
        """What the names stand for. Raises ``InvalidQueryError``."""
        _check_names(self)
        measures = [_bound(find_measure(name), bindings) for name in self.measures]
        return Columns([find_dimension(name, bindings) for name in self.by], measures, self.order)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of an answer, by place: ``d0``, ``d1``, … and ``m0``, ``m1``, …"""

    dimensions: Sequence[Dimension]
    measures: Sequence[Measure]
    wanted_order: str = ""

    @property
    def keys(self) -> list[str]:
        return [f"d{place}" for place in range(len(self.dimensions))]

    @property
    def order(self) -> str:
        """The terms of ORDER BY: as asked for, then by the dimensions."""
        aliases = {measure.name: f"m{place}" for place, measure in enumerate(self.measures)}
        aliases |= {dimension.name: f"d{place}" for place, dimension in enumerate(self.dimensions)}
        wanted = self.wanted_order or f"-{self.measures[0].name}"
        name = wanted.removeprefix("-")
        if name not in aliases:
            problem = unknown(name, "column", aliases)
            raise InvalidQueryError(f"The order '{wanted[:60]}' is not of this query. {problem}")
        direction = "DESC" if wanted.startswith("-") else "ASC"
        return ", ".join([f"{aliases[name]} {direction} NULLS LAST", *self.keys])


def _bound(measure: Measure, bindings: Bindings) -> Measure:
    """The measure with the name of its score, if it is one, as a bound value."""
    if not is_score(measure.name):
        return measure
    name = bindings.bind(measure.name.removeprefix(SCORE))
    return replace(
        measure,
        sql=measure.sql.replace("{score}", name),
        population=measure.population.replace("{score}", name),
    )


def _check_names(question: Question) -> None:
    if not 0 < len(question.measures) <= MOST_MEASURES:
        raise InvalidQueryError(f"A query takes 1 to {MOST_MEASURES} measures, not {len(question.measures)}.")
    if len(question.by) > MOST_DIMENSIONS:
        raise InvalidQueryError(
            f"A query takes at most {MOST_DIMENSIONS} dimensions, not {len(question.by)}."
        )
    for name in (repeated := [*question.measures, *question.by]):
        if repeated.count(name) > 1:
            raise InvalidQueryError(f"'{name[:60]}' is asked for twice.")
    if question.asks_for_scores and not all(map(is_score, question.measures)):
        raise InvalidQueryError("Scores are no spans: ask for 'score.<name>' apart from other measures.")


def check_points(question: Question, points: int) -> None:
    """Raise ``InvalidQueryError`` where an answer would be too long."""
    series = question.limit + question.has_other if question.by else 1
    if points * series > MOST_POINTS:
        raise InvalidQueryError(
            f"{points:,} points of up to {series:,} series are more than the {MOST_POINTS:,} that"
            " are answered. Take a longer step, a shorter window or a lower limit."
        )
