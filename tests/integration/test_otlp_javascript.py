"""OpenTelemetry's JavaScript exporters against the HTTP door."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.javascript import WAYS, send_from_javascript
from tests.otlp.doors import KEY, Doors, running_doors

REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with running_doors() as doors:
        yield doors


@pytest.fixture(scope="module", params=WAYS)
def stored(request: pytest.FixtureRequest, doors: Doors) -> dict[str, list[Any]]:
    """What is stored of one run of the sender, parsed, by signal."""
    doors.spool.stored.clear()
    send_from_javascript(doors.http, request.param, KEY)
    found: dict[str, list[Any]] = {}
    for entry in doors.spool.stored:
        found.setdefault(entry.signal, []).append(REQUESTS[entry.signal].FromString(entry.body))
    return found


def values(attributes: Any) -> dict[str, Any]:
    read = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        value = getattr(attribute.value, kind)
        read[attribute.key] = list(map(scalar, value.values)) if kind == "array_value" else value
    return read


def scalar(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


def test_a_span_arrives_with_everything_on_it(stored: dict[str, list[Any]]) -> None:
    sent = [request.resource_spans[0].scope_spans[0].spans[0] for request in stored["traces"]]
    span, parent = sorted(sent, key=lambda span: span.name)
    assert (span.name, span.kind, len(span.trace_id), len(span.span_id)) == ("chat gpt-4o", 3, 16, 8)
    assert values(span.attributes) == {
        "text": "Grüße 🦉",
        "empty": "",
        "whole": 42,
        "negative": -7,
        "large": 9007199254740991,
        "fraction": 0.5,
        "yes": True,
        "no": False,
        "texts": ["a", "b"],
        "numbers": [1, 2.5],
        "nothing": "[]",
    }
    assert (span.links[0].trace_id, span.links[0].span_id) == (parent.trace_id, parent.span_id)
    assert values(span.links[0].attributes) == {"kind": "follows"}
    assert (span.events[0].name, span.status.code, span.status.message) == ("exception", 2, "rate limited")
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    assert values(stored["traces"][1].resource_spans[0].resource.attributes) == {"service.name": "javascript"}


def test_a_log_event_arrives_with_its_body_as_json(stored: dict[str, list[Any]]) -> None:
    [record] = stored["logs"][0].resource_logs[0].scope_logs[0].log_records
    assert record.event_name == "gen_ai.client.inference.operation.details"
    assert record.body.string_value == '{"message":{"role":"user","parts":["hello",1,null,{"deep":[true]}]}}'
    assert values(record.attributes) == {"raw": b"\x01\x02\xff", "map": '{"a":1}'}


def test_metrics_arrive(stored: dict[str, list[Any]]) -> None:
    metrics = {
        metric.name: metric for metric in stored["metrics"][0].resource_metrics[0].scope_metrics[0].metrics
    }
    [calls] = metrics["calls"].sum.data_points
    assert (scalar_point(calls), values(calls.attributes)) == (3, {"model": "gpt-4o"})
    assert metrics["gen_ai.client.operation.duration"].histogram.data_points[0].sum == 0.25
    assert scalar_point(metrics["temperature"].gauge.data_points[0]) == -1.5


def scalar_point(point: Any) -> float:
    number: float = getattr(point, point.WhichOneof("value"))
    return number
