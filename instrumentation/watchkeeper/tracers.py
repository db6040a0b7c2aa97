"""Whose tracer provider spans come from: the application's once there is one, until then a private one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import Tracer

from watchkeeper.settings import Settings

SCOPE = "watchkeeper"


def build_resource(settings: Settings) -> Resource:
    """What our own provider says about this process."""
    given = {
        "service.name": settings.service_name,
        "service.version": settings.release,
        "deployment.environment.name": settings.environment,
        "watchkeeper.release": settings.release,
        **settings.resource,
    }
    return Resource.create({key: value for key, value in given.items() if value})


class Tracers:
    """The tracer in force. An application may set its provider before us, after us, or never."""

    def __init__(self, settings: Settings, processor: SpanProcessor, version: str) -> None:
        self._processor = processor
        self._version = version
        self.private = TracerProvider(resource=build_resource(settings), shutdown_on_exit=False)
        self.private.add_span_processor(processor)
        self._private_tracer = self.private.get_tracer(SCOPE, version)
        self._global: object = None
        self._global_tracer: Tracer = self._private_tracer
        if settings.set_global:
            trace.set_tracer_provider(self.private)

    def current(self) -> Tracer:
        provider = trace.get_tracer_provider()
        if provider is not self._global:
            self._adopt(provider)
        return self._global_tracer

    def noticing(self, set_provider: Callable[..., None]) -> Callable[..., None]:
        """``set_tracer_provider`` that we notice at once, and not only with the next call: a provider's spans
        are to be known from the first on, since they can be ancestors of calls.
        """

        @wraps(set_provider)
        def set_noticed(*args: Any, **kwargs: Any) -> None:
            set_provider(*args, **kwargs)
            self.current()

        return set_noticed

    @property
    def is_shared(self) -> bool:
        """Whether spans also go to exporters of the application."""
        return self._global_tracer is not self._private_tracer

    @property
    def provider(self) -> trace.TracerProvider:
        """For instrumentations that are handed a provider explicitly."""
        self.current()
        return self._global if self.is_shared and isinstance(self._global, TracerProvider) else self.private

    def _adopt(self, provider: trace.TracerProvider) -> None:
        """Take over a global provider, if spans of it can reach our processor."""
        self._global = provider
        if provider is self.private or not isinstance(provider, TracerProvider):
            self._global_tracer = self._private_tracer
            return
        provider.add_span_processor(self._processor)
        self._global_tracer = provider.get_tracer(SCOPE, self._version)
