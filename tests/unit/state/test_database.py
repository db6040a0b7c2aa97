"""Opening a state store: which URLs, which file, which promises of SQLite."""

import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper_collector.errors import ConfigurationError, StateUnavailableError
from watchkeeper_collector.state.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_sqlite_is_durable_and_strict(database: Database, pragma: str, value: object) -> None:
    with database.read() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_state_file_and_its_journals_are_the_owners_alone(database: Database, path: Path) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE one (id TEXT)")
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["state.db", "state.db-shm", "state.db-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writer:
        writer.exec_driver_sql("CREATE TABLE one (id TEXT)")
        with database.read() as reader:
            assert reader.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0


def test_file_locked_by_another_program_is_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper_collector.state.database.SQLITE_PRAGMAS", ("busy_timeout = 10",))
    database = Database(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateUnavailableError, match="failed: database is locked"):
        write_something(database)
    other.close()
    database.close()


def write_something(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE one (id TEXT)")


@pytest.mark.parametrize("url", ["", "state.db", "mysql://user:pass@host/db", "sqlite://", "postgresql:/x:y"])
def test_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Expected sqlite:////path/state\.db"):
        Database(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_postgresql_has_one_driver_whatever_the_url_says(scheme: str) -> None:
    database = Database(f"{scheme}://user:secret@127.0.0.1:1/name")
    assert database.description == "postgresql+psycopg://user:***@127.0.0.1:1/name"
    with pytest.raises(StateUnavailableError, match="refused") as refusal:
        database.check()
    assert "secret" not in str(refusal.value)
    database.close()


def test_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r'pip install "watchkeeper\[server,postgres\]"'):
        Database("postgresql://127.0.0.1/name")


def test_file_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"'.*state.db' can't be opened"):
        Database(f"sqlite:///{tmp_path}/file/state.db")
