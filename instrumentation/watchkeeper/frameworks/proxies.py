"""Tracers that frameworks ask OpenTelemetry's API for: without a global provider they are proxies, which wait
for one.
"""

from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import ProxyTracer, Tracer, TracerProvider


@dataclass(frozen=True, slots=True)
class Redirection:
    """A proxy that leads to a tracer of ours."""

    proxy: Any
    tracer: Tracer

    def remove(self) -> None:
        if self.proxy._real_tracer is self.tracer:  # noqa: SLF001 - the proxy's one member
            self.proxy._real_tracer = None  # noqa: SLF001


def redirect(proxy: Any, delegates: TracerProvider, scope: str, version: str | None) -> Redirection | None:
    """Lead a proxy to ``delegates``. A tracer of the application's own provider is none, and stays."""
    if not isinstance(proxy, ProxyTracer) or proxy._real_tracer is not None:  # noqa: SLF001
        return None
    redirection = Redirection(proxy, delegates.get_tracer(scope, version))
    redirection.proxy._real_tracer = redirection.tracer  # noqa: SLF001
    return redirection
