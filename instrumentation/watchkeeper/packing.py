"""Ended calls, spans and scores as requests to the collector, none larger than it may be."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan

from watchkeeper.byte_queue import ByteQueue
from watchkeeper.encoding import TraceRequest, encode_span
from watchkeeper.guard import Guard

PROTOBUF = "application/x-protobuf"
SOFT_SHARE = 4
"""Items are gathered up to a quarter of the largest request, since they grow when they are finished."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A request to the collector with the number of items in it."""

    path: str
    body: bytes
    spans: int
    content_type: str = PROTOBUF
    traces: TraceRequest | None = None
    """What ``body`` was made of, where it can be divided."""

    def divided(self) -> list["Packed"]:
        """Two smaller requests in its place; none where it cannot be divided."""
        return [pack_traces(half) for half in self.traces.divided()] if self.traces else []

    def rejected(self, answer: bytes) -> int:
        """How many spans the collector took the request without."""
        if self.traces is None or not answer:
            return 0
        return min(self.spans, read_rejected(answer))


class Packer:
    """Finishes items one by one and packs them."""

    def __init__(
        self, finish: Callable[[Any], ReadableSpan | Packed | None], guard: Guard, *, request_bytes: int
    ) -> None:
        self._finish = finish
        self._guard = guard
        self._request_bytes = request_bytes
        self.clear()

    def clear(self) -> None:
        self.ready: deque[Packed] = deque()
        """Requests that are packed and not yet handed out."""
        self.lost = 0
        """Items that could not be packed: larger than a request may be, or by a fault of ours."""
        self._traces = TraceRequest(self._request_bytes)

    def pack(self, queue: ByteQueue[Any]) -> Packed | None:
        """The next request, or ``None`` when nothing waits. The queue's items in it are ours from then on."""
        while not self.ready:
            if not len(queue):
                return None
            self._gather(queue)
        return self.ready.popleft()

    def divide(self, packed: Packed) -> bool:
        """Hand out a request's halves next; ``False`` where it cannot be divided."""
        halves = packed.divided()
        self.ready.extendleft(reversed(halves))
        return bool(halves)

    def _gather(self, queue: ByteQueue[Any]) -> None:
        """About a request; the application may be queueing faster than we take."""
        room_bytes = self._request_bytes // SOFT_SHARE
        while room_bytes > 0 and (taken := queue.take()) is not None:
            item, weight_bytes = taken
            room_bytes -= weight_bytes
            self.lost += not self._guard(self._take, item, default=False)
        self._close()

    def _take(self, item: Any) -> bool:
        finished = self._finish(item)
        if isinstance(finished, Packed):
            self.ready.append(finished)
        elif finished is not None:
            self._add(finished, encode_span(finished))
        return True

    def _add(self, span: ReadableSpan, encoded: bytes) -> None:
        origin = span.resource, span.instrumentation_scope
        if self._traces.add(origin, encoded):
            return
        self._close()
        if not self._traces.add(origin, encoded):
            raise ValueError(f"The span '{span.name}' is larger than a request may be.")

    def _close(self) -> None:
        traces, self._traces = self._traces, TraceRequest(self._request_bytes)
        if len(traces):
            self.ready.append(pack_traces(traces))


def pack_traces(traces: TraceRequest) -> Packed:
    return Packed("/v1/traces", traces.encode(), len(traces), traces=traces)


def read_rejected(answer: bytes) -> int:
    """The number of rejected spans in OTLP's answer to a request; 0 where it is something else.

    Most answers are empty, so what reads them is imported when it is needed.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415

    try:
        read = trace_service_pb2.ExportTraceServiceResponse.FromString(answer)
    except DecodeError:
        return 0
    return int(read.partial_success.rejected_spans)
