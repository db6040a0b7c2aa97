"""The tables of the audit, as SQLAlchemy sees them."""

from sqlalchemy import BigInteger, Column, Table, Text

from watchkeeper_collector.state.tables import METADATA, UtcDateTime

AUDIT_ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

AUDIT_HEADS = Table(
    "audit_heads",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
