"""``watchkeeper.instrument()``: everything is put together here, and taken apart again."""

import atexit
import logging
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import TracerProvider, format_trace_id, get_current_span

from watchkeeper import active
from watchkeeper.call import Endpoint
from watchkeeper.carrying import carry
from watchkeeper.finishing import Finisher
from watchkeeper.guard import Guard
from watchkeeper.installing import Installation
from watchkeeper.measuring import Measuring
from watchkeeper.packing import Packed, Packer
from watchkeeper.patching import Patch, patch
from watchkeeper.pipeline import Pipeline
from watchkeeper.pricing import Pricing
from watchkeeper.processor import StoryProcessor
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.redaction import Redaction
from watchkeeper.registration import register_method
from watchkeeper.scores import Score
from watchkeeper.sending import build_sender
from watchkeeper.settings import Capture, Redact, Settings, read_settings
from watchkeeper.tracers import Tracers, build_resource

logger = logging.getLogger("watchkeeper")
_handles: list["Handle"] = []
"""The one that is open, if any: ``instrument()`` twice is once."""


class Handle:
    """What ``instrument()`` returns: to flush, to look at, and to undo it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard = Guard(is_strict=settings.strict)
        self._measuring = _build_measuring(settings)
        self._pipeline = self._build_pipeline()
        self._processor = StoryProcessor(self._export_span, self._guard)
        self._tracers = Tracers(settings, self._processor, own_version())
        self.recorder = Recorder(
            self._tracers, self._pipeline, self._guard, stream_bytes=settings.content_bytes
        )
        self._installation = Installation(self.recorder)

    def _build_pipeline(self) -> Pipeline:
        settings, guard = self.settings, self._guard
        finisher = Finisher(settings, guard, Pricing(), self._measuring, Redaction(settings.redact))
        packer = Packer(finisher, guard, request_bytes=settings.request_bytes)
        due = self._measuring.due if self._measuring else _nothing_due
        return Pipeline(settings, packer, lambda: build_sender(settings), guard, due)

    def open(self) -> None:
        """Wrap the clients and start to record."""
        self._installation.install(self.settings.providers)
        for registration in active.registrations:
            self._installation.add(registration(self.recorder))
        for carrier in carry(self.recorder):
            self._installation.add(carrier)
        self._installation.add(patch(trace, "set_tracer_provider", self._tracers.noticing))
        self._tracers.current()
        active.activate(self.recorder)
        os.register_at_fork(after_in_child=_weak(self._after_fork))
        atexit.register(self._at_exit)

    def add(self, registration: Callable[[Recorder], Patch]) -> None:
        self._installation.add(registration(self.recorder))

    @property
    def tracer_provider(self) -> TracerProvider:
        """The provider in use, for instrumentations that are handed one."""
        return self._tracers.provider

    @property
    def instrumented(self) -> tuple[str, ...]:
        """Providers whose client is wrapped by now; others follow when the application imports them."""
        return tuple(self._installation.instrumented)

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until what was recorded is sent; ``False`` when the collector didn't take it in time."""
        return self._pipeline.flush(timeout_s)

    def stats(self) -> Mapping[str, Any]:
        """What became of spans: sent, dropped, refused, waiting; and how often the SDK itself failed, and
        where.
        """
        counts, (waiting, waiting_bytes) = self._pipeline.counts, self._pipeline.waiting
        return {
            "sent": counts.sent,
            "dropped": counts.dropped,
            "refused": counts.refused,
            "waiting": waiting,
            "waiting_bytes": waiting_bytes,
            "faults": dict(self._guard.faults),
        }

    def uninstrument(self) -> None:
        """Put every client's own methods back; what was recorded is still sent."""
        active.deactivate(self.recorder)
        self._processor.is_active = False
        self._installation.remove()
        if self in _handles:
            _handles.remove(self)

    def shutdown(self, timeout_s: float = 10.0) -> bool:
        """Undo ``instrument()`` and send what is left; ``False`` when some couldn't be in time."""
        self.uninstrument()
        atexit.unregister(self._at_exit)
        return self._pipeline.close(timeout_s)

    def _export_span(self, span: Any) -> None:
        self.recorder.export_span(span)

    def _after_fork(self) -> None:
        self._pipeline.reset()
        if self._measuring is not None:
            self._measuring.reset()

    def _at_exit(self) -> None:
        self._guard(self._pipeline.close, self.settings.exit_timeout_s)


def instrument(
    *,
    service_name: str | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
    environment: str | None = None,
    release: str | None = None,
    capture: Capture | None = None,
    sample_ratio: float | None = None,
    redact: Redact | None = None,
    providers: Sequence[str] | None = None,
    set_global: bool | None = None,
    **more: Any,
) -> Handle:
    """Record every call of the LLM clients that are installed, and send it to a collector.

    ``more`` are the other fields of ``watchkeeper.settings.Settings``; what is not given comes from the
    environment. Called again, it returns the handle there is. Raises ``SettingError`` for wrong settings, and
    nothing else, then or later.
    """
    if _handles:
        return _handles[-1]
    arguments = {name: value for name, value in locals().items() if name != "more"} | more
    handle = Handle(read_settings(arguments))
    if not handle.settings.disabled:
        _handles.append(handle)
        handle.open()
    return handle


def register(
    owner: Any,
    method: str,
    reader: Reader,
    *,
    provider: str,
    address: str | None = None,
    port: int | None = None,
) -> None:
    """Record calls of a client that is not built in: ``owner.method``, of a class or a module.

    ``reader.request`` is given the call's arguments by name; what the method returns, plain or as a stream,
    goes to ``reader.response`` and ``reader.chunk``. May be called before or after ``instrument()``.
    """
    endpoint = Endpoint(provider, address, port)

    def registration(recorder: Recorder) -> Patch:
        return register_method(recorder, owner, method, reader, endpoint)

    active.registrations.append(registration)
    if _handles:
        _handles[-1].add(registration)


def score(
    value: float,
    *,
    name: str,
    trace_id: str | None = None,
    span_id: str | None = None,
    comment: str = "",
) -> None:
    """Feedback or an evaluation for a trace, by default the current one."""
    recorder = active.recorder()
    trace_id = trace_id or current_trace_id()
    if recorder is None or trace_id is None:
        logger.warning(
            "Watchkeeper: the score '%s' has no trace; give a trace_id, or call it inside a span.", name
        )
        return
    recorder.guard(recorder.export_score, Score(float(value), name, trace_id, span_id or "", comment))


def current_trace_id() -> str | None:
    """The id of the trace that is running here, as 32 hexadecimal digits."""
    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else None


def trace_url(trace_id: str | None = None) -> str | None:
    """Where the dashboard shows a trace, by default the current one."""
    trace_id = trace_id or current_trace_id()
    if trace_id is None or not _handles:
        return None
    return f"{_handles[-1].settings.dashboard}/trace?id={trace_id}"


def own_version() -> str:
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "0"


def _build_measuring(settings: Settings) -> Measuring | None:
    if not settings.metrics:
        return None
    return Measuring(build_resource(settings), own_version(), interval_s=settings.metrics_interval_s)


def _nothing_due(*, now: bool = False) -> Packed | None:  # noqa: ARG001 - the signature of what is due
    return None


def _weak(method: Callable[[], None]) -> Callable[[], None]:
    """``method``, unless its object is gone: what is registered for forks stays for good."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        if found := reference():
            found()

    return call
