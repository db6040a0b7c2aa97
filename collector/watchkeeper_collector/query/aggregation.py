"""Measures by dimensions over a window, as a table or as series of points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import Dimension, find_dimension, unknown
from watchkeeper_collector.query.measures import EVERYTHING, Measure, find_measure
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import Window, render_time

MOST_MEASURES = 20
MOST_DIMENSIONS = 3
MOST_POINTS = 500_000

TABLE = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}{grouping}
ORDER BY {order}
LIMIT {limit}"""

SERIES = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
GROUP BY {keys}
ORDER BY {keys} WITH FILL FROM {first} TO {last} STEP 1
{interpolation}"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    ``order`` is a measure or dimension of the question, with ``-`` before it: the greatest first. ``limit``
    counts groups; with a step, which needs a window with both ends, each of them is a series.
    """

    slice: Slice
    measures: Sequence[str]
    by: Sequence[str] = ()
    step_ns: int | None = None
    order: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Statement:
    """A query and the names of its columns; with a step, the first is the number of the point's interval."""

    sql: str
    bindings: Bindings
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``is_truncated``: there are more groups than were asked for."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_truncated: bool

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def run_query(source: Source, question: Question) -> Table:
    """Answer a question. With a step, the first column is ``time``, the start of each interval."""
    if question.step_ns is None:
        return group_table(source, question)
    groups = group_table(source, question) if question.by else None
    statement = series_statement(source, question, groups)
    rows = [
        (render_time(row[0] * question.step_ns), *_jsonable(row[1:]))
        for row in source.query(statement.sql, statement.bindings).rows
    ]
    if groups is not None:
        rank = {tuple(row[: len(question.by)]): place for place, row in enumerate(groups.rows)}
        rows.sort(key=lambda row: rank[tuple(row[1 : 1 + len(question.by)])])
    return Table(("time", *statement.names[1:]), rows, groups is not None and groups.is_truncated)


def group_table(source: Source, question: Question) -> Table:
    """One row for each group, with nothing said about time."""
    statement = table_statement(source, question, question.limit + 1)
    rows = [tuple(_jsonable(row)) for row in source.query(statement.sql, statement.bindings).rows]
    return Table(statement.names, rows[: question.limit], len(rows) > question.limit)


def table_statement(source: Source, question: Question, limit: int) -> Statement:
    """The groups of a question, at most so many."""
    bindings = Bindings()
    measures, dimensions = _read_names(question, bindings)
    keys = [f"d{place}" for place in range(len(dimensions))]
    sql = (
        TABLE.replace("{columns}", ",\n    ".join(_columns(dimensions, measures)))
        .replace("{database}", source.database)
        .replace("{conditions}", _conditions(source, question, measures, bindings))
        .replace("{grouping}", f"\nGROUP BY {', '.join(keys)}" if keys else "")
        .replace("{order}", _order(question))
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return Statement(sql, bindings, (*question.by, *question.measures))


def series_statement(source: Source, question: Question, groups: Table | None) -> Statement:
    """Points of all groups, also of the intervals in which nothing happened."""
    step_ns = question.step_ns or 0
    first, last = _intervals(question.slice.window, step_ns)
    _check_points(question, last - first)
    bindings = Bindings()
    measures, dimensions = _read_names(question, bindings)
    bucket = f"intDiv(toUnixTimestamp64Nano(Timestamp), {bindings.bind(step_ns, 'Int64')})"
    keys = [*(f"d{place}" for place in range(len(dimensions))), "bucket"]
    conditions = _conditions(source, question, measures, bindings)
    if groups is not None:
        conditions += f"\n    AND {_within(groups, len(dimensions), bindings)}"
    zeros = [f"m{place} AS 0" for place, measure in enumerate(measures) if measure.empty == "0"]
    sql = (
        SERIES.replace("{columns}", ",\n    ".join([f"{bucket} AS bucket", *_columns(dimensions, measures)]))
        .replace("{database}", source.database)
        .replace("{conditions}", conditions)
        .replace("{keys}", ", ".join(keys))
        .replace("{first}", str(first))
        .replace("{last}", str(last))
        .replace("{interpolation}", f"INTERPOLATE ({', '.join(zeros)})" if zeros else "")
    )
    return Statement(sql.rstrip(), bindings, ("bucket", *question.by, *question.measures))


def _read_names(question: Question, bindings: Bindings) -> tuple[list[Measure], list[Dimension]]:
    if not 0 < len(question.measures) <= MOST_MEASURES:
        raise InvalidQueryError(f"A query takes 1 to {MOST_MEASURES} measures, not {len(question.measures)}.")
    if len(question.by) > MOST_DIMENSIONS:
        raise InvalidQueryError(
            f"A query takes at most {MOST_DIMENSIONS} dimensions, not {len(question.by)}."
        )
    for name in (repeated := [*question.measures, *question.by]):
        if repeated.count(name) > 1:
            raise InvalidQueryError(f"'{name[:60]}' is asked for twice.")
    dimensions = [find_dimension(name, bindings) for name in question.by]
    return [find_measure(name) for name in question.measures], dimensions


def _columns(dimensions: Sequence[Dimension], measures: Sequence[Measure]) -> list[str]:
    return [
        *(f"toString({dimension.sql}) AS d{place}" for place, dimension in enumerate(dimensions)),
        *(f"{measure.sql} AS m{place}" for place, measure in enumerate(measures)),
    ]


def _conditions(source: Source, question: Question, measures: Sequence[Measure], bindings: Bindings) -> str:
    """Those of the slice, and that some measure looks at the span: else its groups would be of nothing."""
    conditions = question.slice.conditions(bindings, source)
    populations = dict.fromkeys(measure.population for measure in measures)
    if EVERYTHING not in populations:
        conditions.append("(" + " OR ".join(populations) + ")")
    return "\n    AND ".join(conditions)


def _intervals(window: Window, step_ns: int) -> tuple[int, int]:
    """Numbers of the first interval and of the one after the last; number 0 began in 1970."""
    return (window.start_ns or 0) // step_ns, -(-(window.end_ns or 0) // step_ns)


def _order(question: Question) -> str:
    aliases = {name: f"m{place}" for place, name in enumerate(question.measures)}
    aliases |= {name: f"d{place}" for place, name in enumerate(question.by)}
    wanted = question.order or f"-{question.measures[0]}"
    name = wanted.removeprefix("-")
    if name not in aliases:
        problem = unknown(name, "column", aliases)
        raise InvalidQueryError(f"The order '{wanted[:60]}' is not of this query. {problem}")
    direction = "DESC" if wanted.startswith("-") else "ASC"
    keys = [f"d{place}" for place in range(len(question.by))]
    return ", ".join([f"{aliases[name]} {direction} NULLS LAST", *keys])


def _within(groups: Table, width: int, bindings: Bindings) -> str:
    columns = [[row[place] for row in groups.rows] for place in range(width)]
    arrays = ", ".join(bindings.bind(column, "Array(String)") for column in columns)
    keys = ", ".join(f"d{place}" for place in range(width))
    return f"({keys}) IN (SELECT arrayJoin({arrays if width == 1 else f'arrayZip({arrays})'}))"


def _check_points(question: Question, points: int) -> None:
    series = question.limit if question.by else 1
    if points * series > MOST_POINTS:
        raise InvalidQueryError(
            f"{points:,} points of up to {series:,} series are more than the {MOST_POINTS:,} that"
            " are answered. Take a longer step, a shorter window or a lower limit."
        )


def _jsonable(row: Sequence[Any]) -> list[Any]:
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in row]
