"""Sees every span of the tracer provider in use, and picks those that belong to a model call's story."""

from collections.abc import Callable

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanContext

from watchkeeper.dialects import is_content, is_genai
from watchkeeper.guard import Guard
from watchkeeper.labels import current_labels
from watchkeeper.tracers import SCOPE

MAX_OPEN_SPANS = 10_000
"""Spans that are never ended must not pile up: beyond this the oldest are forgotten."""


class StoryProcessor(SpanProcessor):
    """Hands GenAI spans and their ancestors to ``export``; all other spans are none of our business.

    Spans of our own are exported by whoever made them, with their content.
    """

    def __init__(self, export: Callable[[ReadableSpan], None], guard: Guard) -> None:
        self._export = export
        self._guard = guard
        self._open: dict[tuple[int, int], SpanContext | None] = {}
        """Parents of open spans, by trace and span id."""
        self._ancestors: dict[tuple[int, int], None] = {}
        self.is_active = True

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if self.is_active:
            self._guard(self._note, span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        if self.is_active:
            self._guard(self._pick, span)

    def shutdown(self) -> None:
        """The provider shut down; ours to stop is only the handle."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:  # noqa: ARG002 - the signature is the SDK's
        return True

    def _note(self, span: Span, parent_context: Context | None) -> None:
        key = _key(span.get_span_context())
        self._open[key] = span.parent
        if len(self._open) > MAX_OPEN_SPANS:
            self._forget(next(iter(self._open)))
        if labels := current_labels(parent_context):
            span.set_attributes({name: value for name, value in labels.items() if not is_content(name)})
        if _is_ours(span):
            self._mark_ancestors(span.parent)

    def _pick(self, span: ReadableSpan) -> None:
        key = _key(span.get_span_context())
        is_ancestor = key in self._ancestors
        if not _is_ours(span):
            if belongs := is_genai(span.attributes or {}):
                self._mark_ancestors(span.parent)
            if belongs or is_ancestor:
                self._export(span)
        self._forget(key)

    def _mark_ancestors(self, parent: SpanContext | None) -> None:
        while parent is not None:
            key = _key(parent)
            if key in self._ancestors or parent.is_remote:
                return
            self._ancestors[key] = None
            parent = self._open.get(key)  # unknown if it began before we were there
        if len(self._ancestors) > MAX_OPEN_SPANS:
            self._ancestors.pop(next(iter(self._ancestors)))

    def _forget(self, key: tuple[int, int]) -> None:
        self._open.pop(key, None)
        self._ancestors.pop(key, None)


def _key(context: SpanContext | None) -> tuple[int, int]:
    return (0, 0) if context is None else (context.trace_id, context.span_id)


def _is_ours(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return scope is not None and scope.name == SCOPE
