"""Measures by dimensions over a window, as a table or as series of points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.question import Columns, Question, check_points
from watchkeeper_collector.query.relation import Relation, spans_of
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import Window, render_time

TABLE = """SELECT
    {columns}
FROM {relation}
WHERE {conditions}{grouping}
ORDER BY {order}
LIMIT {limit}"""

SERIES = """SELECT
    {columns}
FROM {relation}
WHERE {conditions}
GROUP BY {keys}
ORDER BY {keys} WITH FILL FROM {first} TO {last} STEP 1
{interpolation}"""

REST = """SELECT
    {columns}
FROM {relation}
WHERE {conditions}"""

Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A query and the values that are bound in it."""

    sql: str
    bindings: Bindings


@dataclass(frozen=True, slots=True)
class Table:
    """``is_truncated``: there are more groups than were asked for.

    With a step, the first column is ``time``, the start of each interval. In rows of all other groups
    together the dimensions are ``None``.
    """

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_truncated: bool

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def run_query(source: Source, question: Question) -> Table:
    """Answer a question, without what it is compared with."""
    groups = group_table(source, question) if question.by or question.step_ns is None else None
    if question.step_ns is None and groups is not None:
        return _with_rest(source, question, groups)
    return series_table(source, question, groups)


def group_table(source: Source, question: Question, within: Sequence[Group] | None = None) -> Table:
    """One row for each group, with nothing said about time; only those ``within``."""
    statement = table_statement(source, question, question.limit + 1, within)
    rows = [tuple(_jsonable(row)) for row in source.query(statement.sql, statement.bindings).rows]
    names = (*question.by, *question.measures)
    return Table(names, rows[: question.limit], len(rows) > question.limit)


def series_table(source: Source, question: Question, groups: Table | None, *, later_ns: int = 0) -> Table:
    """The points of each group, in the order of the groups; shown as if they were so much later."""
    step_ns, width = question.step_ns or 0, len(question.by)
    statement = series_statement(source, question, groups)
    rows = [
        (render_time(row[0] * step_ns + later_ns), *_jsonable(row[1:]))
        for row in source.query(statement.sql, statement.bindings).rows
    ]
    if groups is not None:
        rank = {group: place for place, group in enumerate(groups_of(groups, question))}
        rows.sort(key=lambda row: rank.get(tuple(row[1 : 1 + width]), len(rank)))
    names = ("time", *question.by, *question.measures)
    return Table(names, rows, groups is not None and groups.is_truncated)


def groups_of(table: Table, question: Question) -> list[Group]:
    """The dimensions of a table's rows, but those of the row of all others."""
    groups = [tuple(row[: len(question.by)]) for row in table.rows]
    return [group for group in groups if None not in group]


def rest_row(source: Source, question: Question, groups: Sequence[Group]) -> tuple[Any, ...]:
    """All groups but these, as one."""
    statement = rest_statement(source, question, groups)
    (row,) = source.query(statement.sql, statement.bindings).rows
    return (*(None for _ in question.by), *_jsonable(row))


