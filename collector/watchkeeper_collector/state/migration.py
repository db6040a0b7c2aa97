"""The state store's schema: numbered, forward-only ``.sql`` files that both databases understand.

Plain files as for ClickHouse rather than Alembic, which records no checksum and takes no lock: what would
have to be written around it is no shorter than this.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import Connection, insert, select, text

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import APPLIED_MIGRATIONS

FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
ADVISORY_LOCK = int.from_bytes(b"wk-state")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. Statements end with a semicolon at the end of a line."""

    number: int
    name: str
    sql: str

    @property
    def label(self) -> str:
        return f"{self.number:04d}_{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> list[str]:
        code = re.sub(r"^--.*\n", "", self.sql, flags=re.MULTILINE)
        return [part.strip() for part in re.split(r";\s*\n", code) if part.strip()]


def load_migrations() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    entries = [
        (FILE_NAME.fullmatch(entry.name), entry) for entry in files(__package__).joinpath("sql").iterdir()
    ]
    found = [
        Migration(int(match[1]), match[2], entry.read_text("utf-8")) for match, entry in entries if match
    ]
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(database: Database, migrations: Iterable[Migration] | None = None) -> list[str]:
    """Apply what is missing, all of it or nothing, and return the labels applied.

    Collectors that start together wait for each other here. Raises ``ConfigurationError`` where the store was
    written by a newer version, or an applied migration was changed afterwards.
    """
    known = {migration.number: migration for migration in migrations or load_migrations()}
    with database.write() as connection:
        if not database.is_sqlite:  # there a writing transaction is alone already
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        APPLIED_MIGRATIONS.create(connection, checkfirst=True)
        applied = _read_applied(connection)
        _check_applied(applied, known)
        pending = [migration for number, migration in sorted(known.items()) if number not in applied]
        for migration in pending:
            _apply(database, connection, migration)
        return [migration.label for migration in pending]


def _read_applied(connection: Connection) -> dict[int, tuple[str, str]]:
    rows = connection.execute(select(APPLIED_MIGRATIONS)).mappings()
    return {row["number"]: (row["name"], row["checksum"]) for row in rows}


def _check_applied(applied: Mapping[int, tuple[str, str]], known: Mapping[int, Migration]) -> None:
    for number, (name, checksum) in sorted(applied.items()):
        label = f"{number:04d}_{name}"
        if number not in known:
            raise ConfigurationError(
                f"The state store holds migration '{label}', which this version does not know."
                " A newer version wrote it: upgrade this collector."
            )
        if known[number].checksum != checksum:
            raise ConfigurationError(
                f"Migration '{label}' of the state store was changed after it was applied."
                " Restore the file and put the change into a new migration."
            )


def _apply(database: Database, connection: Connection, migration: Migration) -> None:
    for statement in migration.statements():
        connection.exec_driver_sql(statement)
    connection.execute(
        insert(APPLIED_MIGRATIONS).values(
            number=migration.number,
            name=migration.name,
            checksum=migration.checksum,
            applied_at=database.now(connection),
        )
    )
