"""The collector as a process in front of a store: telemetry gets there, once, whatever happens in between."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from watchkeeper_collector.store.client import Store

from tests.clickhouse_server import ClickHouseServer
from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request
from tests.postgresql import PostgresqlServer

WORKERS = {"erasure", "prices", "retention", "rollup", "settling"}
PROTOBUF = {"content-type": "application/x-protobuf"}
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """A collector on the embedded engine."""
    with CollectorProcess(tmp_path_factory.mktemp("embedded"), segment_age_s=0.05) as collector:
        yield collector.until_ready()


def export(exporter: SpanExporter) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("tests").start_as_current_span("chat gpt-4o", attributes=CALL):
        pass
    provider.shutdown()


def send(collector: CollectorProcess, number: int) -> int:
    """Send the span of this number: the status of the answer."""
    span = make_span(CALL, span_id=number.to_bytes(8, "big"), start_time_unix_nano=time.time_ns())
    body = trace_request(span).SerializeToString()
    return collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status


def rows(collector: CollectorProcess, table: str = "spans") -> int:
    tables = collector.get("/api/v1/status")["store"]["tables"]
    return sum(found["rows"] for found in tables if found["name"] == table)


def test_official_exporters_reach_the_store_through_both_doors(embedded: CollectorProcess) -> None:
    before = rows(embedded)
    export(HttpSpanExporter(f"{embedded.http}/v1/traces"))
    export(GrpcSpanExporter(embedded.grpc, insecure=True))
    embedded.until(lambda: rows(embedded) == before + 2)


def test_status_tells_what_the_store_is_and_holds(embedded: CollectorProcess) -> None:
    status = embedded.get("/api/v1/status")
    store = status["store"]
    assert (store["is_ready"], store["is_reachable"], store["problem"]) == (True, True, "")
    assert store["engine_version"].startswith("26.")
    assert store["schema_version"]
    assert {"spans", "span_content", "model_prices"} <= {table["name"] for table in store["tables"]}
    assert status["state"] == {"is_reachable": True, "problem": ""}
    assert set(status["workers"]) >= WORKERS


def test_workers_make_their_rounds(embedded: CollectorProcess) -> None:
    def rounds() -> list[int]:
        workers = embedded.get("/api/v1/status")["workers"]
        return [workers[name]["rounds"] for name in WORKERS]

    embedded.until(lambda: all(rounds()))
    assert "watchkeeper_settling_rounds_total" in embedded.ask("/metrics").body.decode()


def test_a_price_is_set_listed_and_withdrawn(embedded: CollectorProcess) -> None:
    price = {"provider": "acme", "model": "owl-1", "steps": [{"usd_per_million": {"input_tokens": 2.0}}]}
    answer = embedded.ask("/api/v1/prices", method="PUT", body=price)
    assert answer.status == 200, answer.body
    listed = embedded.get("/api/v1/prices?provider=acme")["items"]
    assert {(found["source"], found["project"], found["model"]) for found in listed} == {
        ("override", "default", "owl-1")
    }
    assert listed[0]["steps"][0]["usd_per_million"] == {"input_tokens": 2.0}
    assert embedded.ask("/api/v1/prices?provider=acme&model=owl-1", method="DELETE").status == 204
    assert embedded.get("/api/v1/prices?provider=acme")["items"] == []
    assert embedded.ask("/api/v1/prices?provider=acme&model=owl-1", method="DELETE").status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"steps": []},
        {"steps": [{"usd_per_million": {}}]},
        {"steps": [{"usd_per_million": {"unheard_of_tokens": 1}}]},
        {"steps": [{"usd_per_million": {"input_tokens": -1}}]},
        {"steps": [{"usd_per_million": {"input_tokens": 1}, "from_input_tokens": 10}]},
        {"service_tier": "gold"},
        {"valid_from": "2026-01-01"},
        {"model": ""},
        {"project": "bank"},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(
    embedded: CollectorProcess, change: dict[str, object]
) -> None:
    price = {"provider": "acme", "model": "owl-1", "steps": [{"usd_per_million": {"input_tokens": 2.0}}]}
    answer = embedded.ask("/api/v1/prices", method="PUT", body=price | change)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_prices_come_page_by_page(embedded: CollectorProcess) -> None:
    embedded.until(lambda: embedded.get("/api/v1/prices?limit=1")["items"])
    first = embedded.get("/api/v1/prices?limit=2&provider=openai")
    second = embedded.get(f"/api/v1/prices?limit=2&provider=openai&cursor={first['next_cursor']}")
    assert first["items"] + second["items"] == embedded.get("/api/v1/prices?limit=4&provider=openai")["items"]
    assert embedded.ask("/api/v1/prices?cursor=rubbish").status == 400


def test_repricing_is_estimated_started_and_followed(embedded: CollectorProcess) -> None:
    dry = embedded.ask("/api/v1/prices/reprice", method="POST", body={"start": "-30d", "dry_run": True})
    assert (dry.status, dry.json()["id"]) == (202, None)
    started = embedded.ask("/api/v1/prices/reprice", method="POST", body={"start": "-30d"}).json()
    embedded.until(lambda: embedded.get(f"/api/v1/prices/reprice/{started['id']}")["is_done"])
    backwards = {"start": "-1d", "end": "-2d"}
    assert embedded.ask("/api/v1/prices/reprice", method="POST", body=backwards).status == 400


def test_unpriced_calls_are_listed_and_counted(embedded: CollectorProcess) -> None:
    send(embedded, 1)
    embedded.until(lambda: embedded.get("/api/v1/prices/unpriced")["items"])
    found = embedded.get("/api/v1/prices/unpriced")["items"][0]
    assert (found["provider"], found["model"], found["reason"]) == ("openai", "gpt-4o", "no_usage")
    assert embedded.get("/api/v1/status")["store"]["unpriced_calls"] >= 1
    assert embedded.get("/api/v1/prices/unpriced?start=-1s")["next_cursor"] is None


def test_sigterm_brings_the_spool_into_the_store(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", segment_age_s=60) as collector:
        collector.until_ready()
        assert [send(collector, number) for number in range(1, 11)] == [200] * 10
        assert collector.stop() == 0
        assert list((tmp_path / "data" / "spool" / "segments").iterdir()) == []
        collector.start().until_ready()
        assert rows(collector) == 10


def test_a_crash_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05) as collector:
        collector.until_ready()
        for start in range(1, 61, 20):
            assert [send(collector, number) for number in range(start, start + 20)] == [200] * 20
            collector.kill()
            collector.start().until_ready()
        collector.until(lambda: rows(collector) >= 60)
        collector.until(lambda: collector.get("/api/v1/status")["spool"]["segments"] == 0)
        assert rows(collector) == 60


def test_a_store_that_comes_late_gets_all_that_waited(tmp_path: Path) -> None:
    server = ClickHouseServer(tmp_path / "server")
    with (
        CollectorProcess(tmp_path / "data", dsn=server.dsn, segment_age_s=0.05) as collector,
        ended_with(server),
    ):
        assert [send(collector, number) for number in range(1, 11)] == [200] * 10
        assert collector.ask("/readyz").status == 503
        server.start()
        collector.until_ready().until(lambda: rows(collector) == 10)
        server.kill()
        assert [send(collector, number) for number in range(11, 21)] == [200] * 10
        assert collector.ask("/readyz").status == 200
        server.start()
        collector.until(lambda: rows(collector) == 20)
        assert collector.get("/api/v1/status")["spool"]["dead_letters"] == 0


def test_a_dsn_says_which_database_of_the_server(tmp_path: Path) -> None:
    with ClickHouseServer(tmp_path / "server") as server:
        dsn = server.dsn.replace("/watchkeeper", "/telemetry")
        with CollectorProcess(tmp_path / "data", dsn=dsn, segment_age_s=0.05) as collector:
            collector.until_ready()
            assert send(collector, 1) == 200
            collector.until(lambda: rows(collector) == 1)
            assert collector.get("/api/v1/query?measures=calls")["rows"] == [{"calls": 1}]
        with closing(Store(dsn)) as store:
            assert store.query("SELECT count() FROM telemetry.spans").rows == [(1,)]
            assert store.query("SELECT count() FROM system.databases WHERE name = 'watchkeeper'").rows == [
                (0,)
            ]


@contextmanager
def ended_with(server: ClickHouseServer) -> Iterator[None]:
    """The server is stopped at the end of the block, however often it was started in it."""
    try:
        yield
    finally:
        server.kill()


def test_of_two_collectors_one_works_and_the_other_takes_over(
    tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    with ClickHouseServer(tmp_path / "server") as server:
        shared = {"dsn": server.dsn, "state_dsn": postgresql.create_database(), "settle_interval_s": 0.2}
        with (
            CollectorProcess(tmp_path / "one", **shared) as one,
            CollectorProcess(tmp_path / "two", **shared) as two,
        ):
            one.until_ready()
            two.until_ready()
            one.until(lambda: has_worked(one) or has_worked(two))
            busy, idle = (one, two) if has_worked(one) else (two, one)
            send(busy, 1)
            send(idle, 2)
            busy.until(lambda: rows(busy) == 2)
            assert busy.stop() == 0
            idle.until(lambda: has_worked(idle))


def has_worked(collector: CollectorProcess) -> bool:
    return bool(collector.get("/api/v1/status")["workers"]["prices"]["rounds"])
