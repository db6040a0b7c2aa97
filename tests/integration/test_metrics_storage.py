"""Data points from the door to their tables: every field of every kind, nothing twice."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.schema import load_migrations
from watchkeeper_collector.store.sink import TARGETS

from tests.otlp.requests import SPAN_ID, TRACE_ID, key_values, requests, seeded
from tests.otlp.storage import RECEIVED_DAY, RECEIVED_NS, Tables
from tests.otlp.values import is_text_of, to_text

DATABASE = "metrics_storage"
KINDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
CAPTURES = sorted((Path(__file__).parents[1] / "data" / "captures").glob("*/*.metrics.otlp"))
DIALECTS = {name: list(paths) for name, paths in groupby(CAPTURES, lambda path: path.parent.name)}
DAY_NS = 86_400 * 10**9
COMMON = (
    "ResourceAttributes", "ResourceSchemaUrl", "ScopeName", "ScopeVersion", "ScopeAttributes",
    "ScopeDroppedAttrCount", "ScopeSchemaUrl", "ServiceName", "MetricName", "MetricDescription", "MetricUnit",
    "Attributes", "StartTimeUnix", "TimeUnix",
)  # fmt: skip
EXEMPLARS = tuple(
    f"Exemplars.{name}" for name in ("FilteredAttributes", "TimeUnix", "Value", "SpanId", "TraceId")
)
EXPORTER_COLUMNS = {
    "gauge": (*COMMON, "Value", "Flags", *EXEMPLARS),
    "sum": (*COMMON, "Value", "Flags", *EXEMPLARS, "AggregationTemporality", "IsMonotonic"),
    "histogram": (
        *COMMON, "Count", "Sum", "BucketCounts", "ExplicitBounds", *EXEMPLARS, "Flags", "Min", "Max",
        "AggregationTemporality",
    ),
    "exponential_histogram": (
        *COMMON, "Count", "Sum", "Scale", "ZeroCount", "PositiveOffset", "PositiveBucketCounts",
        "NegativeOffset", "NegativeBucketCounts", *EXEMPLARS, "Flags", "Min", "Max", "AggregationTemporality",
    ),
    "summary": (*COMMON, "Count", "Sum", "ValueAtQuantiles.Quantile", "ValueAtQuantiles.Value", "Flags"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[Tables]:
    tables = Tables(request.getfixturevalue(request.param), DATABASE)
    yield tables
    tables.drop()


@pytest.fixture
def tables(opened: Tables) -> Tables:
    opened.clear(TARGETS["metrics"])
    return opened


def metric_request(kind: str, *points: dict[str, Any], **fields: Any) -> Message:
    """A request with one metric of a kind."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add(schema_url="resource/1")
    group.resource.attributes.extend(key_values({"service.name": "shop"}))
    scope = group.scope_metrics.add(schema_url="scope/1")
    scope.scope.CopyFrom(
        type(scope.scope)(
            name="meter", version="2", attributes=key_values({"s": 1}), dropped_attributes_count=3
        )
    )
    metric = scope.metrics.add(name="latency", description="How long", unit="s")
    data = getattr(metric, kind)
    data.SetInParent()
    for name, value in fields.items():
        setattr(data, name, value)
    for point in points:
        data.data_points.add(**({"time_unix_nano": RECEIVED_NS} | point))
    return request


def only(tables: Tables, kind: str) -> dict[str, Any]:
    [row] = tables.read(f"otel_metrics_{kind}")
    return row


