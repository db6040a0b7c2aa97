"""The second wall between projects, on a server: roles with row policies, whatever a question says."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.errors import ConfigurationError, WatchkeeperError
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.connection import read_credentials
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.row_policies import RowPolicies, Walled

from tests.clickhouse_server import ClickHouseServer
from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request

CANARY = "Kanarienvogel"
PATIENCE_S = 240.0
PROTOBUF = {"content-type": "application/x-protobuf"}
FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ClickHouseServer, CollectorProcess]]:
    """A server and a collector with row policies, and spans of two projects."""
    folder = tmp_path_factory.mktemp("policies")
    with ClickHouseServer(folder / "server", password="s/e:c@r+t %") as server:
        collector = CollectorProcess(
            folder / "data", dsn=server.dsn, row_policies=True, segment_age_s=0.05, settle_interval_s=0.5
        )
        with collector:
            collector.until(lambda: collector.ask("/readyz").status == 200, PATIENCE_S)
            yield server, collector


@pytest.fixture(scope="module")
def keys(site: tuple[ClickHouseServer, CollectorProcess]) -> dict[str, str]:
    """An admin's key for each project, after each sent its spans."""
    _, collector = site
    made = make_keys(collector)
    for project, count in (("checkout", 4), ("search", 2)):
        now = time.time_ns()
        name = CANARY if project == "checkout" else "search"
        spans = [
            make_span(
                {"user.id": name},
                name=name,
                trace_id=bytes([count] * 16),
                span_id=bytes([count] * 7 + [number]),
                start_time_unix_nano=now,
                end_time_unix_nano=now + 5,
            )
            for number in range(count)
        ]
        body = trace_request(*spans, resource={"service.name": name}).SerializeToString()
        answer = collector.ask("/v1/traces", method="POST", key=made[project], body=body, headers=PROTOBUF)
        assert answer.status == 200
        collector.until(lambda p=project, n=count: spans_of(collector, made[p]) == n, PATIENCE_S)  # type: ignore[misc]
    return made


def make_keys(collector: CollectorProcess) -> dict[str, str]:
    from watchkeeper_collector.state.state import State  # noqa: PLC0415

    state = State(f"sqlite:///{collector.settings['data_dir']}/state.db")
    made = {project: state.keys.create(project, project, ["admin"])[1] for project in ("checkout", "search")}
    state.close()
    collector.until(lambda: collector.ask("/api/v1/me", key=made["search"]).status == 200)
    return made


def spans_of(collector: CollectorProcess, key: str) -> int:
    return int(collector.get("/api/v1/query?measures=spans&start=-1h", key)["rows"][0]["spans"])


@pytest.fixture(scope="module")
def policies(
    site: tuple[ClickHouseServer, CollectorProcess], keys: dict[str, str]
) -> Iterator[tuple[RowPolicies, Store, Store]]:
    """The policies with the plain store, and the one that people's questions take."""
    assert keys
    dsn = site[0].dsn
    user, password = read_credentials(dsn)
    with closing(Store(dsn)) as store:
        made = RowPolicies(store, Layout(user=user, password=password))
        with closing(Store(made.reader_dsn(dsn))) as reader:
            yield made, store, reader


def test_each_project_is_answered_from_its_own_rows(
    site: tuple[ClickHouseServer, CollectorProcess], keys: dict[str, str]
) -> None:
    _, collector = site
    assert (spans_of(collector, keys["checkout"]), spans_of(collector, keys["search"])) == (4, 2)
    for path in ("/traces?start=-1h", "/spans?start=-1h", "/users?start=-1h", "/export?what=spans"):
        answer = collector.ask(f"/api/v1{path}", key=keys["search"])
        assert answer.status == 200, answer.body
        assert CANARY.encode() not in answer.body
        assert b"search" in answer.body
    query = {"query": "SELECT DISTINCT Project FROM spans"}
    assert collector.ask("/api/v1/sql", method="POST", key=keys["search"], body=query).json()["rows"] == [
        ["search"]
    ]


