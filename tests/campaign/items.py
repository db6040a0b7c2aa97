"""Numbered spans, log records and data points, as requests and as the rows that become of them."""

import time
from collections.abc import Callable, Mapping, Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint

from tests.collector import CollectorProcess
from tests.otlp.requests import any_value, make_span, trace_request

CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 7,
}


def build_traces(numbers: Sequence[int]) -> bytes:
    """Calls of one trace, each with content."""
    now_ns, trace_id = time.time_ns(), numbers[0].to_bytes(16, "big")
    return trace_request(
        *(
            make_span(
                CALL | {"gen_ai.input.messages": f'[{{"role": "user", "content": "What is {number}?"}}]'},
                trace_id=trace_id,
                span_id=number.to_bytes(8, "big"),
                start_time_unix_nano=now_ns,
                end_time_unix_nano=now_ns + 1_000_000,
            )
            for number in numbers
        )
    ).SerializeToString()


def build_logs(numbers: Sequence[int]) -> bytes:
    request = ExportLogsServiceRequest()
    records = [LogRecord(time_unix_nano=time.time_ns(), body=any_value(str(number))) for number in numbers]
    request.resource_logs.add().scope_logs.add().log_records.extend(records)
    return request.SerializeToString()


def build_metrics(numbers: Sequence[int]) -> bytes:
    request = ExportMetricsServiceRequest()
    points = [NumberDataPoint(time_unix_nano=time.time_ns(), as_double=number) for number in numbers]
    metric = Metric(name="numbers", gauge=Gauge(data_points=points))
    request.resource_metrics.add().scope_metrics.add().metrics.append(metric)
    return request.SerializeToString()


BUILDERS: Mapping[str, Callable[[Sequence[int]], bytes]] = {
    "traces": build_traces,
    "logs": build_logs,
    "metrics": build_metrics,
}

PLACES = {
    "traces": "SELECT reinterpretAsUInt64(reverse(unhex(SpanId))) AS number FROM spans",
    "traces content": "SELECT reinterpretAsUInt64(reverse(unhex(SpanId))) AS number FROM span_content",
    "logs": "SELECT toUInt64(Body) AS number FROM otel_logs",
    "metrics": "SELECT toUInt64(Value) AS number FROM otel_metrics_gauge",
}
"""Where the items of a signal end up."""


def load_stored(collector: CollectorProcess) -> dict[str, dict[int, int]]:
    """How many rows each number has, by place, as the API's SQL answers it."""
    return {place: _load_rows(collector, numbers) for place, numbers in PLACES.items()}


def _load_rows(collector: CollectorProcess, numbers: str) -> dict[int, int]:
    query = (
        "SELECT groupArray(number), groupArray(rows)"
        f" FROM (SELECT number, count() AS rows FROM ({numbers}) GROUP BY number)"
    )
    answer = collector.ask("/api/v1/sql", method="POST", body={"query": query})
    assert answer.status == 200, answer.body
    [(found, rows)] = answer.json()["rows"]
    return {int(number): int(count) for number, count in zip(found, rows, strict=True)}
