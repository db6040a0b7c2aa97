"""Whose tracer provider spans come from: the application's once there is one, until then a private one."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import DEFAULT_ON
from opentelemetry.trace import Tracer

from watchkeeper.guard import Guard
from watchkeeper.settings import Settings

logger = logging.getLogger("watchkeeper")
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

    def __init__(self, settings: Settings, processor: SpanProcessor, version: str, guard: Guard) -> None:
        self._processor = processor
        self._version = version
        self._guard = guard
        self.private = build_provider(build_resource(settings), guard)
        self.private.add_span_processor(processor)
        self._private_tracer = self.private.get_tracer(SCOPE, version)
        self._global: object = None
        self._global_tracer: Tracer = self._private_tracer
        self._has_global = True
        """Whether there may be a global one: the variable that names it can be wrong."""
        self._is_public = settings.set_global
        if settings.set_global:
            trace.set_tracer_provider(self.private)

    def current(self) -> Tracer:
        provider = self._guard(trace.get_tracer_provider) if self._has_global else None
        if provider is None:
            self._has_global = False
        elif provider is not self._global:
            self._global = provider
            self._global_tracer = self._guard(self._adopt, provider, default=self._private_tracer)
        return self._global_tracer

    def noticing(self, set_provider: Callable[..., None]) -> Callable[..., None]:
        """``set_tracer_provider`` that we notice at once, and not only with the next call: a provider's spans
        are to be known from the first on, since they can be ancestors of calls.
        """

        @wraps(set_provider)
        def set_noticed(*args: Any, **kwargs: Any) -> None:
            set_provider(*args, **kwargs)
            self._has_global = True
            self.current()

        return set_noticed

    @property
    def is_shared(self) -> bool:
        """Whether spans also go to exporters of the application, or may: it can add some to a global one."""
        return self._is_public or self._global_tracer is not self._private_tracer

    @property
    def provider(self) -> trace.TracerProvider:
        """For instrumentations that are handed a provider explicitly."""
        self.current()
        shared: Any = self._global
        return self.private if self._global_tracer is self._private_tracer else shared

    def _adopt(self, provider: Any) -> Tracer:
        """The tracer of a global provider, if spans of it can reach our processor, else our own."""
        if provider is self.private or not callable(getattr(provider, "add_span_processor", None)):
            return self._private_tracer
        provider.add_span_processor(self._processor)
        tracer: Tracer = provider.get_tracer(SCOPE, self._version)
        return tracer


def build_provider(resource: Resource, guard: Guard) -> TracerProvider:
    """A provider of our own, by OpenTelemetry's variables unless they are wrong, which its SDK takes ill."""
    provider: TracerProvider | None = guard(_provider_by_environment, resource)
    if provider is not None:
        return provider
    logger.warning(
        "Watchkeeper: OpenTelemetry's SDK does not understand its OTEL_* variables, which are left out of "
        "account; set the log level of 'watchkeeper' to DEBUG to see why."
    )
    limits = SpanLimits(128, 128, 128, 128, 128, 128, SpanLimits.UNSET, SpanLimits.UNSET)
    return TracerProvider(
        DEFAULT_ON, resource, shutdown_on_exit=False, span_limits=limits, meter_provider=NoOpMeterProvider()
    )


def _provider_by_environment(resource: Resource) -> TracerProvider:
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.get_tracer(SCOPE)  # which looks for a meter provider, that may not load
    return provider
