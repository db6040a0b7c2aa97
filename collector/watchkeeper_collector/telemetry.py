"""The collector's own metrics, in Prometheus' form."""

import platform
from collections import defaultdict
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Telemetry:
    """One registry with the metrics of the doors; other parts add theirs.

    ``signal`` is traces, logs or metrics, ``transport`` http or grpc, ``reason`` an error's code.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        doors = ("signal", "transport")
        self.requests = self._counter("requests", "Requests answered with success.", *doors)
        self.received_bytes = self._counter(
            "received_bytes", "Bytes of request bodies, as they arrived.", "signal"
        )
        self.refused = self._counter("refused_requests", "Requests refused as a whole.", *doors, "reason")
        self.accepted_items = self._counter(
            "accepted_items", "Spans, log records and data points accepted.", "signal"
        )
        self.refused_items = self._counter(
            "refused_items", "Items refused out of accepted requests.", "signal", "reason"
        )
        self.rewritten = self._counter(
            "rewritten_messages", "Messages whose bytes were changed at the door.", "signal"
        )
        self.redacted = self._counter(
            "redacted_values", "Values that a project's redaction policy found.", "signal", "detector"
        )
        self.duplicates = self._counter(
            "duplicate_requests", "Retries of requests that were stored already.", "signal"
        )
        self.seconds = Histogram(
            "watchkeeper_request_seconds",
            "Time from a request's headers to its answer.",
            doors,
            buckets=SECONDS,
            registry=self.registry,
        )

    def add_gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """A gauge ``watchkeeper_<name>`` that is read when it is scraped."""
        Gauge(f"watchkeeper_{name}", documentation, registry=self.registry).set_function(read)

    def add_process(self, version: str) -> None:
        """What runs, and what memory, processor time and files it takes (``process_*``)."""
        build = Gauge(
            "watchkeeper_build_info", "1, with what runs.", ("version", "python"), registry=self.registry
        )
        build.labels(version, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def add_collector(self, collector: Collector) -> None:
        """A part's own families of metrics, read when they are scraped."""
        self.registry.register(collector)

    def render(self) -> bytes:
        """The exposition of ``/metrics``; its type is ``content_type``."""
        return generate_latest(self.registry)

    def totals(self) -> dict[str, dict[str, float]]:
        """What the doors counted: by signal, refusals by their reason."""
        by_signal = {
            "requests": self.requests,
            "received_bytes": self.received_bytes,
            "accepted_items": self.accepted_items,
            "rewritten_messages": self.rewritten,
            "duplicate_requests": self.duplicates,
        }
        by_reason = {"refused_requests": self.refused, "refused_items": self.refused_items}
        return {name: _sum(counter, "signal") for name, counter in by_signal.items()} | {
            name: _sum(counter, "reason") for name, counter in by_reason.items()
        }

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"watchkeeper_{name}", documentation, labels, registry=self.registry)


def _sum(counter: Counter, label: str) -> dict[str, float]:
    """The counter's values added up by one of its labels."""
    sums: defaultdict[str, float] = defaultdict(float)
    for family in counter.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                sums[sample.labels[label]] += sample.value
    return dict(sums)
