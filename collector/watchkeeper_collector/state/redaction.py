"""Redaction policies of projects, every version of them, and the secret of their hashes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, Table, Text, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import METADATA, UtcDateTime

REDACTION_POLICIES = Table(
    "redaction_policies",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)
REDACTION_SECRETS = Table(
    "redaction_secrets",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)
MAKE_SECRET = text(
    "INSERT INTO redaction_secrets (name, secret) VALUES ('hash', :secret) ON CONFLICT (name) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """``document`` is empty where the policy was taken back."""

    project: str
    version: int
    document: str
    created_at: datetime
    created_by: str


class RedactionPolicies:
    """The policies of one state store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def versions(self) -> Mapping[str, int]:
        """The newest version of each project that ever had a policy."""
        table = REDACTION_POLICIES.c
        query = select(table.project, func.max(table.version).label("newest")).group_by(table.project)
        with self._database.read() as connection:
            return {row.project: row.newest for row in connection.execute(query)}

    def document(self, project: str, version: int) -> str:
        return self.get(project, version).document

    def get(self, project: str, version: int) -> PolicyVersion:
        """Raises ``NotFoundError``."""
        table = REDACTION_POLICIES.c
        query = select(REDACTION_POLICIES).where(table.project == project, table.version == version)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError(f"There is no version {version} of a redaction policy in this project.")
        return PolicyVersion(**row)

    def newest(self, project: str) -> PolicyVersion | None:
        found = self.list(project, limit=1)
        return found[0] if found else None

    def list(self, project: str, *, limit: int, before: int | None = None) -> list[PolicyVersion]:
        """Versions, newest first."""
        table = REDACTION_POLICIES.c
        query = select(REDACTION_POLICIES).where(table.project == project)
        if before is not None:
            query = query.where(table.version < before)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.version.desc()).limit(limit)).mappings()
            return [PolicyVersion(**row) for row in rows]

    def add(self, project: str, document: str, created_by: str) -> PolicyVersion:
        """Put a document into force. Raises ``ConflictError`` where another one came in between."""
        try:
            with self._database.write() as connection:
                table = REDACTION_POLICIES.c
                query = select(func.coalesce(func.max(table.version), 0)).where(table.project == project)
                version = connection.execute(query).scalar_one() + 1
                added = PolicyVersion(project, version, document, self._database.now(connection), created_by)
                values = {column.name: getattr(added, column.name) for column in table}
                connection.execute(insert(REDACTION_POLICIES).values(**values))
        except IntegrityError:
            raise ConflictError("Somebody else changed the redaction policy at this moment.") from None
        return added

    def secret(self) -> str:
        """The secret of hashes, which is made at the first time."""
        with self._database.write() as connection:
            connection.execute(MAKE_SECRET, {"secret": secrets.token_hex(32)})
            secret: str = connection.execute(select(REDACTION_SECRETS.c.secret)).scalar_one()
        return secret
