"""What expires: whole days at once, and what a project shortened its retention for after it was stored.

The engine's own TTL gets there too, by merging, some hours later. Here partitions whose day is over are
dropped at once, and rows that came before their project had a retention of its own are deleted by its days.
Nothing here makes rows stay: those that came before keep to the days that they came with, where these are
fewer.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import STANDARD, Kept, Layout

KINDS = {
    "span_content": "content",
    "log_features": "content",
    "spans": "spans",
    "otel_logs": "logs",
    **{
        f"otel_metrics_{kind}": "logs"
        for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary")
    },
}
"""Tables whose rows have a class and a day, and which days they are kept for."""
PARTITIONS = """
SELECT DISTINCT partition, partition_id
FROM {parts}
WHERE database = {database:String} AND table = {table:String} AND active AND NOT startsWith(name, 'patch-')"""
OVERDUE = """
WHERE Project = {project:String} AND RetentionClass != {class:String} AND EventDay < {first:Date}"""
SIZES = """
SELECT held.class, held.rows, held.first, whole.bytes * held.rows / whole.all_rows
FROM
(
    SELECT toString(RetentionClass) AS class, count() AS rows, min(EventDay) AS first
    FROM {database}.{table}
    WHERE Project = {project:String}
    GROUP BY class
) AS held
INNER JOIN
(
    SELECT
        extract(partition, '^\\\\(\\'([^\\']*)') AS class,
        sum(bytes_on_disk) AS bytes,
        sum(rows) AS all_rows
    FROM {parts}
    WHERE database = {name:String} AND table = {local:String} AND active AND rows > 0
    GROUP BY class
) AS whole ON held.class = whole.class
ORDER BY held.class"""


@dataclass(frozen=True, slots=True)
class Size:
    """What a table holds of a project in one class. Where others' rows are in it, the bytes are its share."""

    table: str
    kind: str
    retention_class: str
    rows: int
    bytes_on_disk: int
    first_day: date


def kept_days(layout: Layout, kind: str, kept: Kept | None) -> int:
    """Days that rows of a kind are kept; without a retention of the project's own, by the settings."""
    if kept is None:
        return layout.content_retention_days if kind == "content" else layout.span_retention_days
    return {"content": kept.content_days, "spans": kept.span_days, "logs": kept.log_days}[kind]


def drop_expired(store: Store, layout: Layout, today: date) -> int:
    """Drop partitions whose whole day is over; returns how many."""
    by_class: dict[str, Kept | None] = {one.retention_class: one for one in layout.projects}
    dropped = 0
    for table, kind in KINDS.items():
        for retention_class, day, partition_id in _partitions(store, layout, table):
            days = kept_days(layout, kind, by_class.get(retention_class))
            if day + timedelta(days=days) <= today:
                name = f"{layout.local(table)} {layout.on_cluster}".rstrip()
                store.command(f"ALTER TABLE {name} DROP PARTITION ID '{partition_id}'")
                dropped += 1
    return dropped


def _partitions(store: Store, layout: Layout, table: str) -> Iterator[tuple[str, date, str]]:
    about = {"database": layout.database, "table": layout.local(table).rpartition(".")[2]}
    for partition, partition_id in store.query(_fill(PARTITIONS, layout, table), about).rows:
        retention_class, day = ast.literal_eval(partition)
        yield retention_class, date.fromisoformat(day), partition_id


def delete_overdue(store: Store, layout: Layout, today: date) -> int:
    """Delete what projects keep shorter now than when it was stored; returns how many rows."""
    deleted = 0
    for kept in layout.projects:
        for table, kind in KINDS.items():
            first = today - timedelta(days=kept_days(layout, kind, kept) - 1)
            about = {"project": kept.project, "class": kept.retention_class, "first": first}
            counted = f"SELECT count() FROM {layout.database}.{table} {OVERDUE}"
            if rows := store.query(counted, about).rows[0][0]:
                name = f"{layout.local(table)} {layout.on_cluster}".rstrip()
                store.command(f"ALTER TABLE {name} DELETE {OVERDUE}", about)
                deleted += rows
    return deleted


def measure(store: Store, layout: Layout, project: str) -> list[Size]:
    """What a project's rows take up, table by table."""
    found = []
    for table, kind in KINDS.items():
        about = {
            "project": project,
            "name": layout.database,
            "local": layout.local(table).rpartition(".")[2],
        }
        for retention_class, rows, first, size_bytes in store.query(_fill(SIZES, layout, table), about).rows:
            found.append(Size(table, kind, retention_class or STANDARD, rows, round(size_bytes), first))
    return found


def _fill(statement: str, layout: Layout, table: str) -> str:
    parts = f"clusterAllReplicas('{layout.cluster}', system.parts)" if layout.cluster else "system.parts"
    return (
        statement.replace("{database}", layout.database).replace("{table}", table).replace("{parts}", parts)
    )
