"""What holds for the items of each signal: which ids are valid, and what counts as one.

A span without a valid id cannot be stored and is refused. A parent or a log's reference that is not
valid points nowhere: it is taken for absent, as OTLP asks of receivers.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from watchkeeper_collector.otlp.signals import LOGS, METRICS, TRACES, Signal

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8
NO_TRACE = bytes(TRACE_ID_BYTES)
NO_SPAN = bytes(SPAN_ID_BYTES)


REFUSALS = {
    "invalid_trace_id": "trace_id is not 16 bytes, or all zeros",
    "invalid_span_id": "span_id is not 8 bytes, or all zeros",
}


class RefusedError(Exception):
    """This one item is refused, the rest of its request is not. ``reason`` is a key of ``REFUSALS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSALS[reason])
        self.reason = reason


class Rules(NamedTuple):
    """``mend`` blanks invalid references in place, or raises ``RefusedError``; ``count`` is OTLP's count."""

    mend: Callable[[Any], None]
    count: Callable[[Any], int]


def mend_span(span: Any) -> None:
    trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
    if len(trace_id) != TRACE_ID_BYTES or trace_id == NO_TRACE:
        raise RefusedError("invalid_trace_id")
    if len(span_id) != SPAN_ID_BYTES or span_id == NO_SPAN:
        raise RefusedError("invalid_span_id")
    if parent_id and (len(parent_id) != SPAN_ID_BYTES or parent_id == NO_SPAN):
        span.ClearField("parent_span_id")


def mend_log(record: Any) -> None:
    if len(record.trace_id) != TRACE_ID_BYTES or record.trace_id == NO_TRACE:
        record.ClearField("trace_id")
    if len(record.span_id) != SPAN_ID_BYTES or record.span_id == NO_SPAN:
        record.ClearField("span_id")


def count_points(metric: Any) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def leave(_message: Any) -> None:
    """Mend nothing."""


RULES: dict[Signal, Rules] = {
    TRACES: Rules(mend_span, lambda _: 1),
    LOGS: Rules(mend_log, lambda _: 1),
    METRICS: Rules(leave, count_points),
}
NO_ITEM = Rules(leave, lambda _: 0)
