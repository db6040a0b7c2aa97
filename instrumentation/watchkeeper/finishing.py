"""The exporting thread's work on one item: read, price and measure it, decide on its content, redact it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status, StatusCode

from watchkeeper.call import Call
from watchkeeper.content import is_sampled as sampled
from watchkeeper.content import reason_to_keep, render
from watchkeeper.conventions import (
    CONTENT_CUT,
    CONTENT_KEPT,
    CONTENT_REDACTED,
    COST,
    COST_BASIS,
    PROMPT_VARIABLE,
    redaction_attributes,
)
from watchkeeper.failures import Failure
from watchkeeper.foreign import allow, allow_structure, without_content
from watchkeeper.guard import Guard
from watchkeeper.measuring import Measuring
from watchkeeper.packing import Packed
from watchkeeper.pricing import Cost, Pricing
from watchkeeper.reading import Attributes
from watchkeeper.redaction import Hits, Redaction
from watchkeeper.scores import Score
from watchkeeper.settings import Settings
from watchkeeper.steps import Step

FAILED: Attributes = {CONTENT_REDACTED: "failed"}


class Finisher:
    """Makes the span that is exported of what was recorded."""

    def __init__(
        self,
        settings: Settings,
        guard: Guard,
        pricing: Pricing,
        measuring: Measuring | None,
        redaction: Redaction,
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._pricing = pricing
        self._measuring = measuring
        self._redaction = redaction

    def __call__(self, item: Any) -> ReadableSpan | Packed | None:
        """The finished span, or a request of its own; ``None`` when there is nothing to send."""
        match item:
            case Call():
                return self._finish_call(item)
            case Step():
                return self._finish_step(item)
            case Score():
                return self._finish_score(item)
            case ReadableSpan():
                return self._finish_foreign(item)
        return None

    def _finish_call(self, call: Call) -> ReadableSpan | None:
        if call.span.is_recording():  # the garbage collector found it, and may not end spans
            self._guard(call.span.end, call.end_ns)
        attributes: Attributes = self._guard(call.attributes, default={})
        if self._measuring is not None:
            self._guard(self._measuring.record, call, attributes)
        if not isinstance(call.span, ReadableSpan):
            return None  # the application's sampler left it out
        cost = self._guard(self._cost, call, attributes)
        if cost is not None:
            attributes |= {COST: cost.usd, COST_BASIS: cost.basis}
        hits = Hits()
        content = self._guarded_content(self._call_content, call, cost, hits)
        return self._finished(call.span, attributes, content, call.failure, call.status(), hits=hits)

    def _cost(self, call: Call, attributes: Attributes) -> Cost | None:
        """By the model that answered, else, where it has no price, by the one that was asked for."""
        request, response = call.read()
        models = dict.fromkeys(filter(None, (response.model, request.model)))
        provider = call.endpoint.provider
        costs = (self._pricing.cost(provider, model, response.usage, attributes) for model in models)
        return next((cost for cost in costs if cost is not None), None)

    def _call_content(self, call: Call, cost: Cost | None, hits: Hits) -> Attributes:
        response = call.read()[1]
        reason = reason_to_keep(
            self._settings,
            call.span.get_span_context().trace_id,
            response,
            is_error=call.error_type is not None,
            duration_s=call.duration_s,
            cost_usd=cost.usd if cost else None,
        )
        if reason is None:
            return {}
        return self._rendered(call.contents(), call.labels, hits) | {CONTENT_KEPT: reason}

    def _finish_step(self, step: Step) -> ReadableSpan | None:
        if not isinstance(step.span, ReadableSpan):
            return None
        hits = Hits()
        content = self._guarded_content(self._step_content, step, hits)
        return self._finished(step.span, {}, content, step.failure, None, hits=hits)

    def _step_content(self, step: Step, hits: Hits) -> Attributes:
        settings = self._settings
        is_sampled = step.failure is not None or sampled(
            step.span.get_span_context().trace_id, settings.sample_ratio
        )
        if settings.capture == "none" or (settings.capture == "sampled" and not is_sampled):
            return {}
        return self._rendered(step.contents(), step.labels, hits)

    def _finish_score(self, score: Score) -> Packed:
        """Its comment is what somebody wrote."""
        comment = self._guard(self._redaction.apply, score.comment, default="")
        return Packed("/api/v1/scores", replace(score, comment=comment).render(), 1, "application/json")

    def _rendered(self, contents: Mapping[str, Any], labels: Attributes, hits: Hits) -> Attributes:
        """Content redacted, as attributes. Raises what the redaction raises."""
        variables = {name: value for name, value in labels.items() if name.startswith(PROMPT_VARIABLE)}
        redacted = self._redaction.apply({name: value for name, value in contents.items() if value}, hits)
        attributes: Attributes = dict(self._redaction.apply(variables, hits))
        for name, value in redacted.items():
            attributes[name], is_cut = render(value, self._settings.content_bytes)
            attributes |= {CONTENT_CUT: True} if is_cut else {}
        return attributes

    def _guarded_content(self, build: Callable[..., Attributes], *arguments: Any) -> Attributes:
        """What ``build`` makes; where that fails, no content at all."""
        content: Attributes = self._guard(build, *arguments, default=FAILED)
        return content

    def _finish_foreign(self, span: ReadableSpan) -> ReadableSpan:
        """A span of another instrumentation, or the application's own."""
        allowed = self._guard(allow, span, self._settings, self._redaction) or allow_structure(span)
        return self._copied(span, allowed.attributes, allowed.events, allowed.status, allowed.links)

    def _finished(
        self,
        span: ReadableSpan,
        facts: Attributes,
        content: Attributes,
        failure: Failure | None,
        status: Status | None,
        *,
        hits: Hits,
    ) -> ReadableSpan:
        """``facts`` are what the call tells beside content, which is redacted already."""
        if content.keys() <= {CONTENT_REDACTED}:  # none is kept, whoever put it there
            span = without_content(span)
        facts = self._guard(self._labels, {**(span.attributes or {}), **facts}, hits, default={**FAILED})
        told = self._guard(self._told, span, failure, status or span.status, hits)
        marks: Attributes = {}
        if self._redaction.is_on and (content or failure or hits):
            marks = redaction_attributes(self._redaction.detectors, hits)
        if told is None:
            told, marks = _without_texts(failure, status or span.status, span.end_time), dict(FAILED)
        return self._copied(span, {**marks, **facts, **content}, *told)

    def _told(
        self, span: ReadableSpan, failure: Failure | None, status: Status, hits: Hits
    ) -> tuple[tuple[Event, ...], Status]:
        return self._events(span, failure, hits), self._status(failure, status, hits)

    def _labels(self, attributes: Attributes, hits: Hits) -> Mapping[str, Any]:
        return self._redaction.labels(attributes, hits, personal=self._settings.redact_labels)

    def _events(self, span: ReadableSpan, failure: Failure | None, hits: Hits) -> tuple[Event, ...]:
        """The exception, else what the application told on our span."""
        if failure is None:
            return tuple(
                Event(event.name, self._redaction.apply(event.attributes or {}, hits), event.timestamp)
                for event in span.events
            )
        texts = {"exception.message": failure.message, "exception.stacktrace": failure.stacktrace}
        told = {name: self._failure_text(text, hits) for name, text in texts.items()}
        given = {"exception.type": failure.type} | {name: text for name, text in told.items() if text}
        return (Event("exception", given, span.end_time),)

    def _status(self, failure: Failure | None, status: Status, hits: Hits) -> Status:
        if failure is not None:
            return Status(StatusCode.ERROR, self._failure_text(failure.message, Hits()) or failure.type)
        if not status.description:
            return status
        return Status(status.status_code, self._redaction.failure(status.description, hits))

    def _failure_text(self, text: str, hits: Hits) -> str:
        """An exception's text can quote what was sent."""
        return "" if self._settings.capture == "none" else self._redaction.failure(text, hits)

    def _copied(
        self,
        span: ReadableSpan,
        attributes: Mapping[str, Any],
        events: Sequence[Event],
        status: Status,
        links: Sequence[Link] | None = None,
    ) -> ReadableSpan:
        process = {
            "deployment.environment.name": self._settings.environment,
            "watchkeeper.release": self._settings.release,
        }
        unsaid = {
            name: value for name, value in process.items() if value and name not in span.resource.attributes
        }
        return ReadableSpan(
            name=span.name,
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes={**attributes, **unsaid},
            events=events,
            links=span.links if links is None else links,
            kind=span.kind,
            status=status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )


def _without_texts(
    failure: Failure | None, status: Status, end_ns: int | None
) -> tuple[tuple[Event, ...], Status]:
    """What is told of a failure where its texts cannot be redacted."""
    if failure is None:
        return (), Status(status.status_code)
    event = Event("exception", {"exception.type": failure.type}, end_ns)
    return (event,), Status(StatusCode.ERROR, failure.type)