def table_statement(
    source: Source, question: Question, limit: int, within: Sequence[Group] | None = None
) -> Statement:
    """The groups of a question, at most so many."""
    bindings = Bindings()
    columns = question.columns(bindings)
    relation = spans_of(question.slice, source, bindings)
    conditions = _conditions(relation, columns)
    if within is not None:
        conditions += f"\n    AND {_within(columns.keys, within, bindings)}"
    sql = (
        TABLE.replace("{columns}", _listed([*_dimensions(columns), *_measures(relation, columns)]))
        .replace("{relation}", relation.text)
        .replace("{conditions}", conditions)
        .replace("{grouping}", f"\nGROUP BY {', '.join(columns.keys)}" if columns.keys else "")
        .replace("{order}", columns.order)
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return Statement(sql, bindings)


def rest_statement(source: Source, question: Question, groups: Sequence[Group]) -> Statement:
    """One row of measures over all groups but these."""
    bindings = Bindings()
    columns = question.columns(bindings)
    relation = spans_of(question.slice, source, bindings)
    named = _within([_text(dimension.sql) for dimension in columns.dimensions], groups, bindings)
    sql = (
        REST.replace("{columns}", _listed(_measures(relation, columns)))
        .replace("{relation}", relation.text)
        .replace("{conditions}", f"{_conditions(relation, columns)}\n    AND NOT {named}")
    )
    return Statement(sql, bindings)


def series_statement(source: Source, question: Question, groups: Table | None) -> Statement:
    """Points of all groups, also of the intervals in which nothing happened."""
    step_ns = question.step_ns or 0
    first, last = _intervals(question.slice.window, step_ns)
    check_points(question, last - first)
    bindings = Bindings()
    columns = question.columns(bindings)
    relation = spans_of(question.slice, source, bindings)
    dimensions, conditions = _dimensions(columns), _conditions(relation, columns)
    if groups is not None and question.has_other and groups.is_truncated:
        dimensions = _named_dimensions(columns, groups_of(groups, question), bindings)
    elif groups is not None:
        conditions += f"\n    AND {_within(columns.keys, groups_of(groups, question), bindings)}"
    bucket = f"intDiv({relation.time_ns}, {bindings.bind(step_ns, 'Int64')}) AS bucket"
    zeros = [f"m{place} AS 0" for place, measure in enumerate(columns.measures) if measure.empty == "0"]
    sql = (
        SERIES.replace("{columns}", _listed([bucket, *dimensions, *_measures(relation, columns)]))
        .replace("{relation}", relation.text)
        .replace("{conditions}", conditions)
        .replace("{keys}", ", ".join([*columns.keys, "bucket"]))
        .replace("{first}", str(first))
        .replace("{last}", str(last))
        .replace("{interpolation}", f"INTERPOLATE ({', '.join(zeros)})" if zeros else "")
    )
    return Statement(sql.rstrip(), bindings)


def _with_rest(source: Source, question: Question, groups: Table) -> Table:
    if not (question.has_other and groups.is_truncated):
        return groups
    rest = rest_row(source, question, groups_of(groups, question))
    return Table(groups.names, [*groups.rows, rest], groups.is_truncated)


def _dimensions(columns: Columns) -> list[str]:
    return [f"{_text(dimension.sql)} AS d{place}" for place, dimension in enumerate(columns.dimensions)]


def _named_dimensions(columns: Columns, groups: Sequence[Group], bindings: Bindings) -> list[str]:
    """The dimensions of these groups, and null for all others."""
    texts = [_text(dimension.sql) for dimension in columns.dimensions]
    named = _within(texts, groups, bindings)
    return [f"if({named}, {text}, NULL) AS d{place}" for place, text in enumerate(texts)]


def _measures(relation: Relation, columns: Columns) -> list[str]:
    return [f"{relation.value(measure)} AS m{place}" for place, measure in enumerate(columns.measures)]


def _conditions(relation: Relation, columns: Columns) -> str:
    counted = relation.counted(columns.measures)
    return "\n    AND ".join([*relation.conditions, *([counted] if counted else [])])


def _intervals(window: Window, step_ns: int) -> tuple[int, int]:
    """Numbers of the first interval and of the one after the last; number 0 began in 1970."""
    return (window.start_ns or 0) // step_ns, -(-(window.end_ns or 0) // step_ns)


def _within(keys: Sequence[str], groups: Sequence[Group], bindings: Bindings) -> str:
    lists = [bindings.bind([group[place] for group in groups], "Array(String)") for place in range(len(keys))]
    values = lists[0] if len(keys) == 1 else f"arrayZip({', '.join(lists)})"
    return f"({', '.join(keys)}) IN (SELECT arrayJoin({values}))"


def _text(sql: str) -> str:
    return f"toString({sql})"


def _listed(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)


def _jsonable(row: Sequence[Any]) -> list[Any]:
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in row]
