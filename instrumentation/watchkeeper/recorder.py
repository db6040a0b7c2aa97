"""What calls and steps use to make spans and to be exported: the composition of one ``instrument()``."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, SpanKind, TracerProvider

from watchkeeper.call import CALL_BYTES, Call, Endpoint, Receive, is_in_call
from watchkeeper.guard import Guard
from watchkeeper.pipeline import Pipeline
from watchkeeper.reading import Attributes, Reader
from watchkeeper.scores import Score
from watchkeeper.steps import Step
from watchkeeper.suppression import is_suppressed
from watchkeeper.tracers import Tracers
from watchkeeper.twins import Twins

VALUE_BYTES = 32
"""What a number weighs, about."""


class Recorder:
    """Records while ``is_active``; the client's wrappers ask it before each call."""

    def __init__(
        self, tracers: Tracers, twins: Twins, pipeline: Pipeline, guard: Guard, *, stream_bytes: int
    ) -> None:
        self._tracers = tracers
        self._twins = twins
        self._pipeline = pipeline
        self.guard = guard
        self.stream_bytes = stream_bytes
        self.is_active = True

    def begin(
        self, reader: Reader, endpoint: Endpoint, body: Any, receive: Receive, kind: type[Call] = Call
    ) -> Call | None:
        """A new call, or ``None`` where nothing is to be recorded."""
        if not self.is_active or (kind.is_of_a_model and is_in_call()) or is_suppressed():
            return None
        return kind(self, reader, endpoint, body, receive)

    def started(self, call: Call) -> Span:
        self._pipeline.run()
        attributes = call.opening_attributes()
        return self.start_span(call.title, SpanKind.CLIENT, attributes, call.start_ns)

    def start_span(self, name: str, kind: SpanKind, attributes: Attributes, start_ns: int) -> Span:
        context = self._twins.context(attributes)
        return self._tracers.current().start_span(name, context, kind, attributes, start_time=start_ns)

    @property
    def epoch(self) -> int:
        """Of this process; a call or a step of another one is not queued here a second time."""
        return self._pipeline.epoch

    def ended(self, call: Call) -> None:
        self.guard(self._close_span, call)
        self.abandoned(call)

    def abandoned(self, call: Call) -> None:
        if call.epoch == self.epoch:
            self._pipeline.put(call, call.weight_bytes)

    @property
    def tracer_provider(self) -> TracerProvider:
        """Whose spans reach our exporter."""
        return self._tracers.provider

    def export_step(self, step: Step) -> None:
        if step.epoch == self.epoch:
            self._pipeline.run()
            self._pipeline.put(step, step.weight_bytes)

    def export_span(self, span: ReadableSpan) -> None:
        """A span that others made."""
        self._pipeline.run()
        attributes = (span.attributes, *(event.attributes for event in span.events))
        self._pipeline.put(span, CALL_BYTES + sum(_weight_bytes(found or {}) for found in attributes))

    def export_score(self, score: Score) -> None:
        self._pipeline.run()
        self._pipeline.put(score, score.weight_bytes)

    def _close_span(self, call: Call) -> None:
        """The span ends whatever the readers make of the call."""
        try:
            if call.span.is_recording() and self._tracers.is_shared:
                call.span.set_attributes(call.attributes())
                if status := call.status():
                    call.span.set_status(status)
        finally:
            call.span.end(call.end_ns)


def _weight_bytes(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_weight_bytes, value.values()))
    if isinstance(value, Sequence):
        return sum(map(_weight_bytes, value))
    return VALUE_BYTES
