"""The state store as lines of JSON, from SQLite and PostgreSQL alike, and back into either."""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from watchkeeper_collector.errors import InvalidBackupError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.migration import load_migrations, migrate
from watchkeeper_collector.state.tables import APPLIED_MIGRATIONS, METADATA

LEFT_OUT = frozenset({"collectors", "leases", APPLIED_MIGRATIONS.name})
"""Who runs, and what the migrations write."""
ROWS_AT_ONCE = 500


def write_state(database: Database, path: Path) -> tuple[int, ...]:
    """Write every row, as one transaction sees them; returns the numbers of the applied migrations."""
    with database.read() as connection, path.open("w", encoding="utf-8") as file:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        applied = connection.execute(select(APPLIED_MIGRATIONS.c.number).order_by("number")).scalars().all()
        for table in _tables():
            for row in connection.execute(select(table)).mappings():
                values = {name: _written(value) for name, value in row.items()}
                file.write(json.dumps([table.name, values]) + "\n")
        return tuple(applied)


def load_state(database: Database, path: Path, migrations: Sequence[int]) -> int:
    """Fill an empty store, first by the schema of then, which is brought up to date after; how many rows.

    Raises ``InvalidBackupError`` where it is not empty, or the backup is of a newer version.
    """
    known = {migration.number: migration for migration in load_migrations()}
    if unknown := set(migrations) - known.keys():
        raise InvalidBackupError(
            f"The backup's state store has migration {max(unknown)}, which this version does not know."
            " A newer version wrote it: upgrade to restore it."
        )
    migrate(database, [known[number] for number in migrations])
    with database.write() as connection:
        _check_empty(connection)
        for table in reversed(_tables()):  # what migrations wrote
            connection.execute(delete(table))
        rows = 0
        for name, values in _lines(path):
            connection.execute(insert(METADATA.tables[name]), values)
            rows += len(values)
    migrate(database)
    return rows


def _tables() -> list[Table]:
    return [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT]


def _check_empty(connection: Connection) -> None:
    for name in ("projects", "api_keys"):
        if connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one():
            raise InvalidBackupError(
                "The state store has projects or keys already. Restore into an empty one: another data"
                " folder, or another database."
            )


def _lines(path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of one table at a time, some hundred at once, in the order in which they depend on each other."""
    rows: list[dict[str, Any]] = []
    last = ""
    for line in path.read_text("utf-8").splitlines():
        name, values = json.loads(line)
        if rows and (name != last or len(rows) >= ROWS_AT_ONCE):
            yield last, rows
            rows = []
        last = name
        rows.append({key: _read(value) for key, value in values.items()})
    if rows:
        yield last, rows


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _read(value: Any) -> Any:
    match value:
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case {"bytes": str(text)}:
            return base64.b64decode(text)
        case _:
            return value
