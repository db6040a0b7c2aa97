"""Where the rows of a question come from: the spans themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.measures import EVERYTHING, Measure
from watchkeeper_collector.query.source import Slice, Source


@dataclass(frozen=True, slots=True)
class Relation:
    """``text`` stands after FROM, ``conditions`` after WHERE; ``time_ns`` is a row's time."""

    text: str
    conditions: Sequence[str]
    time_ns: str = "toUnixTimestamp64Nano(Timestamp)"

    def value(self, measure: Measure) -> str:
        """The aggregate that gives the measure."""
        return measure.sql

    def counted(self, measures: Iterable[Measure]) -> str:
        """The condition that some measure looks at a row, else its groups would be of nothing; or empty."""
        populations = dict.fromkeys(measure.population for measure in measures)
        return "" if EVERYTHING in populations else f"({' OR '.join(populations)})"


def spans_of(slice_: Slice, source: Source, bindings: Bindings) -> Relation:
    """The spans of a slice."""
    return Relation(f"{source.database}.spans", slice_.conditions(bindings, source))
