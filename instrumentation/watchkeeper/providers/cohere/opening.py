"""Context managers whose request is sent when they are entered."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import Any

from watchkeeper.guard import Guard
from watchkeeper.patching import Begin, traced


def opened(method: Callable[..., Any], begin: Begin, guard: Guard) -> Callable[..., Any]:
    """``method``, which ``contextlib`` made of a generator, with its calls recorded."""
    generate = method.__wrapped__  # type: ignore[attr-defined]
    manage: Any = asynccontextmanager if inspect.isasyncgenfunction(generate) else contextmanager

    @wraps(generate)
    def steps(*args: Any, **kwargs: Any) -> "Steps":
        return Steps(generate(*args, **kwargs), begin, guard, args, kwargs)

    managed: Callable[..., Any] = manage(steps)
    return managed


class Steps:
    """Stands for the generator: its first step, which is to enter, is the call."""

    def __init__(
        self, generator: Any, begin: Begin, guard: Guard, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        self._generator = generator
        self._begin: Begin | None = begin
        self._guard = guard
        self._args = args
        self._kwargs = kwargs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def __next__(self) -> Any:
        return self._once(self._generator.__next__)

    def __anext__(self) -> Any:
        async def step(*_: Any, **__: Any) -> Any:
            return await self._generator.__anext__()

        return self._once(step)

    def _once(self, step: Callable[..., Any]) -> Any:
        begin, self._begin = self._begin, None
        if begin is None:
            return step()
        return traced(step, lambda *_: begin(self._args, self._kwargs), self._guard)()
