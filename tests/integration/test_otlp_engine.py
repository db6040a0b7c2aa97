"""What the door admits, the engine decodes: the schemas handed to ClickHouse, against the engine itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.otlp.wire import write_field, write_varint
from watchkeeper_collector.store.client import Store
from watchkeeper_schemas.protobuf import render_columns, schema_path

from tests.otlp.requests import (
    SPAN_ID,
    TRACE_ID,
    field_bytes,
    log_request,
    make_span,
    requests,
    seeded,
    span_on_the_wire,
    trace_request,
)

FORMS = Forms()
ADMISSIONS = {name: Admission(signal, Limits(), FORMS) for name, signal in SIGNALS.items()}
COUNTS = {
    "traces": "arraySum(r -> arraySum(s -> length(s.spans), r.scope_spans), request.resource_spans)",
    "logs": "arraySum(r -> arraySum(s -> length(s.log_records), r.scope_logs), request.resource_logs)",
    "metrics": """arraySum(r -> arraySum(s -> arraySum(m -> length(m.gauge.data_points)
        + length(m.sum.data_points) + length(m.histogram.data_points)
        + length(m.exponential_histogram.data_points)
        + length(m.summary.data_points), s.metrics), r.scope_metrics), request.resource_metrics)""",
}


class Engine:
    """A store with one table per signal that holds records as they are decoded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.command("CREATE DATABASE IF NOT EXISTS watchkeeper")
        for signal in SIGNALS:
            columns = render_columns(signal)
            store.command(f"CREATE OR REPLACE TABLE watchkeeper.door_{signal} ({columns}) ENGINE = Memory")

    def close(self) -> None:
        for signal in SIGNALS:
            self._store.command(f"DROP TABLE watchkeeper.door_{signal}")
        self._store.close()

    def insert(self, signal: str, *bodies: bytes) -> None:
        """Replace what the signal's table holds by one segment of these requests."""
        self._store.command(f"TRUNCATE TABLE watchkeeper.door_{signal}")
        segment = b"".join(map(make_record, bodies))
        schema = self._store.protobuf_settings(schema_path(signal), "Record")
        self._store.raw_insert(f"door_{signal}", segment, "Protobuf", schema)

    def select(self, signal: str, expression: str) -> Any:
        """The expression over the first record."""
        return self._store.query(f"SELECT {expression} FROM watchkeeper.door_{signal} LIMIT 1").rows[0][0]


def make_record(body: bytes) -> bytes:
    record = b"".join(
        [field_bytes(1, b"shop"), *write_field(4 << 3 | 2, [body]), field_bytes(3, b"segment-1")]
    )
    return write_varint(len(record)) + record


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened = Engine(Store(request.getfixturevalue(request.param)))
    yield opened
    opened.close()


def stored(engine: Engine, signal: str, body: Message | bytes) -> None:
    raw = body if isinstance(body, bytes) else body.SerializeToString()
    engine.insert(signal, ADMISSIONS[signal].admit(raw).body)


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_any_request_that_is_admitted_is_decoded(engine: Engine, signal: str) -> None:
    @settings(seeded, max_examples=40)
    @given(st.lists(requests(signal), min_size=1, max_size=3))
    def check(sent: list[Message]) -> None:
        admitted = [ADMISSIONS[signal].admit(request.SerializeToString()) for request in sent]
        engine.insert(signal, *(one.body for one in admitted if one.items))
        items = sum(one.items for one in admitted)
        assert (engine.select(signal, f"sum({COUNTS[signal]})") or 0) == items

    check()


