"""Alert rules that people made through the API."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, Table, Text, func, select

from watchkeeper_collector.errors import ConflictError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.records import Records
from watchkeeper_collector.state.tables import METADATA, UtcDateTime

MOST_RULES = 500
"""Of one project."""

ALERT_RULES = Table(
    "alert_rules",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("is_paused", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredRule:
    """``document`` is JSON, as a rule of a rule file; ``is_paused`` is 0 or 1."""

    id: str
    project: str
    name: str
    document: str
    is_paused: int
    created_at: datetime
    updated_at: datetime
    created_by: str


class Rules(Records[StoredRule]):
    """The rules of all projects."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, ALERT_RULES, StoredRule, noun="rule")

    def all(self) -> list[StoredRule]:
        """Of every project, oldest first."""
        query = select(ALERT_RULES).order_by(ALERT_RULES.c.created_at, ALERT_RULES.c.id)
        with self._database.read() as connection:
            return [StoredRule(**row) for row in connection.execute(query).mappings()]

    def check_room(self, project: str) -> None:
        """Raises ``ConflictError`` where a project has as many rules as it may."""
        query = select(func.count()).select_from(ALERT_RULES).where(ALERT_RULES.c.project == project)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one()
        if found >= MOST_RULES:
            raise ConflictError(f"The project has {found} alert rules, and no more fit. Remove some first.")