def test_a_question_that_forgot_its_condition_sees_the_own_rows_alone(
    policies: tuple[RowPolicies, Store, Store],
) -> None:
    made, store, reader = policies
    for project in ("checkout", "search"):
        walled = Walled(store, reader, made, lambda p=project: p)  # type: ignore[misc]
        assert walled.query("SELECT DISTINCT Project FROM watchkeeper.spans").rows == [(project,)]
        assert walled.raw_query("SELECT DISTINCT Project FROM watchkeeper.trace_index", "CSV") == (
            f'"{project}"\n'.encode()
        )
    assert walled.query("SELECT SpanName FROM watchkeeper.spans WHERE SpanName = 'x'").columns == (
        "SpanName",
    )


def test_without_a_role_nothing_can_be_read(policies: tuple[RowPolicies, Store, Store]) -> None:
    _, _, reader = policies
    with pytest.raises(WatchkeeperError, match="Not enough privileges"):
        reader.query("SELECT * FROM watchkeeper.spans")
    with pytest.raises(WatchkeeperError, match="should be granted"):
        reader.query("SELECT 1", settings={"role": "watchkeeper:other"})


def test_a_worker_which_nobody_asks_sees_every_row(policies: tuple[RowPolicies, Store, Store]) -> None:
    made, store, reader = policies
    found = Walled(store, reader, made, lambda: "").query("SELECT count() FROM watchkeeper.spans")
    assert found.rows == [(6,)]


TABLES = ("spans", "span_content", "trace_index", "otel_logs", "scores", "current_scores", "rollup_1h")
CONDITIONS = ("1", "Project = 'checkout'", "Project != 'search' OR 1", "NOT Project = 'search'")
SHAPES = (
    "SELECT * FROM {table} WHERE {condition}",
    "SELECT count(), groupArray(toString(tuple(*))) FROM {table} WHERE {condition}",
    "SELECT * FROM (SELECT * FROM {table}) WHERE {condition} UNION ALL SELECT * FROM {table}",
    "WITH t AS (SELECT * FROM {table}) SELECT * FROM t WHERE {condition}",
    "SELECT a.* FROM {table} AS a CROSS JOIN {table} AS b WHERE a.Project = 'checkout'",
)


@FEW
@given(shape=st.sampled_from(SHAPES), table=st.sampled_from(TABLES), condition=st.sampled_from(CONDITIONS))
def test_no_question_without_our_condition_returns_a_row_of_another_project(
    policies: tuple[RowPolicies, Store, Store], shape: str, table: str, condition: str
) -> None:
    made, store, reader = policies
    sql = shape.format(table=f"watchkeeper.{table}", condition=condition)
    found = Walled(store, reader, made, lambda: "search").raw_query(sql, "JSONCompact")
    assert CANARY.encode() not in found
    assert b"checkout" not in found


def test_policies_that_can_not_be_are_refused_with_the_reason(tmp_path: Path) -> None:
    from watchkeeper_collector.app import build_collector  # noqa: PLC0415

    with pytest.raises(ConfigurationError, match="needs a ClickHouse server"):
        build_collector(Settings(data_dir=tmp_path, row_policies=True))
    dsn = "clickhouse://default@127.0.0.1:9/watchkeeper"
    with pytest.raises(ConfigurationError, match="needs a password"):
        build_collector(Settings(data_dir=tmp_path, dsn=dsn, row_policies=True))


def test_questions_of_people_go_through_the_reading_user(
    site: tuple[ClickHouseServer, CollectorProcess], keys: dict[str, str]
) -> None:
    """With that user's password changed none is answered; ingest goes on."""
    server, collector = site
    with closing(Store(server.dsn)) as store:
        store.command(f"ALTER USER `watchkeeper_reader` IDENTIFIED WITH sha256_hash BY '{'0' * 64}'")
    for path in ("/api/v1/query?measures=spans&start=-30m", "/api/v1/traces?start=-30m"):
        assert collector.ask(path, key=keys["search"]).status == 503
    query = {"query": "SELECT 1"}
    assert collector.ask("/api/v1/sql", method="POST", key=keys["search"], body=query).status == 503
    assert collector.get("/api/v1/status", keys["search"])["store"]["is_reachable"]
