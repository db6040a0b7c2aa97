"""The families of ``/metrics`` that are read from other parts' counts when they are scraped."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchkeeper_collector.spool.stats import SpoolStats

SPOOL_GAUGES = {
    "segments": ("segments", "Segments that the store has not got."),
    "size_bytes": ("bytes", "Bytes of segments that the store has not got."),
    "quota_bytes": ("quota_bytes", "Bytes that the spool may use before senders are told to wait."),
    "oldest_age_s": ("oldest_age_seconds", "Age of the oldest segment that the store has not got."),
    "dead_letters": ("dead_letters", "Requests that the store refused, kept as files."),
    "dead_letter_bytes": ("dead_letter_bytes", "Bytes of the requests that the store refused."),
}
SPOOL_COUNTERS = {
    "appended_records": ("appended_records", "Requests made durable."),
    "appended_items": ("appended_items", "Spans, log records and data points made durable."),
    "appended_bytes": ("appended_bytes", "Bytes made durable."),
    "duplicates": ("duplicates", "Requests that were recognised as retries."),
    "over_quota": ("over_quota", "Requests refused because the quota was used up."),
    "short_of_disk": ("short_of_disk", "Requests refused because the disk's reserve was reached."),
    "disk_errors": ("disk_errors", "Commits that the disk failed."),
    "commits": ("commits", "Commits, each with one fsync for all requests waiting."),
    "commit_s": ("commit_seconds", "Seconds spent in commits."),
    "drained_segments": ("drained_segments", "Segments that the store took."),
    "drained_items": ("drained_items", "Items of the segments that the store took."),
    "drain_failures": ("drain_failures", "Attempts to store a segment that failed and are repeated."),
    "refused_records": ("refused_records", "Requests that the store refused, now dead letters."),
    "torn_bytes": ("torn_bytes", "Bytes without a whole record, cut from segments on recovery."),
    "count_mismatches": ("count_mismatches", "Segments whose rows in the store differ in number."),
    "unsaved_fingerprints": ("unsaved_fingerprints", "Requests whose retries a restart won't recognise."),
}
WORKER_GAUGES = {
    "round_s": ("last_round_seconds", "Seconds that the last round took."),
    "hours_waiting": ("hours_waiting", "Hours that changed and are read from spans until built again."),
    "traces_too_large": ("traces_too_large", "Traces that were too large for the last round."),
}


class SpoolFamilies(Collector):
    """The spool's statistics."""

    def __init__(self, stats: Callable[[], SpoolStats]) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self._stats()
        for field, (name, text) in SPOOL_GAUGES.items():
            yield GaugeMetricFamily(f"watchkeeper_spool_{name}", text, getattr(stats, field))
        for field, (name, text) in SPOOL_COUNTERS.items():
            yield CounterMetricFamily(f"watchkeeper_spool_{name}", text, getattr(stats, field))
        yield GaugeMetricFamily(
            "watchkeeper_spool_store_is_failing",
            "1 while the store does not take what it is offered; /api/v1/status says why.",
            float(bool(stats.last_failure)),
        )


class WorkerFamilies(Collector):
    """What the workers behind the store count, by the fields of their status."""

    def __init__(self, statuses: Mapping[str, Any]) -> None:
        self._statuses = statuses

    def collect(self) -> Iterator[Metric]:
        for worker, status in self._statuses.items():
            for field, value in asdict(status).items():
                if field in WORKER_GAUGES:
                    name, text = WORKER_GAUGES[field]
                    yield GaugeMetricFamily(f"watchkeeper_{worker}_{name}", text, value)
                elif isinstance(value, int):
                    text = f"{field.replace('_', ' ').capitalize()} of the worker for {worker}."
                    yield CounterMetricFamily(f"watchkeeper_{worker}_{field}", text, value)
