"""A store with the project's tables, in a database of its own.

with closing(migrated(engine_dsn, Layout("my_tests"))) as store:
    ...
    drop(store, Layout("my_tests"))

`python -m tests.storage` writes the schema of a fresh store to `tests/data/snapshots/schema.sql`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate
from watchkeeper_collector.store.schema import Migration, load_migrations

SNAPSHOT = Path(__file__).parent / "data" / "snapshots" / "schema.sql"
KEPT_DAYS = 20_000
"""Rows of this year stay, whatever the year that the tests run in."""


def kept(database: str) -> Layout:
    """A layout under which nothing expires."""
    return Layout(
        database,
        content_retention_days=KEPT_DAYS,
        span_retention_days=KEPT_DAYS,
        aggregate_retention_days=KEPT_DAYS,
    )


def migrated(dsn: str, layout: Layout, only: Sequence[str] = ()) -> Store:
    """Open a store and make its tables; with ``only``, those of some migrations, which takes less time.

    They have the columns that later migrations give them.
    """
    store = Store(dsn)
    make_tables(store, layout, only)
    return store


def make_tables(store: Store, layout: Layout, only: Sequence[str] = ()) -> None:
    if not only:
        migrate(store, layout)
        return
    store.command(f"CREATE DATABASE IF NOT EXISTS {layout.database}")
    wanted = [migration for migration in load_migrations() if migration.name in only]
    others = [migration for migration in load_migrations() if migration.name not in only]
    for migration in wanted:
        for statement in migration.tables(layout):
            store.command(statement)
    for statement in changes(store, layout, others):
        store.command(statement)
    for migration in wanted:
        for view in migration.views(layout):
            store.command(view.made_by)


def changes(store: Store, layout: Layout, migrations: Sequence[Migration]) -> Iterator[str]:
    """What these files change of the tables that there are."""
    sql = "SELECT name FROM system.tables WHERE database = {database:String}"
    names = {name for (name,) in store.query(sql, {"database": layout.database}).rows}
    for statement in (one for migration in migrations for one in migration.tables(layout)):
        altered = re.match(rf"ALTER TABLE {layout.database}\.(\w+)", statement)
        if altered and altered[1] in names:
            yield statement


def forgo_fsync(store: Store, database: str, tables: Iterable[str]) -> None:
    """Tests don't outlive a power cut, and write hundreds of small parts of many columns, a file each."""
    for table in tables:
        settings = "fsync_after_insert = 0, fsync_part_directory = 0"
        store.command(f"ALTER TABLE {database}.{table} MODIFY SETTING {settings}")


def drop(store: Store, layout: Layout) -> None:
    store.command(f"DROP DATABASE IF EXISTS {layout.database}")


def dump_schema(store: Store, database: str) -> str:
    """Every table and view, as the engine says that it is."""
    sql = "SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name"
    names = [name for (name,) in store.query(sql, {"database": database}).rows]
    created = (store.query(f"SHOW CREATE TABLE {database}.{name}").rows[0][0] for name in names)
    return "\n\n".join(f"{statement};" for statement in created) + "\n"


def write_snapshot() -> None:
    with TemporaryDirectory() as folder, closing(migrated(f"chdb://{folder}", Layout())) as store:
        SNAPSHOT.write_text(dump_schema(store, "watchkeeper"), "utf-8")


if __name__ == "__main__":
    write_snapshot()
