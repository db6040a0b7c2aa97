"""What people who run an application keep: budgets, saved views, comments, resolutions of errors."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, text

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import ERROR_RESOLUTIONS, UtcDateTime

RESOLVE = text(
    """
    INSERT INTO error_resolutions (project, fingerprint, resolved_at, resolved_by)
    VALUES (:project, :fingerprint, :resolved_at, :resolved_by)
    ON CONFLICT (project, fingerprint)
    DO UPDATE SET resolved_at = excluded.resolved_at, resolved_by = excluded.resolved_by
    """
).bindparams(bindparam("resolved_at", type_=UtcDateTime))


@dataclass(frozen=True, slots=True)
class Budget:
    """What the spans that a filter keeps may cost in a period: ``day``, ``week`` or ``month`` of a zone."""

    id: str
    project: str
    name: str
    filter: str
    period: str
    time_zone: str
    limit_usd: float
    created_at: datetime
    updated_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class View:
    """A page of the dashboard with the parameters of its URL, under a name."""

    id: str
    project: str
    page: str
    name: str
    query: str
    created_at: datetime
    updated_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody noted at a trace, or at one of its spans (``span_id`` is empty: at the trace)."""

    id: str
    project: str
    trace_id: str
    span_id: str
    author: str
    text: str
    created_at: datetime
    updated_at: datetime
    created_by: str


class Resolutions:
    """Which groups of errors were declared resolved, and when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, project: str) -> dict[str, datetime]:
        """When each was resolved, by fingerprint."""
        table = ERROR_RESOLUTIONS.c
        query = select(table.fingerprint, table.resolved_at).where(table.project == project)
        with self._database.read() as connection:
            return {row.fingerprint: row.resolved_at for row in connection.execute(query)}

    def resolve(self, project: str, fingerprint: str, resolved_by: str) -> datetime:
        with self._database.write() as connection:
            now = self._database.now(connection)
            values = {"project": project, "fingerprint": fingerprint}
            connection.execute(RESOLVE, {**values, "resolved_at": now, "resolved_by": resolved_by})
        return now

    def reopen(self, project: str, fingerprint: str) -> None:
        """Raises ``NotFoundError`` for what was not resolved."""
        table = ERROR_RESOLUTIONS.c
        mine = (table.project == project) & (table.fingerprint == fingerprint)
        with self._database.write() as connection:
            removed = connection.execute(delete(ERROR_RESOLUTIONS).where(mine)).rowcount
        if not removed:
            raise NotFoundError(f"The error group '{fingerprint[:64]}' is not resolved.")
