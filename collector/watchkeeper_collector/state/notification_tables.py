"""The tables of notifications as SQLAlchemy sees them."""

from sqlalchemy import Column, Double, ForeignKey, Integer, Table, Text

from watchkeeper_collector.state.tables import METADATA, UtcDateTime

NOTIFIED_ALERTS = Table(
    "notified_alerts",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("notice", Text, nullable=False),
)

GROUPS = Table(
    "notification_groups",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("flush_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("notification", Text, nullable=False),
)

ATTEMPTS = Table(
    "delivery_attempts",
    METADATA,
    Column("delivery", Text, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("problem", Text, nullable=False),
)

HEALTH = Table(
    "target_health",
    METADATA,
    Column("target", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    Column("problem", Text, nullable=False),
)

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("matchers", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    METADATA,
    Column("episode", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
)

RECEIVERS = Table(
    "receivers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("configuration", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

ROUTES = Table(
    "notification_routes",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)
