"""How long projects keep what is theirs, where it is not as long as the settings say."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, Table, Text, func, insert, select, update

from watchkeeper_collector.errors import ConflictError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import METADATA, UtcDateTime

PROJECT_RETENTION = Table(
    "project_retention",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("content_days", Integer),
    Column("span_days", Integer),
    Column("log_days", Integer),
    Column("shortest_span_days", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", Text, nullable=False),
)
OWN = PROJECT_RETENTION.c.span_days.is_not(None)
MOST_PROJECTS = 200
"""Each has partitions of its own, one a day and table: more would cost every insert and every start."""


@dataclass(frozen=True, slots=True)
class Days:
    """That prompts and answers, spans, and logs with metrics are kept."""

    content_days: int
    span_days: int
    log_days: int


@dataclass(frozen=True, slots=True)
class ProjectRetention:
    """``days`` is nothing where the project keeps what is its own as long as the settings say, again."""

    project: str
    days: Days | None
    shortest_span_days: int
    updated_at: datetime
    updated_by: str


class Retentions:
    """The retentions of one state store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[ProjectRetention]:
        """Of all projects that have, or had, one of their own."""
        query = select(PROJECT_RETENTION).order_by(PROJECT_RETENTION.c.project)
        with self._database.read() as connection:
            return [
                ProjectRetention(
                    row.project,
                    None if row.span_days is None else Days(row.content_days, row.span_days, row.log_days),
                    row.shortest_span_days,
                    row.updated_at,
                    row.updated_by,
                )
                for row in connection.execute(query)
            ]

    def get(self, project: str) -> ProjectRetention | None:
        return next((one for one in self.list() if one.project == project), None)

    def set(self, project: str, updated_by: str, days: Days) -> None:
        """Raises ``ConflictError`` where too many projects have a retention of their own."""
        table = PROJECT_RETENTION.c
        with self._database.write() as connection:
            others = select(func.count()).select_from(PROJECT_RETENTION).where(OWN, table.project != project)
            if connection.execute(others).scalar_one() >= MOST_PROJECTS:
                raise ConflictError(
                    f"{MOST_PROJECTS} projects have a retention of their own, which is as many as may."
                    " Take one back first (`watchkeeper retention reset`)."
                )
            query = select(table.shortest_span_days).where(table.project == project)
            before = connection.execute(query).scalar_one_or_none()
            facts = {
                "content_days": days.content_days,
                "span_days": days.span_days,
                "log_days": days.log_days,
                "shortest_span_days": min(days.span_days, before or days.span_days),
                "updated_at": self._database.now(connection),
                "updated_by": updated_by,
            }
            if before is None:
                connection.execute(insert(PROJECT_RETENTION).values(project=project, **facts))
            else:
                connection.execute(update(PROJECT_RETENTION).where(table.project == project).values(**facts))

    def reset(self, project: str, updated_by: str) -> None:
        """Keep as long as the settings say."""
        nothing = {"content_days": None, "span_days": None, "log_days": None}
        with self._database.write() as connection:
            facts = {**nothing, "updated_at": self._database.now(connection), "updated_by": updated_by}
            mine = PROJECT_RETENTION.c.project == project
            connection.execute(update(PROJECT_RETENTION).where(mine, OWN).values(**facts))
