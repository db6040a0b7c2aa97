"""Transactions on the state store, SQLite or PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from watchkeeper_collector.errors import ConfigurationError, StateUnavailableError
from watchkeeper_collector.state import witness

POSTGRESQL_NAMES = ("postgresql", "postgres")
SQLITE_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "busy_timeout = 5000",
    "secure_delete = ON",
)
IS_WRITING = "is_writing"


class Database:
    """One state store. Safe to share between threads; close it at the end.

    Every failure of the database itself leaves as ``StateUnavailableError``. ``finish`` is called at
    the end of every writing transaction, within it: the audit's place.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self.finish: Callable[[Connection], None] = lambda _: None
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.description = parsed.render_as_string(hide_password=True)
        self._engine = _open_sqlite(parsed) if self.is_sqlite else _open_postgresql(parsed)
        witness.attend(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store and changes nothing."""
        with self._translated_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes. SQLite has one writer at a time: others wait before they read."""
        writing = self._engine.execution_options(**{IS_WRITING: True})
        witness.begin()
        with self._translated_errors(), writing.begin() as connection:
            yield connection
            self.finish(connection)

    def check(self) -> None:
        """Raise ``StateUnavailableError`` unless the store answers."""
        with self.read() as connection:
            connection.execute(select(1))

    def now(self, connection: Connection) -> datetime:
        """The time that all sharers of the store agree on: the server's, or this machine's for a file."""
        if self.is_sqlite:
            return datetime.now(UTC)
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now

    def scrub(self) -> None:
        """Leave nothing of what was deleted in SQLite's files: pages are zeroed, and the journal is emptied.

        A PostgreSQL server does so by its own VACUUM. While others read, the journal waits for the next time.
        """
        if self.is_sqlite:
            with self._translated_errors(), self._engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            reason = getattr(error, "orig", None) or error
            raise StateUnavailableError(
                f"The state store '{self.description}' failed: {str(reason).strip()}"
            ) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "The state store's URL can't be read. Expected sqlite:////path/state.db or"
            " postgresql://user:password@host:5432/database."
        ) from error
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite" and parsed.database:
        return parsed.set(drivername="sqlite")
    if backend in POSTGRESQL_NAMES:
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError(
        f"The state store '{parsed.render_as_string(hide_password=True)}' is of an unknown kind."
        " Expected sqlite:////path/state.db or postgresql://user:password@host:5432/database."
    )


def _open_sqlite(url: URL) -> Engine:
    _make_private_file(Path(str(url.database)))
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private_file(path: Path) -> None:
    """The file and its journals (which take its mode) are the owner's alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(f"The state file '{path}' can't be opened: {error.strerror}.") from error


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver begins no transaction of its own: _begin_sqlite does
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(IS_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _open_postgresql(url: URL) -> Engine:
    limits = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "application_name": "watchkeeper"}
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=limits)
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigurationError(
            'A state store in PostgreSQL needs its driver: pip install "watchkeeper[server,postgres]".'
        ) from error