@pytest.mark.parametrize(
    "field",
    [
        b"\xa3\x01\x08\x01\xa4\x01",
        b"\x28\x05",
        field_bytes(5, b"first") + field_bytes(5, b"last"),
        b"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        field_bytes(9, field_bytes(1, b"k") + field_bytes(2, b"\x10\x05")),
        field_bytes(5, b"\xff\xfe"),
    ],
    ids=["group", "wrong-wire-type", "twice", "negative-enum", "boolean-of-5", "invalid-utf8"],
)
def test_what_the_engine_would_refuse_or_misread_is_decoded(engine: Engine, field: bytes) -> None:
    stored(engine, "traces", span_on_the_wire(field))
    span = "request.resource_spans[1].scope_spans[1].spans[1]"
    assert engine.select("traces", f"hex({span}.trace_id)") == TRACE_ID.hex().upper()
    if field.endswith(b"last"):
        assert engine.select("traces", f"{span}.name") == "last"


def test_values_of_all_kinds_are_told_apart(engine: Engine) -> None:
    values = {
        "s": "",
        "b": False,
        "i": 0,
        "d": 0.0,
        "y": b"",
        "a": [None, "x", 1, True],
        "e": [],
        "m": {"k": 1},
        "n": None,
    }
    stored(engine, "traces", trace_request(make_span(values)))
    kinds = engine.select(
        "traces",
        """arrayMap(a -> (a.key, multiIf(
            a.value.string_value IS NOT NULL, 'string ' || assumeNotNull(a.value.string_value),
            a.value.bool_value IS NOT NULL, 'bool', a.value.int_value IS NOT NULL, 'int',
            a.value.double_value IS NOT NULL, 'double', a.value.bytes_value IS NOT NULL, 'bytes',
            notEmpty(a.value.array_value.values), 'array', 'none')),
            request.resource_spans[1].scope_spans[1].spans[1].attributes)""",
    )
    assert dict(kinds) == {
        "s": "string ",
        "b": "bool",
        "i": "int",
        "d": "double",
        "y": "bytes",
        "a": "array",
        "e": "string []",
        "m": 'string {"k":1}',
        "n": "none",
    }


def test_a_log_record_is_decoded_field_by_field(engine: Engine) -> None:
    fields = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "severity_number": 9, "event_name": "e", "flags": 1}
    stored(engine, "logs", log_request({"deep": [1]}, **fields))
    record = "request.resource_logs[1].scope_logs[1].log_records[1]"
    parts = f"({record}.body.string_value, {record}.severity_number, {record}.event_name, {record}.flags)"
    assert engine.select("logs", parts) == ('{"deep":[1]}', 9, "e", 1)


def test_data_points_of_all_kinds_are_told_apart(engine: Engine) -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add().gauge.data_points.add(as_int=-5)
    metrics.add().sum.data_points.add(as_double=0.0)
    metrics.add().histogram.data_points.add(sum=0.0, bucket_counts=[1, 1 << 63], explicit_bounds=[0.5])
    metrics.add().exponential_histogram.data_points.add(
        scale=-3, positive={"offset": -2, "bucket_counts": [1, 300]}
    )
    metrics.add().summary.data_points.add(quantile_values=[{"quantile": 0.5, "value": 3.0}])
    stored(engine, "metrics", request)
    at = "request.resource_metrics[1].scope_metrics[1].metrics"
    gauge, total = f"{at}[1].gauge.data_points[1]", f"{at}[2].sum.data_points[1]"
    assert engine.select("metrics", f"({gauge}.as_int, {gauge}.as_double)") == (-5, None)
    assert engine.select("metrics", f"({total}.as_int, {total}.as_double)") == (None, 0.0)
    histogram = f"{at}[3].histogram.data_points[1]"
    parts = f"({histogram}.sum, {histogram}.min, {histogram}.bucket_counts, {histogram}.explicit_bounds)"
    assert engine.select("metrics", parts) == (0.0, None, [1, 1 << 63], [0.5])
    buckets = f"{at}[4].exponential_histogram.data_points[1]"
    parts = f"({buckets}.scale, {buckets}.positive.offset, {buckets}.positive.bucket_counts)"
    assert engine.select("metrics", parts) == (-3, -2, [1, 300])
    assert engine.select("metrics", f"{at}[5].summary.data_points[1].quantile_values[1].value") == 3.0
