"""``@watchkeeper.trace``, ``@watchkeeper.tool``, ``@watchkeeper.agent``: spans around the application's
functions.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar, overload

from watchkeeper import active
from watchkeeper.steps import Kind, Step, StepRecorder
from watchkeeper.suppression import is_suppressed

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def trace(function: Function, /) -> Function: ...
@overload
def trace(*, name: str = "") -> Callable[[Function], Function]: ...
def trace(function: Any = None, /, *, name: str = "") -> Any:
    """A span for each run of a function, plain or async, generators included; arguments and result are its
    content.
    """
    return _decorated(function, "span", name)


@overload
def tool(function: Function, /) -> Function: ...
@overload
def tool(*, name: str = "") -> Callable[[Function], Function]: ...
def tool(function: Any = None, /, *, name: str = "") -> Any:
    """The same for a function that a model calls as a tool."""
    return _decorated(function, "tool", name)


@overload
def agent(function: Function, /) -> Function: ...
@overload
def agent(*, name: str = "") -> Callable[[Function], Function]: ...
def agent(function: Any = None, /, *, name: str = "") -> Any:
    """The same for a function that runs an agent."""
    return _decorated(function, "agent", name)


def _decorated(function: Any, kind: Kind, name: str) -> Any:
    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod | classmethod):
            return type(function)(decorate(function.__func__))
        title = name or getattr(function, "__qualname__", type(function).__qualname__)
        begin = _Beginning(kind, title, _signature(function))
        return functools.update_wrapper(_traced(function, begin), function)

    return decorate if function is None else decorate(function)


def _signature(function: Any) -> inspect.Signature | None:
    """``None`` for functions that have none, such as some written in C."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


class _Beginning:
    """Starts the step of one run."""

    def __init__(self, kind: Kind, name: str, signature: inspect.Signature | None) -> None:
        self._kind = kind
        self._name = name
        self._signature = signature

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Step | None:
        """``None`` when nothing is to be recorded, or we failed."""
        recorder = active.recorder()
        if recorder is None or is_suppressed():
            return None
        step: Step | None = recorder.guard(self._start, recorder, args, kwargs)
        return step

    def _start(self, recorder: StepRecorder, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Step:
        return Step(recorder, self._kind, self._name, self._arguments(args, kwargs))

    def _arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """By their names, but for the method's own object."""
        if self._signature is None:
            return {**{str(place): value for place, value in enumerate(args)}, **kwargs}
        arguments = self._signature.bind_partial(*args, **kwargs).arguments
        return {name: value for name, value in arguments.items() if name not in ("self", "cls")}


def _traced(function: Any, begin: _Beginning) -> Any:
    """The wrapper for the kind of function that it is."""
    if inspect.isasyncgenfunction(function):
        return _traced_async_generator(function, begin)
    if inspect.isgeneratorfunction(function):
        return _traced_generator(function, begin)
    if inspect.iscoroutinefunction(function):
        return _traced_coroutine(function, begin)
    return _traced_function(function, begin)


def _traced_function(function: Any, begin: _Beginning) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        step = begin(args, kwargs)
        if step is None:
            return function(*args, **kwargs)
        with step.running():
            result = function(*args, **kwargs)
        return step.finish(result)

    return run


def _traced_coroutine(function: Any, begin: _Beginning) -> Any:
    async def run(*args: Any, **kwargs: Any) -> Any:
        step = begin(args, kwargs)
        if step is None:
            return await function(*args, **kwargs)
        with step.running():
            result = await function(*args, **kwargs)
        return step.finish(result)

    return run


def _traced_generator(function: Any, begin: _Beginning) -> Any:
    def run(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        step = begin(args, kwargs)
        generator = function(*args, **kwargs)
        if step is None:
            return (yield from generator)
        resume, given = generator.send, None
        items: list[Any] = []
        while True:
            try:
                with step.running():
                    item = resume(given)
            except StopIteration as stop:
                step.finish(items)
                return stop.value
            items.append(item)
            try:
                resume, given = generator.send, (yield item)
            except GeneratorExit:
                generator.close()
                step.finish(items)
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in by the caller, for the generator to handle
                resume, given = generator.throw, error

    return run


def _traced_async_generator(function: Any, begin: _Beginning) -> Any:
    async def run(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        step = begin(args, kwargs)
        generator = function(*args, **kwargs)
        resume, given = generator.asend, None
        items: list[Any] = []
        while True:
            try:
                with step.running() if step else nullcontext():
                    item = await resume(given)
            except StopAsyncIteration:
                if step:
                    step.finish(items)
                return
            items.append(item)
            try:
                resume, given = generator.asend, (yield item)
            except GeneratorExit:
                await generator.aclose()
                if step:
                    step.finish(items)
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in by the caller, for the generator to handle
                resume, given = generator.athrow, error

    return run
