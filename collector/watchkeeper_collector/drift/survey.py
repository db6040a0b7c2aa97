"""Which windows are to be checked: those that are over, and have calls that no check has seen."""

from dataclasses import dataclass

from watchkeeper_collector.drift.features import CALLS
from watchkeeper_collector.drift.results import USUAL
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source, at
from watchkeeper_collector.query.times import SECOND_NS, Window

MOST_LATE = 0.02
"""A window is checked again when this part of its calls came late, or went."""

CALLED = """SELECT Project, intDiv(toUnixTimestamp64Nano(Timestamp), {length}) AS Place, count()
FROM {database}.spans
WHERE Timestamp >= {start} AND Timestamp < {end} AND {calls}
GROUP BY Project, Place"""

CHECKED = """SELECT
    Project,
    intDiv(toUnixTimestamp64Milli(WindowStart) * 1000000, {length}) AS Place,
    argMax(Calls, CheckedAt)
FROM {database}.drift_results
WHERE WindowStart >= {start} AND WindowStart < {end}
    AND SliceBy = 'project' AND Feature = '' AND Baseline IN {usual}
    AND (toUnixTimestamp64Milli(WindowEnd) - toUnixTimestamp64Milli(WindowStart)) * 1000000 = {length}
GROUP BY Project, Place"""


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A window of a project with so many calls."""

    start_ns: int
    length_ns: int
    project: str
    calls: int

    @property
    def window(self) -> Window:
        return Window(self.start_ns, self.start_ns + self.length_ns)


def find_due(source: Source, *, length_s: int, windows: int, until_ns: int) -> list[Due]:
    """Of the last so many windows up to a time, those whose calls are not what was checked, oldest first."""
    length_ns = length_s * SECOND_NS
    last = until_ns // length_ns
    called = _counts(source, CALLED, length_ns, last - windows, last)
    checked = _counts(source, CHECKED, length_ns, last - windows, last)
    return sorted(
        Due(place * length_ns, length_ns, project, calls)
        for (project, place), calls in called.items()
        if _has_changed(calls, checked.get((project, place)))
    )


def _has_changed(calls: int, checked: int | None) -> bool:
    return checked is None or abs(calls - checked) > MOST_LATE * checked


def _counts(source: Source, sql: str, length_ns: int, first: int, last: int) -> dict[tuple[str, int], int]:
    bindings = Bindings()
    text = (
        sql.replace("{database}", source.database)
        .replace("{length}", bindings.bind(length_ns, "Int64"))
        .replace("{start}", at(first * length_ns, bindings))
        .replace("{end}", at(last * length_ns, bindings))
        .replace("{calls}", CALLS)
        .replace("{usual}", bindings.bind(list(USUAL), "Array(String)"))
    )
    return {(project, place): calls for project, place, calls in source.query(text, bindings).rows}
