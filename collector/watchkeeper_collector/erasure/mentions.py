"""What is left after the subject's own rows are gone: other rows in which the id stands."""

from collections.abc import Sequence

from watchkeeper_collector.erasure.subject import Report
from watchkeeper_collector.erasure.tables import Column, ErasureTables, Table
from watchkeeper_collector.erasure.targets import NAMED

INSTEAD = "'[erased]'"
NOBODYS = frozenset({"Project", "RetentionClass", "TraceId", "SegmentId"})
"""Texts that hold nothing of people's."""


def edit_mentions(tables: ErasureTables, about: dict[str, object], report: Report) -> None:
    """Put ``[erased]`` in place of the id in every text; rows that are sorted by one go as a whole.

    This reads every text of the project: minutes for tens of gigabytes.
    """
    for table in tables.tables():
        found = _mentioning(tables, table, about)
        keys, plain = [one for one in found if one.is_key], [one for one in found if not one.is_key]
        if keys and (count := _count(tables, table, keys, about)):
            tables.alter(table.name, f"DELETE {_where(keys)}", about)
            report.removed(table.name, count)
        if plain and (count := _count(tables, table, plain, about)):
            changes = ", ".join(f"{one.sql} = {one.replaced(NAMED, INSTEAD)}" for one in plain)
            tables.alter(table.name, f"UPDATE {changes} {_where(plain)}", about)
            report.edited(table.name, count)


def _mentioning(tables: ErasureTables, table: Table, about: dict[str, object]) -> list[Column]:
    """The columns that have the id somewhere. A change of all columns would take the engine long to plan."""
    texts = [one for one in table.columns.values() if one.has_text and one.name not in NOBODYS]
    counts = ", ".join(f"countIf({one.found(NAMED)})" for one in texts)
    statement = f"SELECT {counts} FROM {{database}}.{table.name} WHERE Project = {{project:String}}"
    [row] = tables.query(statement, about) if texts else [()]
    return [one for one, count in zip(texts, row, strict=True) if count]


def _count(tables: ErasureTables, table: Table, columns: Sequence[Column], about: dict[str, object]) -> int:
    statement = f"SELECT count() FROM {{database}}.{table.name} {_where(columns)}"
    return int(tables.query(statement, about)[0][0])


def _where(columns: Sequence[Column]) -> str:
    return f"WHERE Project = {{project:String}} AND ({' OR '.join(one.found(NAMED) for one in columns)})"
