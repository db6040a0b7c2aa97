"""Fixtures that several test folders share.

A process can open one embedded engine path only: whoever needs ClickHouse takes ``engine_dsn``.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.store.client import Store

from tests.clickhouse_server import ClickHouseServer
from tests.postgresql import PostgresqlServer

PRICE_DATABASE = "prices_test"
PLACEHOLDERS = {
    "engine": "MergeTree",
    "engine:everywhere": "MergeTree",
    "on_cluster": "",
    "durable": "fsync_after_insert = 0",
    "updatable": "enable_block_number_column = 1, enable_block_offset_column = 1",
    "span_retention_days": "36500",
    "database": PRICE_DATABASE,
}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped proves nothing: the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("\nSkipped tests fail the run.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def engine_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the one embedded engine of this process."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="session")
def engine_dsn(engine_dir: Path) -> str:
    return f"chdb://{engine_dir}"


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ClickHouse server of the session, which no test stops."""
    with ClickHouseServer(tmp_path_factory.mktemp("server"), password="s/e:c@r+t %") as server:
        yield server.dsn


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server of the session, which no test stops: ask it for a database of your own."""
    with PostgresqlServer() as server:
        yield server


class PriceStore(Store):
    """The store, with its inserts going to the database of the pricing tests."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        with self._client() as client:
            client.insert(table, rows, column_names=list(columns), database=PRICE_DATABASE)


def migration_statements(name: str) -> Iterator[str]:
    text = files("watchkeeper_schemas").joinpath("clickhouse", name).read_text("utf-8")
    text = re.sub(
        r"\{local:(\w+)\}", rf"{PRICE_DATABASE}.\1", re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    )
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace("{" + placeholder + "}", value)
    yield from (statement for part in text.split(";\n") if (statement := part.strip().rstrip(";")))


def open_prices(dsn: str) -> Iterator[Store]:
    """A store with the spans table and everything that prices need."""
    store = PriceStore(dsn)
    store.command(f"CREATE DATABASE {PRICE_DATABASE}")
    statements = [*migration_statements("0001_spans.sql"), *migration_statements("0002_prices.sql")]
    for statement in statements:
        if "span_content" not in statement and "trace_index" not in statement:
            store.command(statement)
    yield store
    store.close()


@pytest.fixture(scope="session")
def price_engine(engine_dsn: str) -> Iterator[Store]:
    """The embedded engine with prices."""
    yield from open_prices(engine_dsn)


@pytest.fixture(scope="session")
def price_server(server_dsn: str) -> Iterator[Store]:
    """The server with prices."""
    yield from open_prices(server_dsn)
