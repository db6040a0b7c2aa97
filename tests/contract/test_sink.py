"""What the way of segments into a store must do, whichever engine is behind it: all of each, and once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from watchkeeper_collector.errors import RefusedSegmentError, StoreUnavailableError
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.offenders import find_offenders
from watchkeeper_collector.spool.segment import Contents
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.sink import TARGETS, StoreSink

from tests.clickhouse_server import free_port
from tests.otlp.requests import log_request, make_span, trace_request
from tests.otlp.storage import RECEIVED_NS, Tables

DAY_NS = 86_400 * 10**9
SIGNALS = sorted(TARGETS)
CONTENT = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": "Where is my parcel?"}
SCORE = {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 0.5}
ITEMS = {"otel_logs": 2}
"""Rows that an item a day makes in a table, where it is not one."""
BROKEN = b"\x07\x22\x05\x0a\x03\x0a\xff\xff"


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def tables(request: pytest.FixtureRequest) -> Iterator[Tables]:
    opened = Tables(request.getfixturevalue(request.param), "sink_contract", only=())
    yield opened
    opened.drop()


def build_requests(signal: str, days: int) -> list[Message]:
    """One item a day in every table of the signal, two where a score's log record is another one."""
    return [BUILDERS[signal](RECEIVED_NS - day * DAY_NS, day) for day in range(days)]


def build_trace(time_ns: int, number: int) -> Message:
    ids = {"trace_id": number.to_bytes(15) + b"\1", "span_id": number.to_bytes(7) + b"\1"}
    return trace_request(make_span(CONTENT, start_time_unix_nano=time_ns, **ids))


def build_log(time_ns: int, number: int) -> Message:
    ids = {"trace_id": number.to_bytes(15) + b"\1", "span_id": number.to_bytes(7) + b"\1"}
    name = "gen_ai.client.inference.operation.details"
    request = log_request(None, CONTENT, time_unix_nano=time_ns, event_name=name, **ids)
    request.MergeFrom(
        log_request(None, SCORE, time_unix_nano=time_ns, event_name="gen_ai.evaluation.result", **ids)
    )
    return request


def build_metrics(time_ns: int, number: int) -> Message:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        metric = scope.metrics.add(name=f"{kind}_of_{number}")
        getattr(metric, kind).data_points.add(time_unix_nano=time_ns)
    return request


BUILDERS = {"traces": build_trace, "logs": build_log, "metrics": build_metrics}


def rows(signal: str, days: int) -> list[int]:
    return [days * ITEMS.get(table, 1) for table in TARGETS[signal]]


def counts(tables: Tables, signal: str, segment_id: str) -> list[int]:
    return [tables.count(table, segment_id) for table in TARGETS[signal]]


def test_a_repeated_segment_counts_once_in_the_index_of_traces(tables: Tables) -> None:
    for _ in range(2):
        tables.send("traces", build_trace(RECEIVED_NS, 901), segment_id="indexed")
    trace_id = {"trace": ((901).to_bytes(15) + b"\1").hex()}
    sql = "SELECT count() FROM sink_contract.trace_index WHERE TraceId = {trace:String}"
    assert tables.query(sql, trace_id).rows == [(1,)]


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_discarded_segment_is_stored_anew_under_another_token_only(tables: Tables, signal: str) -> None:
    requests = build_requests(signal, 2)
    items = tables.send(signal, *requests, segment_id=f"discarded-{signal}", token="first")
    tables.sink.discard(signal, f"discarded-{signal}")
    assert counts(tables, signal, f"discarded-{signal}") == [0] * len(TARGETS[signal])
    assert tables.sink.stored_items(signal, f"discarded-{signal}") == 0

    tables.send(signal, *requests, segment_id=f"discarded-{signal}", token="first")
    assert tables.sink.stored_items(signal, f"discarded-{signal}") == 0
    tables.send(signal, *requests, segment_id=f"discarded-{signal}", token="second")
    assert tables.sink.stored_items(signal, f"discarded-{signal}") == items
    assert counts(tables, signal, f"discarded-{signal}") == rows(signal, 2)


@pytest.mark.parametrize("signal", SIGNALS)
def test_discarding_one_segment_leaves_the_others(tables: Tables, signal: str) -> None:
    for name in ("leaves", "stays"):
        tables.send(signal, *build_requests(signal, 1), segment_id=f"{signal}-{name}")
    tables.sink.discard(signal, f"{signal}-leaves")
    assert counts(tables, signal, f"{signal}-stays") == rows(signal, 1)


@pytest.mark.parametrize(("signal", "table"), [(s, t) for s in SIGNALS for t in TARGETS[s]])
def test_a_segment_that_lost_rows_of_one_table_is_not_complete(
    tables: Tables, signal: str, table: str
) -> None:
    segment = f"lost-{signal}-{table}"
    items = tables.send(signal, *build_requests(signal, 2), segment_id=segment)
    tables.command(f"DELETE FROM sink_contract.{table} WHERE SegmentId = '{segment}'")
    stored = tables.sink.stored_items(signal, segment)
    assert stored not in (0, items)


def test_a_segment_whose_traces_are_not_in_the_index_is_not_complete(tables: Tables) -> None:
    request = build_trace(RECEIVED_NS, 902)
    tables.send("traces", request, segment_id="not-indexed")
    trace_id = ((902).to_bytes(15) + b"\1").hex()
    tables.command(f"DELETE FROM sink_contract.trace_index WHERE TraceId = '{trace_id}'")
    assert tables.sink.stored_items("traces", "not-indexed") == -1


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("payload", [b"\xff\xff\xff", BROKEN], ids=["rubbish", "broken request"])
def test_a_segment_that_does_not_decode_is_refused_whole(tables: Tables, signal: str, payload: bytes) -> None:
    good, _ = tables.payload(signal, *build_requests(signal, 1), segment_id=f"refused-{signal}")
    with pytest.raises(RefusedSegmentError):
        tables.sink.insert(signal, f"refused-{signal}", good + payload, f"refused-{signal}")
    assert counts(tables, signal, f"refused-{signal}") == [0] * len(TARGETS[signal])


