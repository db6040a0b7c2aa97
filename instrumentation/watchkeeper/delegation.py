"""The tracer provider that instrumentations of frameworks are handed.

Its spans are those of the provider in force, so an application that sets its own later gets them too. Their
content, though, is kept aside: it goes to our exporter alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, Tracer, use_span

from watchkeeper.copying import copy_span
from watchkeeper.dialects import CONTENT_EVENTS, is_content
from watchkeeper.tracers import Tracers
from watchkeeper.twins import MAX_KEYS, Key, Twins, key_of, note_begun

Attributes = Mapping[str, Any]


class Aside:
    """Content of spans that are under way, which the application's exporters don't get."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[dict[str, Any], list[Event]]] = {}

    def keep(self, key: Key, attributes: Attributes, *events: Event) -> None:
        kept = self._kept.setdefault(key, ({}, []))
        kept[0].update(attributes)
        kept[1].extend(events)
        if len(self._kept) > MAX_KEYS:
            self._kept.pop(next(iter(self._kept)))

    def drop(self, key: Key) -> None:
        self._kept.pop(key, None)

    def restored(self, span: ReadableSpan) -> ReadableSpan:
        """An ended span with its content."""
        attributes, events = self._kept.pop(key_of(span.get_span_context()), (None, ()))
        if attributes is None:
            return span
        in_order = sorted([*span.events, *events], key=lambda event: event.timestamp)
        return copy_span(span, {**(span.attributes or {}), **attributes}, in_order)


class DelegateProvider(trace.TracerProvider):
    """For one ``instrument()``."""

    def __init__(self, tracers: Tracers, twins: Twins, aside: Aside) -> None:
        self._tracers = tracers
        self.twins = twins
        self.aside = aside
        self.is_active = True
        """Some instrumentations leave hooks behind when they are turned off."""

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes | None = None,
    ) -> Tracer:
        scope = (instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        return DelegateTracer(self, scope)

    @property
    def is_shared(self) -> bool:
        return self._tracers.is_shared

    @property
    def current(self) -> trace.TracerProvider:
        return self._tracers.provider


class DelegateTracer(Tracer):
    """The tracer of one instrumentation, at whatever provider is in force."""

    def __init__(self, provider: DelegateProvider, scope: tuple[Any, ...]) -> None:
        self._provider = provider
        self._scope = scope
        self._adopted: trace.TracerProvider | None = None
        self._tracer: Tracer = trace.NoOpTracer()

    def start_span(  # what we don't change is passed on as it is
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        *more: Any,
        **others: Any,
    ) -> Span:
        if not self._provider.is_active:
            return trace.NoOpTracer().start_span(name, context)
        tracer, given = self._current(), dict(attributes or {})
        content = _taken(given) if self._provider.is_shared else {}
        started = tracer.start_span(name, context, kind, given, *more, **others)
        span = DelegateSpan(started, self._provider, content) if self._provider.is_shared else started
        note_begun(span, instead_of=started)
        return span

    @contextmanager
    def start_as_current_span(self, name: str, *args: Any, **kwargs: Any) -> Iterator[Span]:  # type: ignore[override]
        ends = kwargs.pop("end_on_exit", True)
        records = kwargs.get("record_exception", True)
        tells = kwargs.get("set_status_on_exception", True)
        span = self.start_span(name, *args, **kwargs)
        with use_span(span, end_on_exit=ends, record_exception=records, set_status_on_exception=tells):
            yield span

    def _current(self) -> Tracer:
        provider = self._provider.current
        if provider is not self._adopted:
            self._tracer, self._adopted = provider.get_tracer(*self._scope), provider
        return self._tracer


class DelegateSpan(Span):
    """A span of the application's provider whose content is kept aside."""

    def __init__(self, span: Span, provider: DelegateProvider, content: Attributes) -> None:
        self._span = span
        self._provider = provider
        self._key = key_of(span.get_span_context())
        self._is_over = False
        self._keep(content)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._span)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._span, name)

    def get_span_context(self) -> SpanContext:
        return self._span.get_span_context()

    def is_recording(self) -> bool:
        return not self._is_over and self._span.is_recording()

    def set_attributes(self, attributes: Attributes) -> None:
        given = dict(attributes)
        self._keep(_taken(given))
        self._span.set_attributes(given)

    def set_attribute(self, key: str, value: Any) -> None:
        self.set_attributes({key: value})

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        if name.startswith(CONTENT_EVENTS) and self.is_recording():
            self._provider.aside.keep(self._key, {}, Event(name, attributes, timestamp))
        else:
            self._span.add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        self._span.add_link(context, attributes)

    def update_name(self, name: str) -> None:
        self._span.update_name(name)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        self._span.set_status(status, description)

    def record_exception(self, exception: BaseException, *args: Any, **kwargs: Any) -> None:
        self._span.record_exception(exception, *args, **kwargs)

    def end(self, end_time: int | None = None) -> None:
        """One whose call we record ourselves is never ended, so that nobody exports it."""
        self._is_over = True
        if isinstance(self._span, ReadableSpan) and self._provider.twins.is_superseded(self._span):
            self._provider.aside.drop(self._key)
            self._provider.twins.forget(self._key)
            return
        self._span.end(end_time)

    def _keep(self, content: Attributes) -> None:
        if content and self.is_recording():
            self._provider.aside.keep(self._key, content)


def _taken(attributes: dict[str, Any]) -> dict[str, Any]:
    """Content, which is taken out of ``attributes``."""
    return {name: attributes.pop(name) for name in list(attributes) if is_content(name)}
