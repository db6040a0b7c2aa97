"""Deleting rows of hours that were built again, and of builds that never came to count."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.rollup.tables import MOST_KEYS, RollupTables

KEPT_S = 600
"""A question that began with the old rows has so long to end."""

CURRENT = "SELECT Project, Hour, max(BuiltAt) FROM {database}.rollup_hours GROUP BY Project, Hour"

OUTDATED = f"""
SELECT Project, toUnixTimestamp(Hour), toUnixTimestamp64Micro(BuiltAt)
FROM {{database}}.{{table}}
WHERE BuiltAt < now64(6) - INTERVAL {KEPT_S} SECOND
    AND (Project, Hour, BuiltAt) NOT IN ({CURRENT})
GROUP BY Project, Hour, BuiltAt
LIMIT 100000
"""

DELETE = """
DELETE FROM {database}.{table} {on_cluster}
WHERE (Project, toUnixTimestamp(Hour), toUnixTimestamp64Micro(BuiltAt))
    IN arrayZip({projects:Array(String)}, {hours:Array(UInt32)}, {built_us:Array(Int64)})
"""


def delete_outdated(tables: RollupTables) -> int:
    """Delete what no question looks at; of how many builds."""
    deleted = 0
    for table in ("rollup_1h", "rollup_hours"):
        found = tables.query(OUTDATED.replace("{table}", table))
        for start in range(0, len(found), MOST_KEYS):
            _delete(tables, table, found[start : start + MOST_KEYS])
        deleted += len(found)
    return deleted


def _delete(tables: RollupTables, table: str, builds: Sequence[Sequence[Any]]) -> None:
    projects, hours, built_us = (list(column) for column in zip(*builds, strict=True))
    lists = {"projects": projects, "hours": hours, "built_us": built_us}
    tables.command(DELETE.replace("{table}", table), lists)
