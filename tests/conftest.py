"""Fixtures that several test folders share.

A process can open one embedded engine path only: whoever needs ClickHouse takes ``engine_dsn``.
"""

import gc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper_collector.store.client import Store

from tests.clickhouse_server import ClickHouseServer
from tests.postgresql import PostgresqlServer
from tests.storage import kept, migrated

PRICES = kept("prices_test")


def pytest_collection_finish() -> None:
    """What is collected stays: a test that collects garbage need not look at it."""
    gc.collect()
    gc.freeze()


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


def open_prices(dsn: str) -> Iterator[Store]:
    """A store with the spans table and everything that prices need."""
    with closing(migrated(dsn, PRICES, only=("spans", "prices"))) as store:
        yield store


@pytest.fixture(scope="session")
def price_engine(engine_dsn: str) -> Iterator[Store]:
    """The embedded engine with prices."""
    yield from open_prices(engine_dsn)


@pytest.fixture(scope="session")
def price_server(server_dsn: str) -> Iterator[Store]:
    """The server with prices."""
    yield from open_prices(server_dsn)
