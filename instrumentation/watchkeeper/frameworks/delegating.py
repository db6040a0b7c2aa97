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
    installed = [one for one in framework.instrumentors if is_installed(one)]
    for one in installed:
        delegation = delegate(one, delegates, captures_content=captures_content)
        if delegation is not None:
            return delegation
    logger.warning(
        "Watchkeeper: the model calls of %s are recorded, its agents, chains and tools are not%s. "
        "To have these too: pip install --upgrade %s",
        framework.title,
        "".join(f"; the installed {one.package} is made for other versions of it" for one in installed[:1]),
        framework.instrumentors[0].package,
    )
    return None


def delegate(found: Instrumentor, delegates: TracerProvider, *, captures_content: bool) -> Delegation | None:
    """``None`` where the instrumentation is not made for the version that is installed."""
    instrumentor: Any = getattr(import_module(found.module), found.name)()
    if not is_made_for_installed(instrumentor):
        return None
    with _content(is_wanted=captures_content):
        instrumentor.instrument(
            tracer_provider=delegates,
            meter_provider=NoOpMeterProvider(),  # the calls are in our own metrics
            skip_dep_check=True,
            **found.options,
        )
    handler: Any = getattr(instrumentor, "_tracer", None)
    if handler is not None and hasattr(handler, "run_inline"):  # OpenInference's for LangChain: asynchronous
        handler.run_inline = True  # code would call it in a context of its own
    return Delegation(instrumentor)


def is_made_for_installed(instrumentor: Any) -> bool:
    """Whether no package is there in a wrong version. One that is missing is another's than what is imported:
    ``langchain``, where ``langgraph`` is used over ``langchain-core``.
    """
    dependencies = import_module("opentelemetry.instrumentation.dependencies")
    conflict = dependencies.get_dependency_conflicts(instrumentor.instrumentation_dependencies())
    return conflict is None or not (conflict.found or conflict.found_any)


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
