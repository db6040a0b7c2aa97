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
from watchkeeper_collector.query.score_relation import judged
from watchkeeper_collector.query.source import Slice, Source, in_window

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
        question = self.question
        if question.asks_for_scores:
            dimensions = [dimension.sql for dimension in question.columns(bindings).dimensions]
            return Relation(judged(self.source, question.slice, dimensions, bindings), [])
        if self.coverage is None:
            return Relation(f"{self.source.database}.spans", question.slice.conditions(bindings, self.source))
        columns = question.columns(bindings)
        texts = [*(ROLLED[name] for name in question.measures), "Counted", "Kind"]
        texts += [dimension.sql for dimension in columns.dimensions]
        return rolled_up(self.source, question.slice, self.coverage, bindings, texts)


def rolled_up(
    source: Source, slice_: Slice, coverage: Coverage, bindings: Bindings, texts: Iterable[str]
) -> Relation:
    """Roll-ups of a slice, with the columns that these texts of SQL name."""
    conditions = slice_.filter_conditions(bindings)
    words = {word for text in (*texts, *conditions) for word in WORD.findall(text)}
    keys = [key for key in ("Project", *KEYS) if key in words]
    sums = [name for name in COLUMNS if name in words]
    text = (
        ROLLED_UP.replace("{names}", ", ".join(["Hour", *keys, *sums]))
        .replace("{rolled}", rolled(sums, keys))
        .replace("{database}", source.database)
        .replace("{project}", bindings.bind(slice_.project))
        .replace("{first}", bindings.bind(coverage.hours[0], "Int64"))
        .replace("{last}", bindings.bind(coverage.hours[-1], "Int64"))
        .replace("{hours}", bindings.bind(coverage.hours, "Array(UInt32)"))
        .replace("{built_us}", bindings.bind(coverage.built_us, "Array(Int64)"))
        .replace("{gaps}", _gaps(coverage, bindings))
        .replace("{keys}", ", ".join(["Hour", *keys]))
    )
    return Relation(text, conditions, "toUnixTimestamp(Hour) * 1000000000", "Counted > 0", ROLLED)


def find_origin(source: Source, question: Question) -> Origin:
    """What to read for a question."""
    return Origin(source, question, find_coverage(source, question))


def _gaps(coverage: Coverage, bindings: Bindings) -> str:
    parts = (" AND ".join(in_window(gap, bindings)) for gap in coverage.gaps)
    return " OR ".join(f"({part})" for part in parts) or "0"
