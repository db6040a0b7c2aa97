"""Brings the spool's segments to ClickHouse, which decodes and normalises them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from watchkeeper_schemas.protobuf import schema_path

from watchkeeper_collector.errors import (
    InvalidQueryError,
    QueryLimitError,
    RefusedSegmentError,
    StoreUnavailableError,
)
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout

TARGETS = {
    "traces": ("spans", "span_content"),
    "logs": ("otel_logs", "span_content", "log_features", "scores"),
    "metrics": tuple(
        f"otel_metrics_{kind}" for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary")
    ),
}
CONTENT = (
    "(SELECT count() FROM {database}.span_content"
    " WHERE SegmentId = {segment:String} AND Source = {source:String})"
)
TRACES = "(SELECT DISTINCT TraceId FROM {database}.spans WHERE SegmentId = {segment:String})"
SCORES = "(SELECT count() FROM {database}.scores WHERE SegmentId = {segment:String})"
FEATURES = "(SELECT count() FROM {database}.log_features WHERE SegmentId = {segment:String})"
LISTED = f"(SELECT TraceId FROM {{database}}.trace_index WHERE TraceId GLOBAL IN {TRACES})"
STORED_ITEMS = {
    "traces": f"""
        SELECT if(
            countIf(HasContent) = {CONTENT} AND countIf(TraceId GLOBAL NOT IN {LISTED}) = 0,
            toInt64(count()), -1)
        FROM {{database}}.spans
        WHERE SegmentId = {{segment:String}}""",
    "logs": f"""
        SELECT if(
            countIf(HasContent) = {CONTENT} AND countIf(CompletesSpan) = {FEATURES}
                AND countIf(IsScore) = {SCORES},
            toInt64(count()), -1)
        FROM {{database}}.otel_logs
        WHERE SegmentId = {{segment:String}}""",
    "metrics": "SELECT "
    + " + ".join(
        f"(SELECT count() FROM {{database}}.{table} WHERE SegmentId = {{segment:String}})"
        for table in TARGETS["metrics"]
    ),
}
"""A segment's rows in one table are on disk before those in the next: all of it is there where all agree."""

INSERT_SETTINGS = {
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "distributed_foreground_insert": 1,
    "exclude_materialize_skip_indexes_on_insert": "words",  # a merge makes it, in the background
    "insert_deduplicate": 1,
    "max_partitions_per_insert_block": 0,
    "parallel_view_processing": 0,
    "max_insert_block_size": 1_000_000,
    "min_insert_block_size_rows": 0,
    "min_insert_block_size_bytes": 0,
}
T = TypeVar("T")


class StoreSink:
    """The spool's way into a store: see ``spool.sink.SegmentSink``."""

    def __init__(self, store: Store, layout: Layout | None = None, *, reserve_bytes: int = 0) -> None:
        """``reserve_bytes``: with less free disk the engine refuses. It would not notice the very end."""
        self._store = store
        self._insert_settings = {**INSERT_SETTINGS, "min_free_disk_bytes_to_perform_insert": reserve_bytes}
        self._layout = layout or Layout()
        self._schemas = {signal: store.protobuf_settings(schema_path(signal), "Record") for signal in TARGETS}

    def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
        del segment_id
        settings = {**self._insert_settings, **self._schemas[signal], "insert_deduplication_token": token}
        self._insert(f"otlp_{signal}", payload, settings)

    def dry_run(self, signal: str, payload: bytes) -> None:
        """Spans are normalised too; logs and metrics can only fail to decode."""
        self._insert(f"trial_{signal}", payload, {**self._insert_settings, **self._schemas[signal]})

    def stored_items(self, signal: str, segment_id: str) -> int:
        count = STORED_ITEMS[signal].replace("{database}", self._layout.database)
        source = "span" if signal == "traces" else "log"
        return int(self._store.query(count, {"segment": segment_id, "source": source}).rows[0][0])

    def discard(self, signal: str, segment_id: str) -> None:
        for table in TARGETS[signal]:
            name = f"{self._layout.local(table)} {self._layout.on_cluster}".rstrip()
            self._store.command(
                f"DELETE FROM {name} WHERE SegmentId = {{segment:String}}", {"segment": segment_id}
            )

    def _insert(self, table: str, payload: bytes, settings: Mapping[str, Any]) -> None:
        database = self._layout.database
        refusing(lambda: self._store.raw_insert(table, payload, "Protobuf", settings, database=database))


def refusing(step: Callable[[], T]) -> T:
    """Tell data that the engine refuses from an engine that is not available."""
    try:
        return step()
    except InvalidQueryError as error:
        raise RefusedSegmentError(error.message, details=error.details) from error
    except QueryLimitError as error:  # memory: of this insert or of all; a smaller segment may pass
        raise StoreUnavailableError(error.message, details=error.details) from error
