"""The spans that the client makes by itself where the application has a tracer provider: one call is one
span, and it is ours, which has its place.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry.propagate import inject

from watchkeeper.call import is_in_call
from watchkeeper.recorder import Recorder


def merged(recorder: Recorder, start: Callable[..., Any]) -> Callable[..., Any]:
    """The client's function that starts its span: while a call is being recorded the request carries ours,
    and none is made. A provider that was given to the client alone keeps its spans.
    """

    @wraps(start)
    def start_unless_recorded(*, tracer: Any, request: Any, tracing_enabled: bool, **more: Any) -> Any:
        is_ours = tracing_enabled and is_in_call() and recorder.guard(_is_of, tracer, recorder, default=False)
        if not is_ours:
            return start(tracer=tracer, request=request, tracing_enabled=tracing_enabled, **more)
        recorder.guard(inject, request.headers)
        return request, None

    return start_unless_recorded


def _is_of(tracer: Any, recorder: Recorder) -> bool:
    """Whether a tracer is of the provider that ours is of: both have its resource."""
    resource = getattr(recorder.tracer_provider, "resource", None)
    return resource is not None and getattr(tracer, "resource", None) is resource
