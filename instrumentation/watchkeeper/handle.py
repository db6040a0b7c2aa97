"""What ``instrument()`` returns: everything is put together here, and taken apart again."""

import atexit
import os
import weakref
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import TracerProvider

from watchkeeper import active
from watchkeeper.carrying import carry
from watchkeeper.delegation import Aside, DelegateProvider
from watchkeeper.finishing import Finisher
from watchkeeper.guard import Guard
from watchkeeper.installing import Installation
from watchkeeper.leaving import SERVER, flush_when_served
from watchkeeper.measuring import Measuring
from watchkeeper.packing import Packed, Packer
from watchkeeper.patching import LatePatches, Patch, patch
from watchkeeper.pipeline import Pipeline
from watchkeeper.pricing import Pricing
from watchkeeper.processor import StoryProcessor
from watchkeeper.recorder import Recorder
from watchkeeper.redaction import Redaction
from watchkeeper.sending import build_sender
from watchkeeper.settings import Settings
from watchkeeper.tracers import Tracers, build_resource
from watchkeeper.twins import Twins


class Handle:
    """What ``instrument()`` returns: to flush, to look at, and to undo it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard = Guard(is_strict=settings.strict)
        self._measuring = _build_measuring(settings)
        self._pipeline = self._build_pipeline()
        twins, aside = Twins(), Aside()
        self._processor = StoryProcessor(self._export_span, self._guard, twins, aside)
        self._tracers = Tracers(settings, self._processor, own_version(), self._guard)
        self.recorder = Recorder(
            self._tracers, twins, self._pipeline, self._guard, stream_bytes=settings.content_bytes
        )
        self._delegates = DelegateProvider(self._tracers, twins, aside)
        self._installation = Installation(
            self.recorder, self._delegates, captures_content=settings.capture != "none"
        )
        self.is_open = not settings.disabled
        self.is_automatic = False
        """Opened by ``watchkeeper run``, and not by the application."""

    def _build_pipeline(self) -> Pipeline:
        settings, guard = self.settings, self._guard
        finisher = Finisher(settings, guard, Pricing(), self._measuring, Redaction(settings.redact))
        packer = Packer(finisher, guard, request_bytes=settings.request_bytes)
        due = self._measuring.due if self._measuring else _nothing_due
        return Pipeline(settings, packer, lambda: build_sender(settings), guard, due)

    def open(self) -> None:
        """Wrap the clients and start to record. What fails is left out, and the rest goes on."""
        for step in (
            self._wrap_clients, self._carry, self._notice_provider, self._tracers.current, self._leave_late,
        ):  # fmt: skip
            self._guard(step)
        for registration in active.registrations:
            self.add(registration)
        active.activate(self.recorder)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_weak(self._pipeline.hold),
                after_in_parent=_weak(self._pipeline.release),
                after_in_child=_weak(self._after_fork),
            )
        self._guard(atexit.register, self._at_exit)

    def add(self, registration: Callable[[Recorder], Patch]) -> None:
        patch: Patch | None = self._guard(registration, self.recorder)
        if patch is not None:
            self._installation.add(patch)

    def _wrap_clients(self) -> None:
        self._installation.install(self.settings.providers)

    def _carry(self) -> None:
        for carrier in carry(self.recorder):
            self._installation.add(carrier)

    def _notice_provider(self) -> None:
        self._installation.add(patch(trace, "set_tracer_provider", self._tracers.noticing))

    def _leave_late(self) -> None:
        flush, timeout_s = self._pipeline.flush, self.settings.exit_timeout_s
        servers = LatePatches(self._guard)
        servers.when_imported(SERVER, lambda: flush_when_served(flush, timeout_s))
        self._installation.add(servers)

    @property
    def tracer_provider(self) -> TracerProvider:
        """The provider in use, for instrumentations that are handed one."""
        return self._tracers.provider

    @property
    def instrumented(self) -> tuple[str, ...]:
        """Clients that are wrapped by now and frameworks that are recorded; others follow when the
        application imports them.
        """
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
        self._delegates.is_active = False
        self._installation.remove()
        self.is_open = False

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
