"""Ended calls, spans and scores as requests to the collector, none larger than it may be."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan

from watchkeeper.byte_queue import ByteQueue
from watchkeeper.encoding import encode_spans
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

    def rejected(self, answer: bytes) -> int:
        """How many spans the collector took the request without."""
        if self.content_type != PROTOBUF or not answer:
            return 0
        return int(ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans)


class Packer:
    """Finishes items one by one and packs them."""

    def __init__(
        self, finish: Callable[[Any], ReadableSpan | Packed | None], guard: Guard, *, request_bytes: int
    ) -> None:
        self._finish = finish
        self._guard = guard
        self._request_bytes = request_bytes
        self._ready: deque[Packed] = deque()

    def clear(self) -> None:
        self._ready.clear()

    def pack(self, queue: ByteQueue[Any]) -> Packed | None:
        """The next request, or ``None`` when nothing waits. The queue's items in it are ours from then on."""
        while not self._ready:
            if not len(queue):
                return None
            if spans := self._gather(queue):
                self._guard(self._encode, spans)
        return self._ready.popleft()

    def _gather(self, queue: ByteQueue[Any]) -> list[ReadableSpan]:
        """Finished spans of about a request; the application may be queueing faster than we take."""
        room_bytes = self._request_bytes // SOFT_SHARE
        spans: list[ReadableSpan] = []
        while room_bytes > 0 and (taken := queue.take()) is not None:
            item, weight_bytes = taken
            room_bytes -= weight_bytes
            finished = self._guard(self._finish, item)
            if isinstance(finished, ReadableSpan):
                spans.append(finished)
            elif isinstance(finished, Packed):
                self._ready.append(finished)
        return spans

    def _encode(self, spans: Sequence[ReadableSpan]) -> None:
        body = encode_spans(spans)
        if len(body) <= self._request_bytes:
            self._ready.append(Packed("/v1/traces", body, len(spans)))
        elif len(spans) > 1:
            self._encode(spans[: len(spans) // 2])
            self._encode(spans[len(spans) // 2 :])
        else:
            raise ValueError(f"The span '{spans[0].name}' is larger than a request may be.")