def to_datetime(time_ns: int) -> datetime:
    """The time as the client reads it: whole microseconds."""
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(microseconds=time_ns // 1000)


def sent_points(request: Any) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    for group in request.resource_metrics:
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points:
                    yield kind, group, scope, metric, point


def number(point: Any) -> float | None:
    kind = point.WhichOneof("value")
    return float(getattr(point, kind)) if kind else None


def optional(point: Any, name: str) -> float | None:
    return getattr(point, name) if point.HasField(name) else None


def expected_values(kind: str, data: Any, point: Any) -> dict[str, Any]:
    """What the columns of a kind alone should hold."""
    values: dict[str, Any] = {"Flags": point.flags}
    if kind in ("gauge", "sum"):
        values["Value"] = number(point)
    else:
        values["Count"] = point.count
    if kind in ("histogram", "exponential_histogram"):
        values |= {column: optional(point, column.lower()) for column in ("Sum", "Min", "Max")}
    if kind in ("sum", "histogram", "exponential_histogram"):
        values["AggregationTemporality"] = data.aggregation_temporality
    match kind:
        case "sum":
            values["IsMonotonic"] = data.is_monotonic
        case "histogram":
            values["BucketCounts"] = list(point.bucket_counts)
            values["ExplicitBounds"] = list(point.explicit_bounds)
        case "exponential_histogram":
            values |= {"Scale": point.scale, "ZeroCount": point.zero_count}
            for side in ("positive", "negative"):
                buckets = getattr(point, side)
                values[f"{side.title()}Offset"] = buckets.offset
                values[f"{side.title()}BucketCounts"] = list(buckets.bucket_counts)
        case "summary":
            values["Sum"] = point.sum
            values["ValueAtQuantiles.Quantile"] = [one.quantile for one in point.quantile_values]
            values["ValueAtQuantiles.Value"] = [one.value for one in point.quantile_values]
    return values


def check_point(row: dict[str, Any], kind: str, group: Any, scope: Any, metric: Any, point: Any) -> None:
    values = expected_values(kind, getattr(metric, kind), point)
    assert {name: row[name] for name in values} == values
    assert (row["MetricName"], row["MetricDescription"], row["MetricUnit"]) == (
        metric.name,
        metric.description,
        metric.unit,
    )
    assert (row["ResourceSchemaUrl"], row["ScopeSchemaUrl"]) == (group.schema_url, scope.schema_url)
    assert (row["ScopeName"], row["ScopeVersion"]) == (scope.scope.name, scope.scope.version)
    assert row["ScopeDroppedAttrCount"] == scope.scope.dropped_attributes_count
    assert is_text_of(row["ResourceAttributes"], group.resource.attributes)
    assert is_text_of(row["ScopeAttributes"], scope.scope.attributes)
    assert is_text_of(row["Attributes"], point.attributes)
    assert row["ServiceName"] == row["ResourceAttributes"]["service.name"]
    assert row["StartTimeUnix"] == to_datetime(point.start_time_unix_nano)
    assert row["TimeUnix"] == to_datetime(point.time_unix_nano)
    assert (row["Project"], row["RetentionClass"], row["ApiKeyId"]) == ("shop", "standard", "key-1")
    if kind != "summary":
        check_exemplars(row, point.exemplars)


def check_exemplars(row: dict[str, Any], exemplars: Any) -> None:
    assert row["Exemplars.Value"] == [number(one) or 0 for one in exemplars]
    assert row["Exemplars.TimeUnix"] == [to_datetime(one.time_unix_nano) for one in exemplars]
    assert row["Exemplars.TraceId"] == [one.trace_id.hex() for one in exemplars]
    assert row["Exemplars.SpanId"] == [one.span_id.hex() for one in exemplars]
    stored = row["Exemplars.FilteredAttributes"]
    assert len(stored) == len(exemplars)
    assert all(is_text_of(one, sent.filtered_attributes) for one, sent in zip(stored, exemplars, strict=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_field_of_captured_points_is_stored(tables: Tables, dialect: str) -> None:
    sent = [ExportMetricsServiceRequest.FromString(path.read_bytes()) for path in DIALECTS[dialect]]
    items = tables.send("metrics", *sent)
    points = [point for request in sent for point in sent_points(request)]
    assert tables.sink.stored_items("metrics", "segment-1") == items == len(points)
    for kind in {point[0] for point in points}:
        rows = {identity(row): row for row in tables.read(f"otel_metrics_{kind}")}
        for _, *at in (point for point in points if point[0] == kind):
            check_point(rows[sent_identity(*at)], kind, *at)


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells the points of a dialect's captures apart."""
    instance = row["ResourceAttributes"].get("service.instance.id", "")
    return instance, row["MetricName"], row["TimeUnix"], tuple(sorted(row["Attributes"].items()))


def sent_identity(group: Any, _scope: Any, metric: Any, point: Any) -> tuple[Any, ...]:
    instances = [a.value.string_value for a in group.resource.attributes if a.key == "service.instance.id"]
    attributes = tuple(sorted((item.key, to_text(item.value)) for item in point.attributes))
    return "".join(instances), metric.name, to_datetime(point.time_unix_nano), attributes


EXEMPLAR = {
    "time_unix_nano": RECEIVED_NS,
    "trace_id": TRACE_ID,
    "span_id": SPAN_ID,
    "filtered_attributes": key_values({"user": "u-1"}),
}
POINT = {
    "start_time_unix_nano": RECEIVED_NS - 10**9,
    "attributes": key_values({"model": "gpt", "n": 1, "ok": True}),
    "flags": 1,
}
POINTS: dict[str, dict[str, Any]] = {
    "gauge": {"as_int": -5, "exemplars": [EXEMPLAR | {"as_int": 7}]},
    "sum": {"as_double": 0.5, "exemplars": [EXEMPLAR | {"as_double": 0.25}, EXEMPLAR]},
    "histogram": {
        "count": 3,
        "sum": 0.0,
        "min": -1.5,
        "max": 2.5,
        "bucket_counts": [1, 2**63],
        "explicit_bounds": [0.5],
        "exemplars": [EXEMPLAR | {"as_double": 1.0}],
    },
    "exponential_histogram": {
        "count": 4,
        "sum": 9.5,
        "max": 3.0,
        "scale": -3,
        "zero_count": 2,
        "positive": {"offset": -2, "bucket_counts": [1, 300]},
        "negative": {"offset": 5, "bucket_counts": [7]},
        "exemplars": [EXEMPLAR | {"as_int": 2}],
    },
    "summary": {
        "count": 8,
        "sum": 1.5,
        "quantile_values": [{"quantile": 0.5, "value": 3.0}, {"quantile": 0.99, "value": 4.0}],
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_kind_is_stored(tables: Tables, kind: str) -> None:
    fields: dict[str, Any] = {"aggregation_temporality": 2} if kind not in ("gauge", "summary") else {}
    fields |= {"is_monotonic": True} if kind == "sum" else {}
    request = metric_request(kind, POINT | POINTS[kind], **fields)
    assert tables.send("metrics", request) == 1
    [(_, *at)] = sent_points(request)
    check_point(only(tables, kind), kind, *at)
    assert tables.sink.stored_items("metrics", "segment-1") == 1


@pytest.mark.parametrize("kind", ["histogram", "exponential_histogram"])
def test_a_sum_that_was_not_sent_is_unknown_and_not_zero(tables: Tables, kind: str) -> None:
    tables.send("metrics", metric_request(kind, {"count": 2}))
    row = only(tables, kind)
    assert (row["Count"], row["Sum"], row["Min"], row["Max"]) == (2, None, None, None)


@pytest.mark.parametrize("kind", ["gauge", "sum"])
def test_a_point_without_a_value_is_unknown_and_not_zero(tables: Tables, kind: str) -> None:
    tables.send("metrics", metric_request(kind, {"flags": 1}))
    assert (only(tables, kind)["Value"], only(tables, kind)["Flags"]) == (None, 1)


def test_extreme_values_stay_as_they_are(tables: Tables) -> None:
    values = [math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308]
    tables.send("metrics", metric_request("gauge", *({"as_double": value} for value in values)))
    stored = [row["Value"] for row in tables.read("otel_metrics_gauge")]
    assert sorted(map(str, stored)) == sorted(map(str, values))


def test_points_of_any_shape_are_stored_and_counted(tables: Tables) -> None:
    @settings(seeded, max_examples=12)
    @given(st.lists(requests("metrics"), min_size=1, max_size=3))
    def check(sent: list[Message]) -> None:
        segment_id = f"any-{len(counts)}"
        counts.append(tables.send("metrics", *sent, segment_id=segment_id))
        assert tables.sink.stored_items("metrics", segment_id) == counts[-1]

    counts: list[int] = []
    check()
    assert sum(counts) > 0


@pytest.mark.parametrize(
    ("time_ns", "day"),
    [
        (0, RECEIVED_DAY),
        (RECEIVED_NS - 15_000 * DAY_NS, "1985-10-29"),
        (RECEIVED_NS - 20_001 * DAY_NS, RECEIVED_DAY),
        (2**64 - 1, RECEIVED_DAY),
    ],
    ids=["never", "long ago", "before all that is kept", "2554"],
)
def test_an_absurd_time_does_not_choose_the_day(tables: Tables, time_ns: int, day: str) -> None:
    tables.send("metrics", *(metric_request(kind, {"time_unix_nano": time_ns}) for kind in KINDS))
    for kind in KINDS:
        row = only(tables, kind)
        assert (str(row["EventDay"]), row["TimeUnix"]) == (day, to_datetime(min(time_ns, 2**63 - 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_exporters_own_insert_works(tables: Tables, kind: str) -> None:
    columns = EXPORTER_COLUMNS[kind]
    row: dict[str, Any] = dict.fromkeys(columns, 0) | {
        "TimeUnix": datetime.now(UTC),
        "StartTimeUnix": datetime.now(UTC),
    }
    row |= {
        name: "x" for name in columns[:14] if name.endswith(("Name", "Url", "Version", "Unit", "Description"))
    }
    row |= {name: {"k": "v"} for name in columns if name.endswith("Attributes")}
    row |= {name: [] for name in columns if "." in name or name.endswith(("Counts", "Bounds"))}
    table = f"otel_metrics_{kind}"
    tables.insert_foreign(table, columns, [row[name] for name in columns])
    stored = only(tables, kind)
    assert (stored["Attributes"], stored["MetricName"]) == ({"k": "v"}, "x")
    assert (stored["Project"], stored["RetentionClass"], stored["SegmentId"]) == ("default", "standard", "")
    assert stored["EventDay"] == row["TimeUnix"].date()
    names = [described[0] for described in tables.query(f"DESCRIBE TABLE {DATABASE}.{table}").rows]
    assert tuple(names[: len(columns) + 1]) == (*columns, "Project")


def all_kinds(days: int) -> list[Message]:
    times = [{"time_unix_nano": RECEIVED_NS - day * DAY_NS} for day in range(days)]
    return [metric_request(kind, *(POINTS[kind] | time for time in times)) for kind in KINDS]


def test_a_repeated_segment_is_stored_once_over_many_days(tables: Tables) -> None:
    for _ in range(2):
        assert tables.send("metrics", *all_kinds(25), segment_id="many-days") == 125
    assert [tables.count(table, "many-days") for table in TARGETS["metrics"]] == [25] * 5


def test_a_discarded_segment_is_gone_and_can_be_stored_again(tables: Tables) -> None:
    for token in ("first", "second"):
        tables.send("metrics", *all_kinds(2), segment_id="discarded", token=token)
        assert tables.sink.stored_items("metrics", "discarded") == 10
        tables.sink.discard("metrics", "discarded")
        assert tables.sink.stored_items("metrics", "discarded") == 0


def test_exemplars_are_found_by_their_trace(tables: Tables) -> None:
    tables.send("metrics", metric_request("gauge", POINTS["gauge"], {"as_int": 1}))
    sql = f"SELECT Value FROM {DATABASE}.otel_metrics_gauge WHERE has(Exemplars.TraceId, {{trace:String}})"
    assert tables.query(sql, {"trace": TRACE_ID.hex()}).rows == [(-5.0,)]


def test_on_a_cluster_a_series_stays_on_its_shard() -> None:
    [metrics] = [migration for migration in load_migrations() if migration.name == "metrics"]
    statements = [one for one in metrics.tables(Layout(cluster="main")) if "ENGINE = Distributed" in one]
    assert len(statements) == len(KINDS)
    assert all(one.endswith("_local', cityHash64(MetricName, Attributes))") for one in statements)
