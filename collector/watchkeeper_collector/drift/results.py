"""What checks found, kept in the store: written by the job, read by the API and by alert rules."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import DAY_NS, Source, at
from watchkeeper_collector.query.times import EPOCH


class Table(Protocol):
    """Where rows are put: ``watchkeeper_collector.store.client.Store`` is one."""

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, database: str
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    """A row of ``drift_results``: a verdict on a feature of a slice; an empty feature: on the whole slice."""

    project: str
    window_start: datetime
    window_end: datetime
    checked_at: datetime
    baseline: str
    slice_by: str
    slice_value: str
    feature: str
    answer: str
    needs: int
    windows: int
    effect: float | None
    raw_effect: float | None
    p_value: float
    adjusted_p: float
    before_units: int
    after_units: int
    before: str
    after: str
    reason: str
    calls: int
    details: Mapping[str, Any]


COLUMNS = {
    field.name: "".join(part.capitalize() for part in field.name.split("_")) for field in fields(Result)
}

USUAL = ("season", "rolling")
LONGEST_NS = DAY_NS
"""Windows are at most a day."""

NEWEST = """SELECT {columns}
FROM {database}.drift_results
WHERE {conditions}
ORDER BY WindowEnd DESC, WindowStart, Baseline, SliceBy, SliceValue, Feature, CheckedAt DESC
LIMIT 1 BY WindowStart, WindowEnd, Baseline, SliceBy, SliceValue, Feature"""


def write_results(table: Table, database: str, results: Sequence[Result]) -> None:
    """Add rows; those of an earlier check of the same window count no more."""
    rows = [[_stored(getattr(result, name)) for name in COLUMNS] for result in results]
    if rows:
        table.insert("drift_results", list(COLUMNS.values()), rows, database=database)


def read_results(
    source: Source,
    project: str,
    *,
    since_ns: int | None = None,
    until_ns: int | None = None,
    equal: Mapping[str, str] | None = None,
) -> list[Result]:
    """The newest results of windows that end in this time, the last window first.

    ``equal`` names columns by the fields of :class:`Result`.
    """
    bindings = Bindings()
    conditions = [f"Project = {bindings.bind(project)}"]
    conditions += [] if since_ns is None else [f"WindowEnd > {at(since_ns, bindings)}"]
    conditions += [] if until_ns is None else [f"WindowEnd <= {at(until_ns, bindings)}"]
    conditions += [f"{COLUMNS[name]} = {bindings.bind(value)}" for name, value in (equal or {}).items()]
    sql = (
        NEWEST.replace("{columns}", ", ".join(COLUMNS.values()))
        .replace("{database}", source.database)
        .replace("{conditions}", " AND ".join(conditions))
    )
    return [_read(row) for row in source.query(sql, bindings).rows]


def newest_results(source: Source, project: str, at_ns: int, windows: int) -> list[Result]:
    """Of every length of window, baseline, slice and feature the verdicts on its newest windows.

    What the alert kind ``drift`` asks. What no window spoke of lately is left out: a slice without calls has
    nothing to say. ``windows`` of a result counts how many on end, up to that one, were drift.
    """
    series: defaultdict[tuple[Any, ...], list[Result]] = defaultdict(list)
    for result in read_results(source, project, since_ns=at_ns - LONGEST_NS * (windows + 2), until_ns=at_ns):
        length = result.window_end - result.window_start
        age = EPOCH + timedelta(microseconds=at_ns // 1_000) - result.window_end
        if age <= (windows + 1) * length:
            name = series_of(result.baseline)
            key = (length, name, result.slice_by, result.slice_value, result.feature)
            series[key].append(result)
    return [result for found in series.values() for result in found[:windows]]


def series_of(baseline: str) -> str:
    """What results go on from one window to the next under: a season may begin to be known."""
    return "usual" if baseline in USUAL else baseline


def _stored(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if isinstance(value, Mapping) else value


def _read(row: Sequence[Any]) -> Result:
    values = dict(zip(COLUMNS, map(_aware, row), strict=True))
    return Result(**{**values, "details": json.loads(values["details"])})


def _aware(value: Any) -> Any:
    """Times of the store are UTC; the client gives some without a zone."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
