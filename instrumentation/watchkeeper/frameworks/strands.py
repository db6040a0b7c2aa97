"""Strands makes spans by itself, with a tracer that each of its objects finds in one place."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from opentelemetry.trace import TracerProvider

from watchkeeper.frameworks.proxies import Redirection, redirect
from watchkeeper.patching import Patch, patch

SCOPE = "strands.telemetry.tracer"


class Switch:
    """The tracers of Strands that lead to ours."""

    def __init__(self, delegates: TracerProvider) -> None:
        self._delegates = delegates
        self._redirections: list[Redirection] = []
        self._patch: Patch = patch(import_module(SCOPE).Tracer, "__init__", self._redirecting)

    def redirect(self, tracer: Any) -> None:
        redirection = redirect(tracer.tracer, self._delegates, SCOPE, None)
        if redirection is not None:
            self._redirections.append(redirection)

    def remove(self) -> None:
        self._patch.remove()
        while self._redirections:
            self._redirections.pop().remove()

    def _redirecting(self, initialize: Callable[..., None]) -> Callable[..., None]:
        @wraps(initialize)
        def initialize_redirected(tracer: Any, *args: Any, **kwargs: Any) -> None:
            initialize(tracer, *args, **kwargs)
            self.redirect(tracer)

        return initialize_redirected


def turn_on(delegates: TracerProvider, *, captures_content: bool) -> Switch:  # noqa: ARG001
    """From now on, and for what was made before."""
    switch = Switch(delegates)
    made = import_module(SCOPE)._tracer_instance  # noqa: SLF001 - it would be made by asking for it
    if made is not None:
        switch.redirect(made)
    return switch
