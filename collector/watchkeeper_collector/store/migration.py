"""Brings a store's schema to this version: forward only, each file once, under the caller's lock."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.schema import Changeable, Migration, load_migrations

MIGRATIONS_TABLE = """
CREATE TABLE IF NOT EXISTS {database}.schema_migrations {on_cluster}
(
    Number UInt32,
    Name String,
    Checksum String,
    AppliedAt DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:everywhere}
ORDER BY Number
"""
CHANGEABLES_TABLE = """
CREATE TABLE IF NOT EXISTS {database}.schema_changeables {on_cluster}
(
    Name String,
    Checksum String,
    ChangedAt DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = {engine:everywhere}
ORDER BY Name
"""
APPLIED = "SELECT Number, any(Name), any(Checksum) FROM {database}.schema_migrations GROUP BY Number"
CURRENT = "SELECT Name, argMax(Checksum, ChangedAt) FROM {database}.schema_changeables GROUP BY Name"

COLUMNS = "-- its columns, as its query gives them then"

Report = Callable[[str], None]


@dataclass(slots=True)
class Plan:
    """What a migration would do: files to apply, then what to change in place, then views to make."""

    pending: list[Migration] = field(default_factory=list)
    changes: list[Changeable] = field(default_factory=list)
    views: list[Changeable] = field(default_factory=list)

    def statements(self, layout: Layout) -> list[str]:
        """The SQL, for people to see: without the password."""
        applied = [one for migration in self.pending for one in migration.tables(layout.shown)]
        wanted = [one for migration in load_migrations() for one in migration.changeables(layout.shown)]
        views, names = {one.name for one in self.views}, {one.name for one in self.changes}
        made = [one.made_by for one in wanted if one.name in views]
        changes = (f"{one.change} {COLUMNS if one.columns_of else ''}" for one in wanted if one.name in names)
        return [*applied, *(change.rstrip() for change in changes), *made]


def migrate(
    store: Store,
    layout: Layout | None = None,
    *,
    lock: AbstractContextManager[object] | None = None,
    report: Report = lambda _: None,
) -> list[str]:
    """Apply what is missing and return what was applied or changed.

    Several collectors may start at once: ``lock`` lets one of them do it. A file that was interrupted is
    run again. Raises ``ConfigurationError`` where a newer version wrote the store, or an applied file was
    changed afterwards; ``StoreUnavailableError`` while the store is away.
    """
    layout = layout or Layout()
    with lock or nullcontext():
        store.command(f"CREATE DATABASE IF NOT EXISTS {layout.database} {layout.on_cluster}".rstrip())
        store.command(layout.fill(MIGRATIONS_TABLE))
        store.command(layout.fill(CHANGEABLES_TABLE))
        plan = build_plan(store, layout)
        for migration in plan.pending:
            _apply(store, layout, migration, report)
        for change in plan.changes:
            report(change.name)
            store.command(_complete(store, change))
            _record_changeables(store, layout, [change])
        for view in plan.views:
            store.command(view.made_by)
            _record_changeables(store, layout, [view])
    return [migration.label for migration in plan.pending] + [change.name for change in plan.changes]


def build_plan(store: Store, layout: Layout) -> Plan:
    """What the store lacks. Its database may be missing altogether."""
    known = {migration.number: migration for migration in load_migrations()}
    applied = _read_applied(store, layout)
    _check_applied(applied, known)
    pending = [migration for number, migration in sorted(known.items()) if number not in applied]
    current = _read_current(store, layout) if applied else {}
    ordered = [known[number] for number in sorted(known)]
    views = (one for migration in ordered for one in migration.views(layout))
    wanted = [one for m in ordered if m.number in applied for one in m.changeables(layout)]
    missing = [one for one in views if one.name not in current]
    changes = [one for one in wanted if current.get(one.name) != one.checksum and one not in missing]
    return Plan(pending, changes, missing)


def schema_version(store: Store, layout: Layout | None = None) -> int:
    """The number of the newest migration that was applied; 0: none."""
    return max(_read_applied(store, layout or Layout()), default=0)


def _apply(store: Store, layout: Layout, migration: Migration, report: Report) -> None:
    report(migration.label)
    for statement in migration.tables(layout):
        store.command(statement)
    as_today = (one for one in migration.changeables(layout) if not one.made_by)
    _record_changeables(store, layout, as_today)
    row = (migration.number, migration.name, migration.checksum)
    store.insert("schema_migrations", ("Number", "Name", "Checksum"), [row], database=layout.database)


def _complete(store: Store, change: Changeable) -> str:
    """The statement, with the columns that it lacks."""
    if not change.columns_of:
        return change.change
    columns = store.query(f"DESCRIBE TABLE ({change.columns_of})").rows
    added = (f"ADD COLUMN IF NOT EXISTS `{name}` {kind}" for name, kind, *_ in columns)
    changed = (f"MODIFY COLUMN `{name}` {kind}" for name, kind, *_ in columns)
    return f"{change.change} {', '.join([*added, *changed])}"


def _record_changeables(store: Store, layout: Layout, changed: Iterable[Changeable]) -> None:
    if rows := [(one.name, one.checksum) for one in changed]:
        store.insert("schema_changeables", ("Name", "Checksum"), rows, database=layout.database)


def _read_applied(store: Store, layout: Layout) -> dict[int, tuple[str, str]]:
    if not _exists(store, layout, "schema_migrations"):
        return {}
    rows = store.query(layout.fill(APPLIED)).rows
    return {number: (name, checksum) for number, name, checksum in rows}


def _read_current(store: Store, layout: Layout) -> dict[str, str]:
    rows = store.query(layout.fill(CURRENT)).rows if _exists(store, layout, "schema_changeables") else []
    return {str(name): str(checksum) for name, checksum in rows}


def _exists(store: Store, layout: Layout, table: str) -> bool:
    """Whether there is such a table; a missing database has none."""
    found = store.query(
        "SELECT count() FROM system.tables WHERE database = {database:String} AND name = {table:String}",
        {"database": layout.database, "table": table},
    )
    return bool(found.rows[0][0])


def _check_applied(applied: Mapping[int, tuple[str, str]], known: Mapping[int, Migration]) -> None:
    for number, (name, checksum) in sorted(applied.items()):
        label = f"{number:04d}_{name}"
        if number not in known:
            raise ConfigurationError(
                f"ClickHouse holds migration '{label}', which this version does not know."
                " A newer version wrote it: upgrade this collector."
            )
        if known[number].checksum != checksum:
            raise ConfigurationError(
                f"Migration '{label}' of ClickHouse was changed after it was applied."
                " Restore the file and put the change into a new migration."
            )
