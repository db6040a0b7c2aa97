"""Tells the settling of spans that reach the store long after they were received."""

from collections.abc import Callable

from watchkeeper_collector.spool import SegmentSink, opened_ns


class ReportingSink:
    """A sink that reports, for each segment it stored, since when its spans are there to be looked at."""

    def __init__(self, sink: SegmentSink, report: Callable[[int], None]) -> None:
        self._sink = sink
        self._report = report
        self.dry_run = sink.dry_run
        self.stored_items = sink.stored_items
        self.discard = sink.discard

    def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
        self._sink.insert(signal, segment_id, payload, token)
        self._report(opened_ns(segment_id))
