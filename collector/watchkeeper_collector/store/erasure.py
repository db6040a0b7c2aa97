"""Removing everything that belongs to one project."""

from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout

TABLES = """
    SELECT DISTINCT table
    FROM system.columns
    WHERE database = {database:String} AND name = 'Project' AND table IN (
        SELECT name FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree'))
    ORDER BY table"""


def erase_project(store: Store, layout: Layout, project: str) -> None:
    """Delete the project's rows from every table. Nobody sees them from then on; merges free the disk."""
    for (table,) in store.query(TABLES, {"database": layout.database}).rows:
        name = f"{layout.database}.{table} {layout.on_cluster}".rstrip()
        store.command(f"DELETE FROM {name} WHERE Project = {{project:String}}", {"project": project})
