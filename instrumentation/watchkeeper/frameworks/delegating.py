"""Turning on what records a framework, and off again."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import TracerProvider

from watchkeeper.frameworks.catalogue import Framework, Instrumentor
from watchkeeper.patching import Removable

logger = logging.getLogger("watchkeeper")
CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""OpenTelemetry's own instrumentations read it when they are turned on, and have no other way to be told."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """An instrumentation that we turned on."""

    instrumentor: Any

    def remove(self) -> None:
        self.instrumentor.uninstrument()


def turn_on(framework: Framework, delegates: TracerProvider, *, captures_content: bool) -> Removable | None:
    """``None`` where the application did so itself, or nothing that could be turned on is installed."""
    if framework.switch:
        switch: Removable | None = import_module(framework.switch).turn_on(
            delegates, captures_content=captures_content
        )
        return switch
    if any(map(is_on, framework.instrumentors)):
        return None
    found = next(filter(is_installed, framework.instrumentors), None)
    if found is None:
        logger.warning(
            "Watchkeeper: the model calls of %s are recorded, its agents, chains and tools are not. "
            "To have these too: pip install %s",
            framework.title,
            framework.instrumentors[0].package,
        )
        return None
    return delegate(found, delegates, captures_content=captures_content)


def delegate(found: Instrumentor, delegates: TracerProvider, *, captures_content: bool) -> Delegation | None:
    instrumentor: Any = getattr(import_module(found.module), found.name)()
    with _content(is_wanted=captures_content):
        instrumentor.instrument(
            tracer_provider=delegates,
            meter_provider=NoOpMeterProvider(),  # the calls are in our own metrics
            **found.options,
        )
    handler: Any = getattr(instrumentor, "_tracer", None)
    if hasattr(
        handler, "run_inline"
    ):  # OpenInference's for LangChain: asynchronous code would call it elsewhere
        handler.run_inline = True
    return Delegation(instrumentor) if instrumentor.is_instrumented_by_opentelemetry else None


def is_installed(instrumentor: Instrumentor) -> bool:
    try:
        return bool(version(instrumentor.package))
    except PackageNotFoundError:
        return False


def is_on(instrumentor: Instrumentor) -> bool:
    """Whether the application turned it on."""
    module = sys.modules.get(instrumentor.module)
    kind = getattr(module, instrumentor.name, None)
    return kind is not None and bool(kind().is_instrumented_by_opentelemetry)


@contextmanager
def _content(*, is_wanted: bool) -> Iterator[None]:
    """Content on spans, where the application has not said otherwise. Ours alone see it."""
    if not is_wanted or CONTENT_VARIABLE in os.environ:
        yield
        return
    os.environ[CONTENT_VARIABLE] = "SPAN_ONLY"
    try:
        yield
    finally:
        os.environ.pop(CONTENT_VARIABLE, None)
