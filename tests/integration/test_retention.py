"""How long projects keep what is theirs: new rows, stored rows, whole days, the API."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Kept, Layout
from watchkeeper_collector.store.migration import migrate
from watchkeeper_collector.store.retention import delete_overdue, drop_expired, measure

from tests.collector import CollectorProcess
from tests.otlp.requests import log_request, make_span, trace_request
from tests.otlp.storage import Tables

CONTENT = '[{"role":"user","parts":[{"type":"text","content":"Is it waterproof?"}]}]'
CALL = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": CONTENT}
PROTOBUF = {"content-type": "application/x-protobuf"}
DAY_NS = 86_400 * 10**9
AGES = (0, 3, 10, 40)
"""Days; content is kept for 30, all else for 90."""
BEGUN = datetime.now(UTC)
TODAY = BEGUN.date()
"""The day of all ages here, also where midnight passes while the tests run."""


class Ages(Tables):
    """A store that is brought to other retentions while rows are there."""

    def keep(self, *projects: Kept) -> list[str]:
        self.layout = replace(self.layout, projects=projects)
        return migrate(self, self.layout)

    def send_all(self, batch: int) -> None:
        """A call and a log record of each age."""
        self.received_ns = time.time_ns()
        for number, age in enumerate(AGES):
            at_ns = int(BEGUN.timestamp()) * 10**9 - age * DAY_NS
            span = make_span(
                CALL, span_id=(100 * batch + number).to_bytes(8, "big"), start_time_unix_nano=at_ns
            )
            self.send("traces", trace_request(span), segment_id=f"s{batch}-{number}")
            self.send("logs", log_request("said", time_unix_nano=at_ns), segment_id=f"l{batch}-{number}")

    def days(self, table: str) -> dict[str, list[int]]:
        """How many days old the rows are, by class."""
        columns = f"toString(RetentionClass), toDate('{TODAY}') - EventDay"
        sql = f"SELECT {columns} FROM {self.database}.{table} ORDER BY 2"
        found: dict[str, list[int]] = {}
        for name, age in self.query(sql).rows:
            found.setdefault(name, []).append(age)
        return found

    def expire(self) -> None:
        drop_expired(self, self.layout, TODAY)
        delete_overdue(self, self.layout, TODAY)
        settle(self, self.database)


def settle(store: Store, database: str) -> None:
    """Wait until the engine has rewritten what it was told to."""
    sql = f"SELECT count() FROM system.mutations WHERE database = '{database}' AND NOT is_done"
    ends_at_s = time.monotonic() + 120
    while store.query(sql).rows[0][0]:
        assert time.monotonic() < ends_at_s
        time.sleep(0.02)


@pytest.fixture(scope="module")
def made(engine_dsn: str) -> Iterator[Ages]:
    opened = Ages(
        engine_dsn,
        "retention",
        (),
        content_retention_days=30,
        span_retention_days=90,
        aggregate_retention_days=400,
    )
    yield opened
    opened.drop()


@pytest.fixture
def store(made: Ages) -> Ages:
    made.clear(("spans", "span_content", "otel_logs"))
    return made


def test_rows_get_their_projects_class_and_stored_ones_keep_to_fewer_days(store: Ages) -> None:
    store.keep()
    store.send_all(1)
    assert store.days("spans") == {"standard": [0, 3, 10, 40]}
    store.keep(Kept("shop", 2, 20, 5), Kept("another", 1, 1, 1))
    store.send_all(2)
    assert store.days("spans")["project:shop"][:3] == [0, 3, 10]

    sizes = measure(store, store.layout, "shop")
    assert {(one.table, one.kind, one.retention_class, one.rows) for one in sizes} >= {
        ("spans", "spans", "standard", 4),
        ("otel_logs", "logs", "standard", 4),
        ("span_content", "content", "standard", 3),
    }
    assert all(one.bytes_on_disk > 0 for one in sizes)
    assert min(one.first_day for one in sizes if one.kind == "spans") == TODAY - timedelta(days=40)
    assert measure(store, store.layout, "bank") == []

    store.expire()
    assert store.days("spans") == {"standard": [0, 3, 10], "project:shop": [0, 3, 10]}
    assert store.days("span_content") == {"standard": [0], "project:shop": [0]}
    assert store.days("otel_logs") == {"standard": [0, 3], "project:shop": [0, 3]}


def test_a_foreign_writers_rows_get_their_projects_class(store: Ages) -> None:
    store.keep(Kept("shop", 2, 20, 5), Kept("another", 1, 1, 1))
    columns = ("Timestamp", "TraceId", "SpanId", "Project", "RetentionClass")
    store.insert_foreign(
        "otel_traces",
        columns,
        (BEGUN, "a" * 32, "b" * 16, "shop", "standard"),
        (BEGUN, "a" * 32, "c" * 16, "bank", "standard"),
        (BEGUN, "a" * 32, "d" * 16, "shop", "theirs"),
    )
    assert store.days("spans") == {"standard": [0], "project:shop": [0], "theirs": [0]}


def test_more_days_hold_for_stored_rows_of_the_class_until_it_is_standard_again(store: Ages) -> None:
    store.keep(Kept("shop", 5, 12, 12))
    store.send_all(1)
    store.keep(Kept("shop", 60, 60, 60))
    settle(store, store.database)
    store.command(f"OPTIMIZE TABLE {store.database}.spans FINAL")
    store.expire()
    assert store.days("spans")["project:shop"][:3] == [0, 3, 10]
    assert store.days("span_content")["project:shop"][0] == 0

    assert "retention.spans TTL" in store.keep()
    store.send_all(2)
    store.expire()
    assert store.days("spans")["standard"] == [0, 3, 10, 40]
    assert store.days("spans")["project:shop"][:3] == [0, 3, 10]


STATEMENT = """CREATE TABLE {local:x}
(
    RetentionClass String
)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS y"""


def test_days_that_are_those_of_the_settings_change_no_schema() -> None:
    same = Layout(projects=(Kept("shop", 30, 90, 90),))
    assert same.fill(STATEMENT) == Layout().fill(STATEMENT)
    own = Layout(projects=(Kept("shop", 7, 20, 5), Kept("bank", 30, 90, 90)))
    assert "INTERVAL multiIf(RetentionClass = 'project:shop', 20, 90) DAY" in own.fill(STATEMENT)
    assert "RetentionClass = 'project:shop', 5, 90)" in own.fill(STATEMENT.replace(":x}", ":otel_logs}"))


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(tmp_path_factory.mktemp("retention"), segment_age_s=0.05) as running:
        yield running.until_ready()


def put(collector: CollectorProcess, **days: object) -> Any:
    wanted = {"content_days": 30, "span_days": 90, "log_days": 90, **days}
    return collector.ask("/api/v1/retention", method="PUT", body=wanted)


def test_the_api_changes_and_shows_a_retention(collector: CollectorProcess) -> None:
    before = collector.get("/api/v1/retention")
    assert (before["is_own"], before["is_applied"], before["span_days"]) == (False, True, 90)
    changed = put(collector, content_days=7).json()
    assert (changed["is_own"], changed["content_days"], changed["is_applied"]) == (True, 7, True)
    body = trace_request(make_span(CALL, start_time_unix_nano=time.time_ns())).SerializeToString()
    assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200
    collector.until(lambda: collector.get("/api/v1/retention")["sizes"])
    sizes = collector.get("/api/v1/retention")["sizes"]
    assert {one["retention_class"] for one in sizes} == {"project:default"}
    reset = collector.ask("/api/v1/retention", method="DELETE").json()
    assert (reset["is_own"], reset["content_days"], reset["is_applied"]) == (False, 30, True)


@pytest.mark.parametrize(
    "days", [{"content_days": 0}, {"span_days": 10}, {"log_days": 4_000}, {"log_days": "x"}, {"more": 1}]
)
def test_days_that_make_no_sense_are_refused(collector: CollectorProcess, days: dict[str, object]) -> None:
    answer = put(collector, **days)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_a_retention_outlives_a_restart(collector: CollectorProcess) -> None:
    assert put(collector, span_days=100).status == 200
    collector.stop()
    collector.start().until_ready()
    found = collector.get("/api/v1/retention")
    assert (found["span_days"], found["is_applied"]) == (100, True)
