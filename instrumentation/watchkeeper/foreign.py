"""Spans that others made, of a GenAI instrumentation or the application's own: what of them may leave.

They obey ``capture`` and ``redact`` as our own spans do, whatever their dialect calls its content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from watchkeeper.content import reason_to_keep
from watchkeeper.conventions import (
    CONTENT_CUT,
    CONTENT_KEPT,
    CONTENT_REDACTED,
    ERROR_TYPE,
    OUTPUT_MESSAGES,
    redaction_attributes,
)
from watchkeeper.copying import copy_span
from watchkeeper.dialects import (
    CONTENT_EVENTS,
    COSTS,
    FAILURE_TEXTS,
    FINISH_REASONS,
    is_call,
    is_content,
    is_dropped,
    is_genai,
    is_structure,
)
from watchkeeper.foreign_values import cut, render_json, told, told_of_event, without_binary
from watchkeeper.reading import Response, decoded, mappings
from watchkeeper.redaction import Hits, Redaction
from watchkeeper.settings import Settings

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may leave of a span beside its name, ids and times."""

    attributes: Attributes
    events: Sequence[Event]
    links: Sequence[Link]
    status: Status


def allow(span: ReadableSpan, settings: Settings, redaction: Redaction) -> Allowed:
    """Raises what the redaction raises."""
    attributes = span.attributes or {}
    reason = find_reason(span, settings)
    screen = _Screen(settings, redaction, keeps=reason is not None, is_genai=is_genai(attributes))
    allowed = screen.attributes(attributes)
    events = [screen.event(event) for event in span.events]
    links = [Link(link.context, screen.attributes(link.attributes)) for link in span.links]
    if reason and any(map(is_content, attributes)):
        screen.marks[CONTENT_KEPT] = reason
    status = screen.status(span)
    if redaction.is_on and (reason or screen.hits):
        screen.marks |= redaction_attributes(redaction.detectors, screen.hits)
    return Allowed({**allowed, **screen.marks}, events, links, status)


def allow_structure(span: ReadableSpan) -> Allowed:
    """What may leave when we fail to tell."""
    known = {name: value for name, value in (span.attributes or {}).items() if is_structure(name, value)}
    return Allowed({**known, CONTENT_REDACTED: "failed"}, (), (), Status(span.status.status_code))


def without_content(span: ReadableSpan) -> ReadableSpan:
    """One of ours without what the application, or another instrumentation, put on it of content."""
    given = span.attributes or {}
    if not span.events and not any(map(is_content, given)):
        return span
    attributes = {name: value for name, value in given.items() if not is_content(name)}
    return copy_span(span, attributes, [_event_without_content(event) for event in span.events])


def _event_without_content(event: Event) -> Event:
    is_message = event.name.startswith(CONTENT_EVENTS)
    told = {
        name: value
        for name, value in (event.attributes or {}).items()
        if not is_content(name)
        and name not in FAILURE_TEXTS
        and (not is_message or told_of_event(name, value))
    }
    return Event(event.name, told, event.timestamp)


def find_reason(span: ReadableSpan, settings: Settings) -> str | None:
    """Why the content is kept: by the same rule as that of our calls, as far as the dialect tells."""
    attributes, context = span.attributes or {}, span.get_span_context()
    called = is_call(attributes)
    cost = next((attributes[name] for name in COSTS if name in attributes), None)
    return reason_to_keep(
        settings,
        context.trace_id if context else 0,
        _read_response(attributes) if called else Response(),
        is_error=_is_error(span, attributes),
        duration_s=((span.end_time or 0) - (span.start_time or 0)) / 1e9 if called else 0.0,
        cost_usd=float(cost) if called and isinstance(cost, int | float) else None,
    )


@dataclass(slots=True)
class _Screen:
    """The decision over one span."""

    settings: Settings
    redaction: Redaction
    keeps: bool
    """Whether its content may leave."""
    is_genai: bool
    marks: dict[str, Any] = field(default_factory=dict)
    """Attributes that say what was done."""
    hits: Hits = field(default_factory=Hits)

    def attributes(self, given: Attributes | None) -> dict[str, Any]:
        allowed: dict[str, Any] = {}
        for name, value in (given or {}).items():
            kept = value if self.keeps else told(name, value, is_genai=self.is_genai)
            if kept is None or is_dropped(name) or (name in FAILURE_TEXTS and not self._tells_failures):
                continue
            allowed[name] = kept if is_structure(name, kept) else self._finished(name, kept)
        return allowed

    def event(self, event: Event) -> Event:
        given: Attributes = event.attributes or {}
        if not self.keeps and event.name.startswith(CONTENT_EVENTS):
            given = {name: value for name, value in given.items() if told_of_event(name, value)}
        return Event(event.name, self.attributes(given), event.timestamp)

    def status(self, span: ReadableSpan) -> Status:
        description = span.status.description
        if description and self._tells_failures:
            description = self._finished("exception.message", description)
        elif description:
            description = _error_type(span)
        return Status(span.status.status_code, description)

    @property
    def _tells_failures(self) -> bool:
        return self.settings.capture != "none"

    def _finished(self, name: str, value: Any) -> Any:
        """A value redacted, without binary data and no longer than it may be."""
        if isinstance(value, bool | int | float | bytes):
            return value
        if not isinstance(value, str):
            return tuple(self._finished(name, item) for item in value)
        text = without_binary(value)
        text = (
            self.redaction.failure(text, self.hits) if name in FAILURE_TEXTS else self._redacted(name, text)
        )
        text, is_cut = cut(text, self.settings.content_bytes)
        if is_cut:
            self.marks[CONTENT_CUT] = True
        return text

    def _redacted(self, name: str, text: str) -> str:
        """Inside JSON each text by itself: redaction sees it without escapes and leaves the form alone."""
        value = decoded(text)
        redacted = self.redaction.apply({name: value}, self.hits)[name]
        if redacted == value:
            return text
        return redacted if isinstance(redacted, str) else render_json(redacted)


def _read_response(attributes: Attributes) -> Response:
    """An answer as far as it decides over its content."""
    said = decoded(next((attributes[name] for name in FINISH_REASONS if name in attributes), ()))
    reasons = [said] if isinstance(said, str) else list(said)
    messages = [
        {**message, "parts": mappings(message["parts"])}
        for message in mappings(decoded(attributes.get(OUTPUT_MESSAGES)))
        if isinstance(message.get("parts"), list)
    ]
    return Response(finish_reasons=[str(reason).replace("-", "_") for reason in reasons], messages=messages)


def _is_error(span: ReadableSpan, attributes: Attributes) -> bool:
    return (
        not span.status.is_ok
        or bool(attributes.get(ERROR_TYPE))
        or attributes.get("langfuse.observation.level") == "ERROR"
        or any(event.name == "exception" for event in span.events)
    )


def _error_type(span: ReadableSpan) -> str | None:
    said = [(span.attributes or {}).get(ERROR_TYPE)]
    said += [(event.attributes or {}).get("exception.type") for event in span.events]
    return next((str(kind) for kind in said if kind), None)
