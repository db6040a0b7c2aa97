"""``watchkeeper.instrument()``, and what applications call beside it."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.trace import format_trace_id, get_current_span

from watchkeeper import active
from watchkeeper.call import Endpoint
from watchkeeper.guard import Guard
from watchkeeper.handle import Handle
from watchkeeper.patching import Patch
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.registration import register_method
from watchkeeper.scores import Score, Value, read_value
from watchkeeper.settings import Capture, Redact, Settings, read_settings, read_usable_settings

logger = logging.getLogger("watchkeeper")
_handles: list[Handle] = []
_opening = threading.Lock()
"""Held while a handle is made, and not while it is opened, which may import the application's modules."""


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
    environment. Called again, it returns the handle there is. It never raises: a setting that cannot be
    understood is told in the log and has its default, and with a wrong one about content none is captured.
    """
    return open_handle({name: value for name, value in locals().items() if name != "more"} | more)


def open_handle(arguments: Mapping[str, Any], *, is_automatic: bool = False) -> Handle:
    """The handle there is, else a new one. One that was opened automatically makes room for the
    application's, whose settings are its own.
    """
    with _opening:
        current = _current()
        if current is not None and (is_automatic or not current.is_automatic):
            return current
        handle = build_handle(arguments)
        handle.is_automatic = is_automatic
        _handles[:] = [handle]
    if current is not None:
        current.uninstrument()
    if handle.is_open:
        handle.open()
    return handle


def build_handle(arguments: Mapping[str, Any]) -> Handle:
    """A handle that is not open yet; a disabled one where none can be made."""
    if arguments.get("strict") is True:
        return Handle(read_settings(arguments))
    settings, wrong = read_usable_settings(arguments)
    if wrong:
        logger.warning("watchkeeper.instrument(): %s", wrong)
    handle: Handle | None = Guard()(Handle, settings)
    if handle is not None:
        return handle
    logger.warning("Watchkeeper could not be set up and records nothing.")
    return Handle(Settings(disabled=True, metrics=False))


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
    if (handle := _current()) is not None:
        handle.add(registration)


def score(
    value: Value,
    *,
    name: str,
    trace_id: str | None = None,
    span_id: str | None = None,
    comment: str = "",
) -> None:
    """Feedback or an evaluation for a trace, by default the current one: a number, a yes or no, a category.

    One name keeps to one of the three. A value that is none of them is counted among the handle's faults.
    """
    recorder = active.recorder()
    trace_id = trace_id or current_trace_id()
    if recorder is None or trace_id is None:
        logger.warning(
            "Watchkeeper: the score '%s' has no trace; give a trace_id, or call it inside a span.", name
        )
        return
    recorder.guard(_export_score, recorder, value, name, trace_id, span_id or "", comment)


def _export_score(recorder: Recorder, value: Any, *about: str) -> None:
    recorder.export_score(Score(read_value(value), *about))


def current_trace_id() -> str | None:
    """The id of the trace that is running here, as 32 hexadecimal digits."""
    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else None


def trace_url(trace_id: str | None = None) -> str | None:
    """Where the dashboard shows a trace, by default the current one."""
    trace_id = trace_id or current_trace_id()
    handle = _current()
    if trace_id is None or handle is None:
        return None
    return f"{handle.settings.dashboard}/trace?id={trace_id}"


def _current() -> Handle | None:
    """The handle that is open, if any: ``instrument()`` twice is once."""
    return next((handle for handle in _handles if handle.is_open), None)
