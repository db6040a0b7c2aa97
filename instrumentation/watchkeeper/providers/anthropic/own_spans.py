"""The spans that the client makes by itself: one call is one span, and it is ours, which has the content.

Ours takes the place of the client's: what the client does for its span (sending the trace's context along,
being the parent of the HTTP library's spans) it does for ours.
"""

from typing import Any

from opentelemetry.trace import NoOpTracer, ProxyTracerProvider, Tracer, get_tracer_provider

from watchkeeper.call import is_in_call
from watchkeeper.recorder import Recorder


def merged(recorder: Recorder, tracer: property) -> property:
    """The client's property ``_tracer``, which gives another tracer while a call is being recorded."""

    def find(client: Any) -> Tracer | None:
        own: Tracer | None = tracer.__get__(client, type(client))
        if own is None or not is_in_call():
            return own
        found: Tracer | None = recorder.guard(_tracer_in_call, recorder, client, own, default=own)
        return found

    return property(find, doc=tracer.__doc__)


def _tracer_in_call(recorder: Recorder, client: Any, own: Tracer) -> Tracer | None:
    """The client's tracer where its spans go to a provider that has none of ours; else one whose span stands
    for the current one, ours.

    An application without a provider sends no trace context, and does not begin to because of us.
    """
    options = client._open_telemetry  # noqa: SLF001 - the client has no public way to ask
    provider = options.get("tracer_provider") or get_tracer_provider()
    if isinstance(provider, ProxyTracerProvider):
        return None
    return NoOpTracer() if provider is recorder.tracer_provider else own
