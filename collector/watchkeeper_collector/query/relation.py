"""Where the rows of a question come from: spans, or roll-ups and the spans of the hours that these lack."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper_schemas.rollup import COLUMNS, KEYS, rolled

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.coverage import Coverage, find_coverage
from watchkeeper_collector.query.measures import COUNTED, EVERYTHING, Measure
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.rolled import ROLLED
from watchkeeper_collector.query.source import Source, in_window

WORD = re.compile(r"\w+")

ROLLED_UP = """(
    SELECT {names}
    FROM {database}.rollup_1h
    WHERE Project = {project}
        AND Hour >= fromUnixTimestamp({first}) AND Hour <= fromUnixTimestamp({last})
        AND (toUnixTimestamp(Hour), toUnixTimestamp64Micro(BuiltAt)) IN arrayZip({hours}, {built_us})
    UNION ALL
    SELECT
    {rolled}
    FROM {database}.spans AS spans
    WHERE Project = {project}
        AND ({gaps})
    GROUP BY {keys}
)"""


@dataclass(frozen=True, slots=True)
class Relation:
    """``text`` stands after FROM, ``conditions`` after WHERE; ``time_ns`` is a row's time.

    ``measures`` are what rows give other than spans do.
    """

    text: str
    conditions: Sequence[str]
    time_ns: str = "toUnixTimestamp64Nano(Timestamp)"
    counted: str = COUNTED
    measures: Mapping[str, str] | None = None

    def value(self, measure: Measure) -> str:
        """The aggregate that gives the measure."""
        return measure.sql if self.measures is None else self.measures[measure.name]

    def population(self, measures: Iterable[Measure]) -> list[str]:
        """The condition that some measure looks at a row, else its groups would be of nothing."""
        populations = dict.fromkeys(measure.population for measure in measures)
        if EVERYTHING in populations:
            return []
        return [f"({' OR '.join(populations)})".replace(COUNTED, self.counted)]


@dataclass(frozen=True, slots=True)
class Origin:
    """A question with what it is read from; ``coverage`` says of which hours roll-ups are."""

    source: Source
    question: Question
    coverage: Coverage | None = None

    def relation(self, bindings: Bindings) -> Relation:
        slice_ = self.question.slice
        if self.coverage is not None:
            return self._rolled_up(self.coverage, bindings)
        return Relation(f"{self.source.database}.spans", slice_.conditions(bindings, self.source))

    def _rolled_up(self, coverage: Coverage, bindings: Bindings) -> Relation:
        question = self.question
        columns = question.columns(bindings)
        conditions = question.slice.filter_conditions(bindings)
        names = _words([*(ROLLED[name] for name in question.measures), "Counted"])
        words = _words([*(dimension.sql for dimension in columns.dimensions), *conditions, "Kind"])
        keys, sums = [key for key in KEYS if key in words], [name for name in COLUMNS if name in names]
        project = ["Project"] if "Project" in words else []
        text = (
            ROLLED_UP.replace("{names}", ", ".join(["Hour", *project, *keys, *sums]))
            .replace("{rolled}", rolled(sums, [*project, *keys]))
            .replace("{database}", self.source.database)
            .replace("{project}", bindings.bind(question.slice.project))
            .replace("{first}", bindings.bind(coverage.hours[0], "Int64"))
            .replace("{last}", bindings.bind(coverage.hours[-1], "Int64"))
            .replace("{hours}", bindings.bind(coverage.hours, "Array(UInt32)"))
            .replace("{built_us}", bindings.bind(coverage.built_us, "Array(Int64)"))
            .replace("{gaps}", _gaps(coverage, bindings))
            .replace("{keys}", ", ".join(["Hour", *project, *keys]))
        )
        return Relation(text, conditions, "toUnixTimestamp(Hour) * 1000000000", "Counted > 0", ROLLED)


def find_origin(source: Source, question: Question) -> Origin:
    """What to read for a question."""
    return Origin(source, question, find_coverage(source, question))


def _gaps(coverage: Coverage, bindings: Bindings) -> str:
    parts = (" AND ".join(in_window(gap, bindings)) for gap in coverage.gaps)
    return " OR ".join(f"({part})" for part in parts) or "0"


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text)}
