"""Ended spans are immutable: what is changed about one is a copy."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import SpanContext

SAME = SpanContext(0, 0, is_remote=False)
"""Stands for the parent that the span has."""


def copy_span(
    span: ReadableSpan,
    attributes: Mapping[str, Any],
    events: Sequence[Event],
    parent: SpanContext | None = SAME,
) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent if parent is SAME else parent,
        resource=span.resource,
        attributes=attributes,
        events=events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
