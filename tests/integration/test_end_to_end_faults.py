"""What a collector does while its store is away and while its disk is full, and what is there afterwards."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.campaign.items import build_traces, load_stored
from tests.clickhouse_server import ClickHouseServer
from tests.collector import Answer, CollectorProcess

WORKERS = ("erasure", "prices", "retention", "rollup", "settling")
PROTOBUF = {"content-type": "application/x-protobuf"}
SPANS = 20
"""In each request."""


class Load:
    """Requests of numbered spans; ``acknowledged`` are the numbers that the store must have in the end."""

    def __init__(self, collector: CollectorProcess) -> None:
        self._collector = collector
        self._next = 1
        self.acknowledged: set[int] = set()

    def send(self) -> Answer:
        numbers = range(self._next, self._next + SPANS)
        self._next += SPANS
        answer = self._collector.ask(
            "/v1/traces", method="POST", body=build_traces(numbers), headers=PROTOBUF
        )
        if answer.status == 200:
            self.acknowledged |= set(numbers)
        return answer

    def send_until_refused(self, most: int = 500) -> Answer:
        for _ in range(most):
            if (answer := self.send()).status != 200:
                return answer
        pytest.fail(f"All of {most} requests were taken.")

    def until_taken(self) -> None:
        """Wait as senders do until requests are taken again."""
        self._collector.until(lambda: self.send().status == 200)

    def check_stored(self) -> None:
        """All that was acknowledged is there once, and nothing else."""
        collector = self._collector
        collector.until(lambda: collector.get("/api/v1/status")["spool"]["segments"] == 0)
        stored = load_stored(collector)
        for place in ("traces", "traces content"):
            assert stored[place] == dict.fromkeys(self.acknowledged, 1), place


def check_told_to_wait(answer: Answer) -> None:
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1


@contextmanager
def full_disk(collector: CollectorProcess) -> Iterator[None]:
    """No file of the process can grow: writing fails with EFBIG, which it must take as ENOSPC."""
    pid = collector.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        if collector.is_running:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    server = ClickHouseServer(tmp_path / "server").start()
    yield server
    server.kill()


def test_a_killed_collector_goes_on_with_its_work_and_waits_for_no_lease_of_its_own(
    tmp_path: Path, server: ClickHouseServer
) -> None:
    """It was killed while it migrated, and while its workers held their leases."""
    data_dir = tmp_path / "data"
    with CollectorProcess(data_dir, dsn=server.dsn, settle_interval_s=0.2) as collector:
        collector.until(lambda: "Migrating: 0003" in collector.log.read_text("utf-8"))
        collector.kill()
        assert "migration" in hold_leases_for_ever(data_dir)
        collector.start().until(lambda: has_worked(collector))
        collector.kill()
        assert hold_leases_for_ever(data_dir) >= {"prices", "rollup", "settling"}
        collector.start().until(lambda: has_worked(collector))


def hold_leases_for_ever(data_dir: Path) -> set[str]:
    """Whoever waits for their end waits in vain. Returns their names."""
    with closing(sqlite3.connect(data_dir / "state.db")) as state, state:
        state.execute("UPDATE leases SET expires_at = replace(expires_at, substr(expires_at, 1, 4), '2999')")
        return {name for (name,) in state.execute("SELECT name FROM leases")}


def has_worked(collector: CollectorProcess) -> bool:
    workers = collector.get("/api/v1/status")["workers"]
    return all(workers[name]["rounds"] for name in WORKERS)


def test_traffic_of_a_long_outage_waits_and_is_stored_once(tmp_path: Path, server: ClickHouseServer) -> None:
    """Segments close by age as they do in ten minutes: there are many when the server comes back."""
    with CollectorProcess(
        tmp_path / "data", dsn=server.dsn, segment_age_s=0.02, segment_bytes=60_000
    ) as collector:
        load = Load(collector.until_ready())
        load.until_taken()
        server.kill()
        assert {load.send().status for _ in range(100)} == {200}
        assert collector.get("/api/v1/status")["spool"]["segments"] > 10
        assert collector.ask("/api/v1/traces").status == 503
        server.start()
        load.check_stored()
        assert len(load.acknowledged) >= 100 * SPANS


def test_a_full_quota_tells_senders_to_wait_and_the_stores_return_ends_it(
    tmp_path: Path, server: ClickHouseServer
) -> None:
    with CollectorProcess(tmp_path / "data", dsn=server.dsn, spool_quota_bytes=200_000) as collector:
        load = Load(collector.until_ready())
        server.stop()
        check_told_to_wait(load.send_until_refused())
        status = collector.get("/api/v1/status")["spool"]
        assert status["over_quota"] == 1
        assert status["size_bytes"] <= 200_000
        assert collector.ask("/healthz").status == 200
        server.start()
        load.until_taken()
        load.check_stored()


def test_a_full_disk_tells_senders_to_wait_and_room_ends_it(tmp_path: Path, server: ClickHouseServer) -> None:
    with CollectorProcess(tmp_path / "data", dsn=server.dsn, segment_age_s=0.05) as collector:
        load = Load(collector.until_ready())
        load.until_taken()
        with full_disk(collector):
            for _ in range(5):
                check_told_to_wait(load.send())
            assert collector.get("/api/v1/status")["spool"]["disk_errors"] >= 5
        load.until_taken()
        load.check_stored()


def test_a_disk_that_is_full_for_the_embedded_engine_too_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Full before an insert begins, that is. One that is full in the middle of it is the engine's own fault:
    it says that the rows are stored and has empty files. Hence no work of its own here but inserts.
    """
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05, settle_interval_s=600) as collector:
        load = Load(collector.until_ready())
        collector.until(lambda: has_worked(collector))
        for _ in range(3):
            for _ in range(5):
                load.until_taken()
            load.check_stored()
            with full_disk(collector):
                check_told_to_wait(load.send())
        with full_disk(collector):
            check_told_to_wait(load.send())
            collector.kill()
        collector.start().until_ready()
        load.until_taken()
        load.check_stored()
