"""Google's Agent Development Kit makes spans by itself, with one tracer for all its modules."""

from importlib import import_module

from opentelemetry.trace import TracerProvider

from watchkeeper.frameworks.proxies import Redirection, redirect


def turn_on(delegates: TracerProvider, *, captures_content: bool) -> Redirection | None:  # noqa: ARG001
    tracer = import_module("google.adk.telemetry.tracing").tracer
    return redirect(tracer, delegates, "gcp.vertex.agent", import_module("google.adk.version").__version__)
