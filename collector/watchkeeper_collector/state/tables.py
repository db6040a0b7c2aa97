"""The tables as SQLAlchemy sees them. The migrations make them; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Dialect, Double, ForeignKey, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

METADATA = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time. SQLite keeps no zone: its text is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The time '{value}' has no zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


APPLIED_MIGRATIONS = Table(
    "schema_migrations",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("spans_per_s", Double),
    Column("bytes_per_s", Double),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

ERROR_RESOLUTIONS = Table(
    "error_resolutions",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("resolved_at", UtcDateTime, nullable=False),
    Column("resolved_by", Text, nullable=False),
)

BUDGETS = Table(
    "budgets",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("limit_usd", Double, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

VIEWS = Table(
    "views",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

COMMENTS = Table(
    "comments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)
