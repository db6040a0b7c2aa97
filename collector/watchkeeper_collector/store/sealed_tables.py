"""Bringing tables that were made without keys onto the encrypted disk of the embedded engine."""

from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.embedded_engine import SEALED
from watchkeeper_collector.store.layout import Layout

PLAIN_TABLES = """
SELECT name
FROM system.tables
WHERE database = {database:String} AND endsWith(engine, 'MergeTree') AND storage_policy != {sealed:String}
ORDER BY name"""
PLAIN_PARTS = """
SELECT table, name
FROM system.parts
WHERE database = {database:String} AND active AND disk_name != {sealed:String}
    AND table IN (SELECT name FROM system.tables
        WHERE database = {database:String} AND storage_policy = {sealed:String})
ORDER BY table, name"""


def seal_tables(store: Store, layout: Layout) -> int:
    """Move what lies in plain files; returns how many parts. The plain files go within a minute or two.

    An attempt that was interrupted goes on with the next one. Only where the engine has keys.
    """
    about = {"database": layout.database, "sealed": SEALED}
    for (table,) in store.query(PLAIN_TABLES, about).rows:
        store.command(f"ALTER TABLE {layout.database}.{table} MODIFY SETTING storage_policy = '{SEALED}'")
    moved = 0
    for table, part in store.query(PLAIN_PARTS, about).rows:
        store.command(f"ALTER TABLE {layout.database}.{table} MOVE PART '{part}' TO DISK '{SEALED}'")
        moved += 1
    return moved
