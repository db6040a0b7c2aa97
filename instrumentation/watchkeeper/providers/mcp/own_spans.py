"""The spans that the client makes by itself from version 2 on: one request is one span, and it is ours.

What the client does with its span it does with ours: it says the request's number on it, and sends the
trace's context along to the server, as the conventions want.
"""

from contextlib import nullcontext
from functools import partial, wraps
from importlib import import_module
from typing import Any

from opentelemetry.context import get_value
from opentelemetry.trace import ProxyTracerProvider, Span, get_tracer_provider

from watchkeeper.patching import Patch, patch
from watchkeeper.providers.mcp.requests import IN_REQUEST, METHOD, ServerRequest
from watchkeeper.recorder import Recorder

DISPATCHER = "mcp.shared.jsonrpc_dispatcher"


def merge(recorder: Recorder) -> list[Patch]:
    try:
        dispatcher = import_module(DISPATCHER)
    except ImportError:  # version 1, which makes none
        return []
    return [patch(dispatcher, "otel_span", partial(merged, recorder))]


def merged(recorder: Recorder, otel_span: Any) -> Any:
    """The client's ``otel_span``, which gives the span that is there already while a request is recorded."""

    @wraps(otel_span)
    def open_span(name: str, **options: Any) -> Any:
        span = recorder.guard(_span_of_request, recorder, options.get("attributes") or {})
        return otel_span(name, **options) if span is None else nullcontext(span)

    return open_span


def _span_of_request(recorder: Recorder, attributes: dict[str, Any]) -> Span | None:
    """Ours, unless the client's goes to a provider that has none of ours, or is of another request: a server
    in the same process asks its client from within.
    """
    request = get_value(IN_REQUEST)
    if not isinstance(request, ServerRequest) or attributes.get(METHOD) != request.method:
        return None
    provider = get_tracer_provider()
    if not isinstance(provider, ProxyTracerProvider) and provider is not recorder.tracer_provider:
        return None
    request.span.set_attributes(attributes)
    return request.span
