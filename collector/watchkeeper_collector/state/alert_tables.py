"""The tables of alerts as SQLAlchemy sees them."""

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text

from watchkeeper_collector.state.tables import METADATA, UtcDateTime

COUNTERS = Table(
    "alert_counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

INSTANCES = Table(
    "alert_instances",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    Column("rule_uid", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("annotations", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("active_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime),
    Column("resolved_at", UtcDateTime),
    Column("keep_firing_since", UtcDateTime),
    Column("last_sent_at", UtcDateTime),
    Column("value", Double),
    Column("figures", Text, nullable=False),
    Column("links", Text, nullable=False),
)

EVALUATIONS = Table(
    "alert_evaluations",
    METADATA,
    Column("rule_uid", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("interval_s", Double, nullable=False),
    Column("evaluated_at", UtcDateTime, nullable=False),
    Column("cost_s", Double, nullable=False),
    Column("problem", Text, nullable=False),
    Column("series", BigInteger, nullable=False),
    Column("series_without_data", BigInteger, nullable=False),
    Column("evaluations", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("missed", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
)

OUTBOX = Table(
    "alert_outbox",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("notice", Text, nullable=False),
)

EVENTS = Table(
    "alert_events",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("project", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("rule_uid", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("is_written", Integer, nullable=False),
    Column("event", Text, nullable=False),
)
