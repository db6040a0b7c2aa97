"""Sees every span of the tracer provider in use, and picks those that belong to a model call's story."""

from collections.abc import Callable

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanContext

from watchkeeper.delegation import Aside
from watchkeeper.dialects import is_call, is_content, is_genai
from watchkeeper.guard import Guard
from watchkeeper.labels import current_labels
from watchkeeper.tracers import SCOPE
from watchkeeper.twins import Key, Twins, key_of, note_begun, step_of

NEVER_CURRENT = ("openinference.instrumentation.langchain", "opentelemetry.instrumentation.langchain")
"""Scopes of instrumentations that hear of calls by callbacks, and make no span the current one."""
MAX_OPEN_SPANS = 10_000
"""Spans that are never ended must not pile up: beyond this the oldest are forgotten."""


class StoryProcessor(SpanProcessor):
    """Hands GenAI spans and their ancestors to ``export``; all other spans are none of our business.

    Spans of our own are exported by whoever made them, with their content.
    """

    def __init__(
        self, export: Callable[[ReadableSpan], None], guard: Guard, twins: Twins, aside: Aside
    ) -> None:
        self._export = export
        self._guard = guard
        self._twins = twins
        self._aside = aside
        self._open: dict[Key, SpanContext | None] = {}
        """Parents of open spans, by trace and span id."""
        self._ancestors: dict[Key, None] = {}
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
        key = key_of(span.get_span_context())
        self._open[key] = span.parent
        if len(self._open) > MAX_OPEN_SPANS:
            self._forget(next(iter(self._open)))
        if labels := current_labels(parent_context):
            span.set_attributes({name: value for name, value in labels.items() if not is_content(name)})
        if _is_ours(span):
            self._mark_ancestors(span.parent)
            if is_call(span.attributes or {}):
                self._twins.note_call(span)
        elif _scope_of(span).startswith(NEVER_CURRENT):
            note_begun(span)

    def _pick(self, span: ReadableSpan) -> None:
        key = key_of(span.get_span_context())
        if not _is_ours(span) and not self._twins.is_superseded(span):
            self._offer(span, is_ancestor=key in self._ancestors)
        self._forget(key)

    def _offer(self, span: ReadableSpan, *, is_ancestor: bool) -> None:
        whole = self._twins.lifted(self._aside.restored(span))
        if self._twins.is_around(whole):
            whole = step_of(whole)
        if belongs := is_genai(whole.attributes or {}):
            self._mark_ancestors(span.parent)
        if belongs or is_ancestor:
            self._export(whole)

    def _mark_ancestors(self, parent: SpanContext | None) -> None:
        while parent is not None:
            key = key_of(parent)
            if key in self._ancestors or parent.is_remote:
                return
            self._ancestors[key] = None
            parent = self._open.get(key)  # unknown if it began before we were there
        if len(self._ancestors) > MAX_OPEN_SPANS:
            self._ancestors.pop(next(iter(self._ancestors)))

    def _forget(self, key: Key) -> None:
        self._open.pop(key, None)
        self._ancestors.pop(key, None)
        self._twins.forget(key)


def _scope_of(span: ReadableSpan) -> str:
    return span.instrumentation_scope.name if span.instrumentation_scope else ""


def _is_ours(span: ReadableSpan) -> bool:
    return _scope_of(span) == SCOPE
