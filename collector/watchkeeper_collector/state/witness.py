"""Sees which rows a transaction changes while somebody does something: the audit's before and after.

It hangs on the engine: repositories need to do nothing for it. Statements written as text are run unseen;
what was asked for then stands in the entry alone.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Insert, Table, Update, and_, event, or_, select

from watchkeeper_collector.state.deeds import CURRENT, Change, Rows

MOST_ROWS = 20
UNSEEN = frozenset({"audit_entries", "audit_heads", "leases", "schema_migrations"})


def attend(engine: Engine) -> None:
    """Have every change on the engine seen, where somebody does something."""
    event.listen(engine, "before_execute", _see_before)
    event.listen(engine, "after_execute", _see_after)


def _see_before(connection: Connection, statement: Any, many: Any, parameters: Any, options: Any) -> None:
    del many, parameters, options
    deed, table = CURRENT.get(), _table_of(statement)
    if deed is None or table is None:
        return
    before = [] if isinstance(statement, Insert) else _rows(connection, table, statement.whereclause)
    deed.changes.append(Change(table.name, before, []))


def begin() -> None:
    """What a transaction saw that was undone is forgotten."""
    deed = CURRENT.get()
    if deed is not None:
        deed.changes = []


def _see_after(connection: Connection, statement: Any, *given_and_result: Any) -> None:
    many, parameters, *_ = given_and_result
    deed, table = CURRENT.get(), _table_of(statement)
    if deed is None or table is None or not deed.changes:
        return
    change = deed.changes[-1]
    if isinstance(statement, Insert):
        given = many or ([parameters] if parameters else [])
        change.after = [dict(row) for row in given[:MOST_ROWS]] or [_values(statement)]
    elif isinstance(statement, Update) and change.before:
        change.after = _rows(connection, table, _same_rows(table, change.before))
    if change.before == change.after:
        deed.changes.pop()


def _table_of(statement: Any) -> Table | None:
    """The table that a statement changes, if it is one that the audit tells of."""
    if not isinstance(statement, Insert | Update | Delete):
        return None
    table = statement.table
    return table if isinstance(table, Table) and table.name not in UNSEEN else None


def _rows(connection: Connection, table: Table, condition: Any) -> Rows:
    query = select(table).limit(MOST_ROWS)
    if condition is not None:
        query = query.where(condition)
    return [dict(row) for row in connection.execute(query).mappings()]


def _same_rows(table: Table, rows: Rows) -> Any:
    keys = list(table.primary_key.columns)
    return or_(*(and_(*(key == row[key.name] for key in keys)) for row in rows))


def _values(statement: Insert) -> dict[str, Any]:
    found: Mapping[str, Any] = statement.compile().params
    return dict(found)
