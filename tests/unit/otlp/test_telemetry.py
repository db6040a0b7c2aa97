"""The collector's own metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from watchkeeper_collector.telemetry import Telemetry


class SpoolMetrics(Collector):
    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("watchkeeper_segments", "Segments.", value=3)


def test_two_collectors_in_one_process_count_apart() -> None:
    one, other = Telemetry(), Telemetry()
    one.requests.labels("traces", "http").inc()
    assert 'watchkeeper_requests_total{signal="traces",transport="http"} 1.0' in one.render().decode()
    assert "watchkeeper_requests_total{" not in other.render().decode()


def test_parts_add_gauges_and_families_that_are_read_when_scraped() -> None:
    telemetry, sizes = Telemetry(), [1.0]
    telemetry.add_gauge("spool_bytes", "Bytes in the spool.", lambda: sizes[-1])
    telemetry.add_collector(SpoolMetrics())
    sizes.append(7.0)
    assert "watchkeeper_spool_bytes 7.0" in telemetry.render().decode()
    assert "watchkeeper_segments_total 3.0" in telemetry.render().decode()
    assert telemetry.content_type.startswith("text/plain")
