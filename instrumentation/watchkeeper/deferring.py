"""Streams whose request is sent when they are first read: one that nobody reads is no call."""

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from opentelemetry.context import attach, get_current

from watchkeeper.call import Call
from watchkeeper.guard import Guard
from watchkeeper.labels import detach


class Deferred:
    """Stands for the call of a stream until that is read: the call that ``begin`` starts then has the
    labels, and the parent, of the time when the stream was asked for.
    """

    def __init__(self, begin: Callable[[], Call | None], guard: Guard) -> None:
        self._begin = begin
        self._guard = guard
        self._context = get_current()

    def leave(self) -> None:
        """Nothing has been entered."""

    def fail(self, error: BaseException) -> None:
        """Whatever was raised, no request had been sent."""

    def finish(self, stream: Any) -> Any:
        """A generator in the place of the client's."""
        read: Any = _read_async if hasattr(stream, "__anext__") else _read
        generator = read(self, stream)
        generator.__name__, generator.__qualname__ = stream.__name__, stream.__qualname__
        return generator

    def first(self, stream: Any) -> "FirstStep":
        return FirstStep(self._begin, self._guard, self._context, stream)


class FirstStep:
    """What is in force while the request is sent; ``steps`` is the observed stream."""

    def __init__(self, begin: Callable[[], Call | None], guard: Guard, context: Any, stream: Any) -> None:
        self._begin = begin
        self._guard = guard
        self._context = context
        self._call: Call | None = None
        self.steps = stream

    def __enter__(self) -> Any:
        self._token = attach(self._context)
        self._call = call = self._guard(self._begin)
        if call is not None:
            self.steps = self._guard(call.observe, self.steps, default=self.steps)
        return self.steps

    def __exit__(self, *_: object) -> None:
        if self._call is not None:
            self._guard(self._call.leave)
        detach(self._token)


def _read(deferred: Deferred, stream: Generator[Any]) -> Generator[Any]:
    with deferred.first(stream) as steps:
        try:
            chunk = steps.__next__()
        except StopIteration:
            return
    yield chunk
    yield from steps


async def _read_async(deferred: Deferred, stream: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    try:
        with deferred.first(stream) as steps:
            try:
                chunk = await steps.__anext__()
            except StopAsyncIteration:
                return
        yield chunk
        async for chunk in steps:
            yield chunk
    finally:
        await stream.aclose()
