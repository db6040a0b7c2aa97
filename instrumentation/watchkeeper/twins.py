"""The same call seen twice: by us at the client, and by another instrumentation around or beneath it.

Ours is recorded, which knows most. Its parent is what the other's was, and the other is left out. Where that
one turns out to be a call only when ours has long begun, it stays as the step around ours.
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from time import time_ns
from typing import Any

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, get_current_span, set_span_in_context

from watchkeeper.copying import copy_span
from watchkeeper.dialects import CONTENT_EVENTS, KINDS, is_call, is_content, is_embedding
from watchkeeper.tracers import SCOPE

Key = tuple[int, int]
"""A span's trace id and its own."""
LONGEST_NS = 3600 * 10**9
MAX_KEYS = 10_000
"""Spans that never end must not pile up: beyond this the oldest are forgotten."""
CALLS_OWN = (
    "gen_ai.request.",
    "gen_ai.response.",
    "gen_ai.usage.",
    "gen_ai.aggregated_usage.",
    "llm.",
    "operation.cost",
)
"""Attributes of a call, beside its content, that its step does not keep."""


def key_of(context: SpanContext | None) -> Key:
    return (0, 0) if context is None else (context.trace_id, context.span_id)


@dataclass(frozen=True, slots=True)
class Begun:
    """A span that its instrumentation began without making it the current one."""

    span: Span
    under: Span
    """What was current when it began."""
    before: "Begun | None"
    since_ns: int


_begun: ContextVar[Begun | None] = ContextVar("watchkeeper-begun", default=None)


def note_begun(span: Span, instead_of: Span | None = None) -> None:
    """From here on ``span`` is the innermost one, unless another is made current. It may wrap one that was
    noted already.
    """
    before = _open(_begun.get())
    if before is not None and before.span is instead_of:
        before = before.before
    _begun.set(Begun(span, get_current_span(), before, time_ns()))


def innermost() -> Span:
    """The span that what runs here belongs to, whether it was made current or not."""
    current, begun = get_current_span(), _open(_begun.get())
    return begun.span if begun is not None and begun.under is current else current


def _open(begun: Begun | None) -> Begun | None:
    """The innermost that has not ended. Some never do, and must not adopt what a thread does ever after."""
    while begun is not None and not (begun.span.is_recording() and time_ns() - begun.since_ns < LONGEST_NS):
        begun = begun.before
    return begun


class Twins:
    """Which spans of others are calls that we record ourselves."""

    def __init__(self) -> None:
        self._superseded: dict[Key, SpanContext | None] = {}
        """With their parents, which are those of all that is beneath them."""
        self._around: dict[Key, None] = {}
        """Parents of our calls."""
        self._own: dict[Key, None] = {}

    def context(self, attributes: Mapping[str, Any]) -> Context:
        """What a span of ours with these begins in. Where the same call is under way in another
        instrumentation's eyes, ours takes its place.
        """
        span = innermost()
        key = key_of(span.get_span_context())
        if is_same_call(span, attributes):
            _add(self._superseded, key, getattr(span, "parent", None))
        if key in self._superseded:
            return set_span_in_context(NonRecordingSpan(self._superseded[key] or NOBODY))
        return get_current() if span is get_current_span() else set_span_in_context(span)

    def note_call(self, span: ReadableSpan) -> None:
        """One of ours has begun."""
        _add(self._own, key_of(span.get_span_context()), None)
        if span.parent is not None:
            _add(self._around, key_of(span.parent), None)

    def is_superseded(self, span: ReadableSpan) -> bool:
        """Whether a span of another is to be left out: ours stands in its place, or around it."""
        attributes = span.attributes or {}
        return key_of(span.get_span_context()) in self._superseded or (
            key_of(span.parent) in self._own and is_call(attributes)
        )

    def lifted(self, span: ReadableSpan) -> ReadableSpan:
        """A span of another beneath one that is left out, in that one's place."""
        key = key_of(span.parent)
        if key not in self._superseded:
            return span
        return copy_span(span, span.attributes or {}, span.events, parent=self._superseded[key])

    def is_around(self, span: ReadableSpan) -> bool:
        """Whether a span of another, a call by what it says, has ours beneath it."""
        return key_of(span.get_span_context()) in self._around and is_call(span.attributes or {})

    def forget(self, key: Key) -> None:
        for keys in (self._superseded, self._around, self._own):
            keys.pop(key, None)


NOBODY = SpanContext(0, 0, is_remote=False)


def is_same_call(span: Span, attributes: Mapping[str, Any]) -> bool:
    """Whether a span of another that is under way is what a span of ours with these is to be."""
    if not isinstance(span, ReadableSpan) or not span.is_recording() or not is_call(attributes):
        return False
    others, scope = span.attributes or {}, span.instrumentation_scope
    is_ours = scope is not None and scope.name == SCOPE
    return not is_ours and is_call(others) and is_embedding(others) == is_embedding(attributes)


def step_of(span: ReadableSpan) -> ReadableSpan:
    """A call of another instrumentation as the step around ours, which has its tokens and its content."""
    kept = dict(_without_call(span.attributes or {}))
    return copy_span(
        span, kept, [event for event in span.events if not event.name.startswith(CONTENT_EVENTS)]
    )


def _without_call(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in attributes.items():
        if name not in KINDS and not is_content(name) and not name.startswith(CALLS_OWN):
            yield name, value
    yield "openinference.span.kind", "CHAIN"


def _add(keys: dict[Key, Any], key: Key, value: SpanContext | None) -> None:
    keys[key] = value
    if len(keys) > MAX_KEYS:
        keys.pop(next(iter(keys)))
