"""A store whose server comes, goes, hangs and refuses: what the spool's drain and the doctor build on."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from watchkeeper_collector.errors import InvalidQueryError, StoreUnavailableError, WatchkeeperError
from watchkeeper_collector.store.client import Store

from tests.clickhouse_server import ClickHouseServer

PASSWORD = "s/e:c@r+t %"
SLOW = "SELECT sleepEachRow(0.1) FROM numbers(25) SETTINGS max_block_size = 1, max_threads = 1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path / "server", password=PASSWORD) as running:
        yield running


@pytest.fixture
def store(server: ClickHouseServer) -> Iterator[Store]:
    opened = Store(server.dsn)
    opened.command("CREATE DATABASE watchkeeper")
    opened.command(
        "CREATE TABLE watchkeeper.calls (id UInt64) ENGINE = MergeTree ORDER BY id"
        " SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1"
    )
    yield opened
    opened.close()


def insert(store: Store, row_id: int) -> None:
    token = {"insert_deduplication_token": f"segment-{row_id}"}
    store.raw_insert("calls", f'{{"id":{row_id}}}'.encode(), "JSONEachRow", token)


def ids(store: Store) -> list[int]:
    return [row[0] for row in store.query("SELECT id FROM watchkeeper.calls ORDER BY id").rows]


def in_background(call: Callable[[], object]) -> tuple[threading.Thread, list[WatchkeeperError]]:
    caught: list[WatchkeeperError] = []

    def run() -> None:
        try:
            call()
        except WatchkeeperError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, caught


def test_an_outage_is_retryable_and_its_end_needs_no_new_store(
    server: ClickHouseServer, store: Store
) -> None:
    insert(store, 1)
    server.stop()
    for call in (lambda: insert(store, 2), lambda: ids(store), lambda: store.command("SELECT 1")):
        with pytest.raises(StoreUnavailableError) as caught:
            call()
        assert caught.value.is_retryable
    assert not store.ping()
    server.start()
    insert(store, 2)
    assert ids(store) == [1, 2]


def test_an_acknowledged_insert_survives_a_crash_and_its_repetition(
    server: ClickHouseServer, store: Store
) -> None:
    for row_id in range(10):
        insert(store, row_id)
    server.kill()
    server.start()
    for row_id in range(12):
        insert(store, row_id)
    assert ids(store) == list(range(12))


def test_a_server_that_dies_under_a_query_leaves_a_working_store(
    server: ClickHouseServer, store: Store
) -> None:
    thread, caught = in_background(lambda: store.query(SLOW))
    time.sleep(0.5)
    server.kill()
    thread.join(10)
    assert [type(error) for error in caught] == [StoreUnavailableError]
    server.start()
    assert ids(store) == []


def test_a_stopped_server_finishes_the_query_that_runs(server: ClickHouseServer, store: Store) -> None:
    thread, caught = in_background(lambda: insert_slowly(store))
    time.sleep(0.3)
    server.stop()
    thread.join(10)
    server.start()
    assert ids(store) == [7]
    assert all(error.is_retryable for error in caught)  # the answer itself may be lost with the connection


def insert_slowly(store: Store) -> None:
    store.command("INSERT INTO watchkeeper.calls SELECT 7 + sleep(1)")


def test_a_server_that_is_not_there_yet_is_unavailable(tmp_path: Path) -> None:
    server = ClickHouseServer(tmp_path / "server")
    store = Store(server.dsn)
    with pytest.raises(StoreUnavailableError, match=r"ClickHouse is not available: .*refused"):
        store.query("SELECT 1")
    assert not store.ping()
    with server:
        assert store.ping()
    store.close()


def test_an_outage_message_holds_no_bound_value_and_no_password(
    server: ClickHouseServer, store: Store
) -> None:
    server.stop()
    with pytest.raises(StoreUnavailableError) as caught:
        store.query("SELECT {text:String}", {"text": "bound-value"})
    for secret in ("bound-value", PASSWORD, "s%2Fe", "s/e"):
        assert secret not in caught.value.message


def test_a_wrong_password_says_so_and_is_retryable(server: ClickHouseServer, store: Store) -> None:
    stranger = Store(f"clickhouse://default:wrong@127.0.0.1:{server.port}/watchkeeper")
    with pytest.raises(StoreUnavailableError, match="refuses the user or password of the DSN") as caught:
        insert(stranger, 1)
    assert caught.value.is_retryable
    assert caught.value.details == {"engine_code": 516}
    assert "wrong" not in caught.value.message
    stranger.close()


def test_a_mended_password_needs_no_new_store(server: ClickHouseServer, store: Store) -> None:
    server.stop()
    changed = ClickHouseServer(server.path, password="another", port=server.port)
    with changed, pytest.raises(StoreUnavailableError, match="password"):
        insert(store, 1)
    server.start()
    insert(store, 1)
    assert ids(store) == [1]


def test_a_server_that_answers_too_slowly_is_unavailable(server: ClickHouseServer, store: Store) -> None:
    hasty = Store(server.dsn, answer_timeout_s=1)
    start = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="timed out"):
        hasty.query(SLOW)
    assert time.monotonic() - start < 2.4
    assert hasty.ping()
    hasty.close()


def test_a_proxy_without_its_server_is_an_outage() -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,)).start()
        store = Store(f"clickhouse://127.0.0.1:{proxy.server_port}")
        with pytest.raises(StoreUnavailableError, match="502"):
            insert(store, 1)
        proxy.shutdown()


def test_a_refused_statement_is_not_an_outage(store: Store) -> None:
    with pytest.raises(InvalidQueryError):
        store.raw_insert("calls", b"rubbish", "JSONEachRow", {})
    assert ids(store) == []


def test_a_server_in_another_time_zone_gives_the_same_times(tmp_path: Path) -> None:
    with ClickHouseServer(tmp_path / "server", time_zone="America/New_York") as server:
        store = Store(server.dsn)
        answer = store.query(
            "SELECT serverTimezone(), timezone(), toDateTime64('2026-01-01 00:00:00', 9) AS at, toDate(at),"
            " toUnixTimestamp({bound:DateTime64(9)})",
            {"bound": datetime(2026, 1, 1)},  # noqa: DTZ001 - naive means UTC
        )
        store.close()
    midnight = datetime(2026, 1, 1)  # noqa: DTZ001
    assert answer.rows == [("America/New_York", "UTC", midnight, midnight.date(), 1_767_225_600)]


def test_the_server_runs_its_requests_side_by_side(server: ClickHouseServer, store: Store) -> None:
    start = time.monotonic()
    slow = [in_background(lambda: store.query("SELECT sleep(1)")) for _ in range(8)]
    for thread, caught in slow:
        thread.join(10)
        assert not caught
    assert time.monotonic() - start < 4
