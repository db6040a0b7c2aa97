"""Measures by dimensions over a window, as a table or as series of points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.question import Columns, Question, check_points
from watchkeeper_collector.query.relation import Origin, Relation, find_origin
from watchkeeper_collector.query.rows import jsonable
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
    together the dimensions are ``None``. ``is_rolled_up``: most of it comes from roll-ups.
    """

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_truncated: bool
    is_rolled_up: bool = False

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def run_query(source: Source, question: Question) -> Table:
    """Answer a question, without what it is compared with."""
    origin = find_origin(source, question)
    groups = group_table(origin) if question.by or question.step_ns is None else None
    if question.step_ns is None and groups is not None:
        return _with_rest(origin, groups)
    return series_table(origin, groups)


def group_table(origin: Origin, within: Sequence[Group] | None = None) -> Table:
    """One row for each group, with nothing said about time; only those ``within``."""
    question = origin.question
    rows = _rows(origin, table_statement(origin, question.limit + 1, within))
    names, is_truncated = (*question.by, *question.measures), len(rows) > question.limit
    return Table(names, rows[: question.limit], is_truncated, origin.coverage is not None)


def series_table(origin: Origin, groups: Table | None, *, later_ns: int = 0) -> Table:
    """The points of each group, in the order of the groups; shown as if they were so much later."""
    question = origin.question
    step_ns, width = question.step_ns or 0, 1 + len(question.by)
    found = _rows(origin, series_statement(origin, groups))
    rows = [(render_time(row[0] * step_ns + later_ns), *row[1:]) for row in found]
    if groups is not None:
        rank = {group: place for place, group in enumerate(groups_of(groups, question))}
        rows.sort(key=lambda row: rank.get(tuple(row[1:width]), len(rank)))
    names = ("time", *question.by, *question.measures)
    is_truncated = groups is not None and groups.is_truncated
    return Table(names, rows, is_truncated, origin.coverage is not None)


def groups_of(table: Table, question: Question) -> list[Group]:
    """The dimensions of a table's rows, but those of the row of all others."""
    groups = [tuple(row[: len(question.by)]) for row in table.rows]
    return [group for group in groups if None not in group]


def rest_row(origin: Origin, groups: Sequence[Group]) -> tuple[Any, ...]:
    """All groups but these, as one."""
    (row,) = _rows(origin, rest_statement(origin, groups))
    return (*(None for _ in origin.question.by), *row)


def table_statement(origin: Origin, limit: int, within: Sequence[Group] | None = None) -> Statement:
    """The groups of a question, at most so many."""
    bindings = Bindings()
    columns = origin.question.columns(bindings)
    relation = origin.relation(bindings)
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


def rest_statement(origin: Origin, groups: Sequence[Group]) -> Statement:
    """One row of measures over all groups but these."""
    bindings = Bindings()
    columns = origin.question.columns(bindings)
    relation = origin.relation(bindings)
    named = _within([_text(dimension.sql) for dimension in columns.dimensions], groups, bindings)
    sql = (
        REST.replace("{columns}", _listed(_measures(relation, columns)))
        .replace("{relation}", relation.text)
        .replace("{conditions}", f"{_conditions(relation, columns)}\n    AND NOT {named}")
    )
    return Statement(sql, bindings)


def series_statement(origin: Origin, groups: Table | None) -> Statement:
    """Points of all groups, also of the intervals in which nothing happened."""
    question = origin.question
    step_ns = question.step_ns or 0
    first, last = _intervals(question.slice.window, step_ns)
    check_points(question, last - first)
    bindings = Bindings()
    columns = question.columns(bindings)
    relation = origin.relation(bindings)
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


def _with_rest(origin: Origin, groups: Table) -> Table:
    if not (origin.question.has_other and groups.is_truncated):
        return groups
    rest = rest_row(origin, groups_of(groups, origin.question))
    return replace(groups, rows=[*groups.rows, rest])


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
    return "\n    AND ".join([*relation.conditions, *relation.population(columns.measures)]) or "1"


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


def _rows(origin: Origin, statement: Statement) -> list[tuple[Any, ...]]:
    """The answer to a statement; null for numbers that JSON does not have."""
    rows = origin.source.query(statement.sql, statement.bindings).rows
    return [tuple(map(jsonable, row)) for row in rows]
