"""The official Python exporters against both doors, and what a collector's outage does to them."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from watchkeeper_collector.errors import SpoolFullError

from tests.otlp.doors import KEY, Doors, running_doors

Export = Callable[[Doors, str], Any]

MESSAGES = [{"role": "user", "parts": [{"type": "text", "content": "Grüße 🦉"}]}]


@pytest.fixture(scope="module")
def all_doors() -> Iterator[Doors]:
    with running_doors() as doors:
        yield doors


@pytest.fixture
def doors(all_doors: Doors) -> Doors:
    all_doors.spool.forget()
    return all_doors


def http(kind: Any, signal: str, compression: Compression) -> Callable[[Doors], Any]:
    headers = {"x-api-key": KEY}
    return lambda doors: kind(f"{doors.http}/v1/{signal}", headers=headers, compression=compression)


def over_grpc(kind: Any, compression: grpc.Compression) -> Callable[[Doors], Any]:
    return lambda doors: kind(doors.grpc, insecure=True, headers={"x-api-key": KEY}, compression=compression)


def ways(signal: str, over_http: Any, grpc_kind: Any) -> list[Any]:
    return [
        pytest.param(http(over_http, signal, Compression.NoCompression), id="http"),
        pytest.param(http(over_http, signal, Compression.Gzip), id="http-gzip"),
        pytest.param(http(over_http, signal, Compression.Deflate), id="http-deflate"),
        pytest.param(over_grpc(grpc_kind, grpc.Compression.NoCompression), id="grpc"),
        pytest.param(over_grpc(grpc_kind, grpc.Compression.Gzip), id="grpc-gzip"),
    ]


def record_spans(attributes: dict[str, Any]) -> Sequence[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests", "1")
    with (
        tracer.start_as_current_span("invoke_agent"),
        tracer.start_as_current_span("chat", kind=SpanKind.CLIENT) as span,
    ):
        span.set_attributes(attributes)
        span.add_event("exception", {"exception.type": "RateLimitError"})
        span.set_status(StatusCode.ERROR, "rate limited")
    provider.shutdown()
    return memory.get_finished_spans()


def stored_spans(doors: Doors) -> list[Any]:
    requests = [ExportTraceServiceRequest.FromString(stored.body) for stored in doors.spool.stored]
    return [
        span
        for request in requests
        for group in request.resource_spans
        for span in group.scope_spans[0].spans
    ]


@pytest.mark.parametrize("build", ways("traces", HttpSpanExporter, GrpcSpanExporter))
def test_spans_arrive_with_values_of_all_kinds(doors: Doors, build: Callable[[Doors], Any]) -> None:
    attributes = {
        "text": "Grüße",
        "yes": True,
        "n": -7,
        "x": 0.5,
        "stop": ["a", "b"],
        "none": [],
        "empty": "",
    }
    exporter = build(doors)
    assert exporter.export(record_spans(attributes)) is SpanExportResult.SUCCESS
    exporter.shutdown()
    chat, agent = stored_spans(doors)
    assert (chat.parent_span_id, agent.parent_span_id) == (agent.span_id, b"")
    values = {attribute.key: attribute.value for attribute in chat.attributes}
    assert (values["text"].string_value, values["yes"].bool_value, values["n"].int_value) == (
        "Grüße",
        True,
        -7,
    )
    assert [item.string_value for item in values["stop"].array_value.values] == ["a", "b"]
    assert (values["none"].string_value, values["empty"].HasField("string_value")) == ("[]", True)
    assert (chat.events[0].name, chat.status.code, chat.status.message) == ("exception", 2, "rate limited")


@pytest.mark.parametrize("build", ways("logs", HttpLogExporter, GrpcLogExporter))
def test_log_events_arrive_with_nested_content_as_json(doors: Doors, build: Callable[[Doors], Any]) -> None:
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(build(doors)))
    provider.get_logger("tests").emit(
        LogRecord(
            event_name="gen_ai.client.inference.operation.details",
            body={"messages": MESSAGES, "raw": b"\x00\xff", "nothing": None},
            attributes={"gen_ai.input.messages": MESSAGES, "mixed": ["a", 1, [True]], "raw": b"\x00"},
        )
    )
    provider.shutdown()
    request = ExportLogsServiceRequest.FromString(doors.spool.stored[0].body)
    [record] = request.resource_logs[0].scope_logs[0].log_records
    values = {attribute.key: attribute.value for attribute in record.attributes}
    assert json.loads(record.body.string_value) == {"messages": MESSAGES, "raw": "AP8=", "nothing": None}
    assert json.loads(values["gen_ai.input.messages"].string_value) == MESSAGES
    assert (values["mixed"].string_value, values["raw"].bytes_value) == ('["a",1,[true]]', b"\x00")


@pytest.mark.parametrize("build", ways("metrics", HttpMetricExporter, GrpcMetricExporter))
def test_metrics_of_every_instrument_arrive(doors: Doors, build: Callable[[Doors], Any]) -> None:
    provider = MeterProvider([PeriodicExportingMetricReader(build(doors), export_interval_millis=3_600_000)])
    meter = provider.get_meter("tests")
    meter.create_counter("calls").add(3, {"model": "gpt-4o"})
    meter.create_histogram("duration").record(0.25)
    meter.create_gauge("temperature").set(-1.5)
    provider.shutdown()
    request = ExportMetricsServiceRequest.FromString(doors.spool.stored[0].body)
    metrics = {metric.name: metric for metric in request.resource_metrics[0].scope_metrics[0].metrics}
    assert metrics["calls"].sum.data_points[0].as_int == 3
    assert metrics["duration"].histogram.data_points[0].sum == 0.25
    assert metrics["temperature"].gauge.data_points[0].as_double == -1.5
    assert doors.spool.stored[0].items == 3


@pytest.mark.parametrize(
    "build",
    [
        http(HttpSpanExporter, "traces", Compression.Gzip),
        over_grpc(GrpcSpanExporter, grpc.Compression.NoCompression),
    ],
    ids=["http", "grpc"],
)
def test_an_outage_is_retried_and_nothing_is_lost(doors: Doors, build: Callable[[Doors], Any]) -> None:
    doors.spool.failures.append(SpoolFullError("The spool is full.", retry_after_s=0.1))
    exporter = build(doors)
    assert exporter.export(record_spans({})) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert len(stored_spans(doors)) == 2
    assert doors.spool.failures == []


@pytest.mark.parametrize(
    "build",
    [http(HttpSpanExporter, "traces", Compression.Gzip), over_grpc(GrpcSpanExporter, grpc.Compression.Gzip)],
    ids=["http", "grpc"],
)
def test_prompts_of_a_mebibyte_arrive_whole_and_longer_ones_cut(
    doors: Doors, build: Callable[[Doors], Any]
) -> None:
    def prompt(size: int) -> str:
        return json.dumps([{"role": "user", "parts": [{"type": "text", "content": "why? " * (size // 5)}]}])

    whole, long = prompt((1 << 20) - 100), prompt(3 << 20)
    exporter = build(doors)
    assert exporter.export(record_spans({"gen_ai.input.messages": whole})) is SpanExportResult.SUCCESS
    assert exporter.export(record_spans({"gen_ai.input.messages": long})) is SpanExportResult.SUCCESS
    exporter.shutdown()
    first, _, second, _ = (
        {attribute.key: attribute.value for attribute in span.attributes} for span in stored_spans(doors)
    )
    assert first["gen_ai.input.messages"].string_value == whole
    assert "watchkeeper.content.cut_chars" not in first
    text = second["gen_ai.input.messages"].string_value
    content = json.loads(text)[0]["parts"][0]["content"]
    assert (1 << 20) - 100 < len(text) <= 1 << 20
    assert second["watchkeeper.content.cut_chars"].int_value == (3 << 20) // 5 * 5 - len(content)
