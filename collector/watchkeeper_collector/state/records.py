"""What people keep for a project: rows with an id, made, changed and removed one by one."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, and_, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.database import Database

R = TypeVar("R")
After = tuple[datetime, str]
"""Where a page of records ended: when the last one was made, and its id."""


class Records(Generic[R]):
    """One table's rows. ``noun`` is what they are called in errors, ``name`` the column that is unique.

    Another project's rows are not there: every question names the project.
    """

    def __init__(
        self, database: Database, table: Table, build: Callable[..., R], *, noun: str, name: str = "name"
    ) -> None:
        self._database = database
        self._table = table
        self._build = build
        self._noun = noun
        self._name = name

    def list(
        self, project: str, equal: Mapping[str, str] | None = None, *, limit: int, after: After | None = None
    ) -> list[R]:
        """Rows whose columns have these values, oldest first."""
        columns = self._table.c
        wanted = [
            columns.project == project,
            *(columns[key] == value for key, value in (equal or {}).items()),
        ]
        if after is not None:
            wanted.append(tuple_(columns.created_at, columns.id) > tuple_(*after))
        query = select(self._table).where(and_(*wanted)).order_by(columns.created_at, columns.id).limit(limit)
        with self._database.read() as connection:
            return [self._build(**row) for row in connection.execute(query).mappings()]

    def get(self, project: str, record_id: str) -> R:
        """Raises ``NotFoundError``."""
        with self._database.read() as connection:
            query = select(self._table).where(self._mine(project, record_id))
            row = connection.execute(query).mappings().first()
        if row is None:
            raise self._unknown(record_id)
        return self._build(**row)

    def add(self, project: str, created_by: str, values: Mapping[str, Any]) -> R:
        """Raises ``ConflictError`` where the name is taken."""
        record_id = secrets.token_hex(8)
        try:
            with self._database.write() as connection:
                now = self._database.now(connection)
                facts = {"id": record_id, "project": project, "created_by": created_by}
                times = {"created_at": now, "updated_at": now}
                connection.execute(insert(self._table).values(**values, **facts, **times))
        except IntegrityError:
            raise self._taken(values) from None
        return self.get(project, record_id)

    def replace(self, project: str, record_id: str, values: Mapping[str, Any]) -> R:
        """Raises ``NotFoundError``, and ``ConflictError`` where the name is another's."""
        try:
            with self._database.write() as connection:
                changed = update(self._table).where(self._mine(project, record_id))
                now = self._database.now(connection)
                found = connection.execute(changed.values(**values, updated_at=now)).rowcount
        except IntegrityError:
            raise self._taken(values) from None
        if not found:
            raise self._unknown(record_id)
        return self.get(project, record_id)

    def remove(self, project: str, record_id: str) -> None:
        """Raises ``NotFoundError``."""
        with self._database.write() as connection:
            removed = connection.execute(delete(self._table).where(self._mine(project, record_id))).rowcount
        if not removed:
            raise self._unknown(record_id)

    def _mine(self, project: str, record_id: str) -> ColumnElement[bool]:
        return and_(self._table.c.project == project, self._table.c.id == record_id)

    def _unknown(self, record_id: str) -> NotFoundError:
        return NotFoundError(f"There is no {self._noun} '{record_id[:64]}' in this project.")

    def _taken(self, values: Mapping[str, Any]) -> ConflictError:
        name = values.get(self._name, "")
        return ConflictError(
            f"There is a {self._noun} '{name}' already. Change that one, or take another name."
        )
