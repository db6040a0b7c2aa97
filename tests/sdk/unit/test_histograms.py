"""Our histograms say what OpenTelemetry's own say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from watchkeeper.histograms import MAX_SERIES, Histograms
from watchkeeper.measuring import DURATION_BOUNDS_S, TOKEN_BOUNDS

RESOURCE = Resource({"service.name": "x"})
SCOPE = InstrumentationScope("tests", "1")
CREATIONS: tuple[dict[str, Any], ...] = (
    {"name": "duration", "unit": "s", "explicit_bucket_boundaries_advisory": DURATION_BOUNDS_S},
    {"name": "tokens", "unit": "{token}", "explicit_bucket_boundaries_advisory": TOKEN_BOUNDS},
)
AMOUNTS = st.one_of(st.floats(0, 1e6), st.sampled_from(DURATION_BOUNDS_S), st.integers(0, 10**9))
RECORDS = st.lists(
    st.tuples(st.integers(0, 1), AMOUNTS, st.sampled_from(["a", "b"])), min_size=1, max_size=30
)


def without_times(body: bytes) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest.FromString(body)
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    metrics.sort(key=lambda metric: metric.name)
    for metric in metrics:
        for point in metric.histogram.data_points:
            assert point.start_time_unix_nano <= point.time_unix_nano
            point.start_time_unix_nano = point.time_unix_nano = 0
    return request


@given(RECORDS)
def test_histograms_are_encoded_as_opentelemetry_does(records: list[tuple[int, float, str]]) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(
        [reader], resource=RESOURCE, shutdown_on_exit=False, exemplar_filter=AlwaysOffExemplarFilter()
    )
    meter, ours = provider.get_meter("tests", "1"), Histograms()
    pairs = [(meter.create_histogram(**one), ours.create_histogram(**one)) for one in CREATIONS]
    for number, amount, model in records:
        for histogram in pairs[number]:
            histogram.record(amount, {"model": model, "port": 443})
    expected = encode_metrics(reader.get_metrics_data()).SerializeToString()
    assert without_times(ours.encode(RESOURCE, SCOPE)) == without_times(expected)


def test_combinations_of_dimensions_are_bounded() -> None:
    histograms = Histograms()
    histogram = histograms.create_histogram(**CREATIONS[0])
    for number in range(MAX_SERIES + 50):
        histogram.record(1.0, {"model": f"m-{number}"})
    request = ExportMetricsServiceRequest.FromString(histograms.encode(RESOURCE, SCOPE))
    points = request.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points
    assert (len(points), points[-1].count) == (MAX_SERIES + 1, 50)
    assert points[-1].attributes[0].key == "otel.metric.overflow"


def test_nothing_is_sent_before_something_is_recorded() -> None:
    histograms = Histograms()
    histograms.create_histogram(**CREATIONS[0])
    assert histograms.encode(RESOURCE, SCOPE) == b""