@pytest.mark.parametrize("signal", SIGNALS)
def test_dry_runs_find_the_offender_and_store_nothing(tables: Tables, signal: str) -> None:
    before = [tables.query(f"SELECT count() FROM sink_contract.{one}").rows for one in TARGETS[signal]]
    good, _ = tables.payload(signal, *build_requests(signal, 1), segment_id="tried")
    records = [good, good, BROKEN, good]
    ends = [sum(map(len, records[: place + 1])) for place in range(len(records))]
    frames = tuple(
        Frame(number, 1, RECEIVED_NS, b"", end - len(record), end)
        for number, (record, end) in enumerate(zip(records, ends, strict=True))
    )
    contents = Contents(b"".join(records), frames, torn_bytes=0)

    offenders = find_offenders(contents, lambda payload: tables.sink.dry_run(signal, payload))

    assert [offender.frame.number for offender in offenders] == [2]
    after = [tables.query(f"SELECT count() FROM sink_contract.{one}").rows for one in TARGETS[signal]]
    assert before == after


def test_a_dry_run_leaves_no_trace_in_the_index(tables: Tables) -> None:
    payload, _ = tables.payload("traces", build_trace(RECEIVED_NS, 903), segment_id="tried")
    tables.sink.dry_run("traces", payload)
    trace_id = {"trace": ((903).to_bytes(15) + b"\1").hex()}
    sql = "SELECT count() FROM sink_contract.trace_index WHERE TraceId = {trace:String}"
    assert tables.query(sql, trace_id).rows == [(0,)]


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_store_that_is_away_can_be_tried_again(signal: str) -> None:
    store = Store(f"clickhouse://127.0.0.1:{free_port()}")
    sink = StoreSink(store)
    steps = {
        "insert": lambda: sink.insert(signal, "segment", b"", "segment"),
        "dry run": lambda: sink.dry_run(signal, b""),
        "count": lambda: sink.stored_items(signal, "segment"),
        "discard": lambda: sink.discard(signal, "segment"),
    }
    for step in steps.values():
        with pytest.raises(StoreUnavailableError):
            step()
    store.close()


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_segment_over_the_memory_limit_can_be_tried_again(tables: Tables, signal: str) -> None:
    payload, items = tables.payload(signal, *build_requests(signal, 3), segment_id=f"large-{signal}")
    tight = Store(tables.dsn, settings={"max_memory_usage": 100_000, "max_untracked_memory": 0})
    with pytest.raises(StoreUnavailableError, match="memory"):
        StoreSink(tight, tables.layout).insert(signal, f"large-{signal}", payload, f"large-{signal}")
    tight.close()
    tables.sink.insert(signal, f"large-{signal}", payload, f"large-{signal}")
    assert tables.sink.stored_items(signal, f"large-{signal}") == items


def test_an_engine_with_little_disk_left_refuses_and_is_asked_again(tables: Tables) -> None:
    """At the very end of a disk the embedded engine calls a lost insert a success."""
    payload, items = tables.payload("traces", *build_requests("traces", 3), segment_id="late")
    with pytest.raises(StoreUnavailableError, match=r"disk|space"):
        StoreSink(tables, tables.layout, reserve_bytes=1 << 60).insert("traces", "late", payload, "late")
    assert tables.sink.stored_items("traces", "late") == 0
    tables.sink.insert("traces", "late", payload, "late")
    assert tables.sink.stored_items("traces", "late") == items


@pytest.fixture
def short_memory(tables: Tables) -> Iterator[Tables]:
    """Tables that remember two inserts."""
    wanted = tables.layout.fill("{durable}").rpartition(" ")[2]
    for window in ("2", wanted):
        for table in TARGETS["metrics"]:
            setting = f"non_replicated_deduplication_window = {window}"
            tables.command(f"ALTER TABLE sink_contract.{table} MODIFY SETTING {setting}")
        if window != wanted:
            yield tables


def test_a_token_is_known_for_as_many_inserts_as_the_tables_remember(short_memory: Tables) -> None:
    requests = build_requests("metrics", 1)
    for segment in ("old", "new", "new", "newer", "new"):
        short_memory.send("metrics", *requests, segment_id=segment)
    assert counts(short_memory, "metrics", "new") == [1] * 5
    short_memory.send("metrics", *requests, segment_id="old")
    assert counts(short_memory, "metrics", "old") == [2] * 5


def test_a_sink_serves_the_database_of_its_layout(tables: Tables) -> None:
    elsewhere = StoreSink(tables, replace(tables.layout, database="nowhere"))
    payload, _ = tables.payload("logs", *build_requests("logs", 1), segment_id="elsewhere")
    with pytest.raises(RefusedSegmentError, match="nowhere"):
        elsewhere.insert("logs", "elsewhere", payload, "elsewhere")


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_repeated_segment_of_forty_days_doubles_nothing_in_any_table(tables: Tables, signal: str) -> None:
    # At the end: from here on the tables have many parts, and deleting takes its time.
    requests = build_requests(signal, 40)
    segment = f"forty-days-{signal}"
    for _ in range(2):
        items = tables.send(signal, *requests, segment_id=segment)
        assert counts(tables, signal, segment) == rows(signal, 40)
        assert tables.sink.stored_items(signal, segment) == items
