"""Streams as the application reads them, with us listening.

An observed iterator takes the place of the iterator inside a provider's own stream object. Where a client
returns a bare iterator, a proxy stands in for it (``watchkeeper.proxies``).
"""

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from time import time_ns
from typing import Any, Protocol

from watchkeeper.guard import Guard
from watchkeeper.snapshot import Plain, Snapshot

TEXT_BYTES = 64
"""What a kept text costs in memory beside its characters."""


class Listener(Protocol):
    """The call that a stream belongs to. Only the first of ``complete``, ``break_off``, ``abandon``,
    ``fail`` counts.
    """

    def complete(self) -> None:
        """The stream came to its end."""

    def break_off(self) -> None:
        """The application closed it before its end."""

    def abandon(self) -> None:
        """The garbage collector took it: whoever listens may take no lock that can be held already."""

    def fail(self, error: BaseException) -> None:
        """It raised, or the task that read it was cancelled."""


class Record:
    """What has come out of a stream so far: texts of ordinary chunks, plain copies of all others."""

    __slots__ = (
        "_limit_bytes", "_now_ns", "_read_text", "chunks", "first_ns", "last_ns", "pieces", "snapshot",
    )  # fmt: skip

    def __init__(
        self,
        read_text: Callable[[Any], str | None],
        *,
        limit_bytes: int,
        now_ns: Callable[[], int] = time_ns,
    ) -> None:
        self._now_ns = now_ns
        self._read_text = read_text
        self._limit_bytes = limit_bytes
        self.pieces: list[Plain] = []
        self.snapshot = Snapshot()
        self.chunks = 0
        self.first_ns = 0
        self.last_ns = 0

    def add(self, chunk: Any) -> None:
        self.last_ns = self._now_ns()
        if not self.chunks:
            self.first_ns = self.last_ns
        self.chunks += 1
        text = self._read_text(chunk)
        if text is None:
            self.pieces.append(self.snapshot.take(chunk))
        elif self.snapshot.size_bytes < self._limit_bytes:
            self.snapshot.size_bytes += len(text) + TEXT_BYTES
            self.pieces.append(text)


class _Observed:
    """State and ends that both kinds of observed iterators share."""

    __slots__ = ("__weakref__", "_guard", "_listener", "_record", "inner", "is_reading")

    def __init__(self, inner: Any, record: Record, listener: Listener, guard: Guard) -> None:
        self.inner = inner
        self.is_reading = False
        self._record = record
        self._listener = listener
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __del__(self) -> None:
        if listener := getattr(self, "_listener", None):
            self._guard(listener.abandon)


class ObservedIterator(_Observed):
    """A synchronous iterator that tells what it yields and how it ends."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.is_reading = True
        try:
            chunk = self.inner.__next__()
        except StopIteration:
            self._guard(self._listener.complete)
            raise
        except BaseException as error:
            self._guard(self._listener.fail, error)
            raise
        self.is_reading = False
        self._guard(self._record.add, chunk)
        return chunk


class ObservedAsyncIterator(_Observed):
    """Its twin: the inner step is awaited."""

    __slots__ = ()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        self.is_reading = True
        try:
            chunk = await self.inner.__anext__()
        except StopAsyncIteration:
            self._guard(self._listener.complete)
            raise
        except BaseException as error:
            self._guard(self._listener.fail, error)
            raise
        self.is_reading = False
        self._guard(self._record.add, chunk)
        return chunk


class ObservedEither(ObservedIterator, ObservedAsyncIterator):
    """For an iterator that can be read in both ways."""

    __slots__ = ()


def observed(
    inner: Any, record: Record, listener: Listener, guard: Guard
) -> ObservedIterator | ObservedAsyncIterator:
    """The observed twin of an iterator."""
    if not hasattr(inner, "__anext__"):
        return ObservedIterator(inner, record, listener, guard)
    kind = ObservedEither if hasattr(inner, "__next__") else ObservedAsyncIterator
    return kind(inner, record, listener, guard)


def notice_closing(holder: Any, method: str, iterator: _Observed) -> None:
    """Have ``holder.method()`` tell that the stream ``iterator`` was closed.

    For objects that close what the iterator reads from, such as an HTTP response. The iterator is held
    weakly: once it is gone, the garbage collector is closing the stream, and it has told so itself.
    """
    original = getattr(holder, method)
    reference = weakref.ref(iterator)

    def close(*args: Any, **kwargs: Any) -> Any:
        stream = reference()
        if stream is not None and not stream.is_reading:
            stream._guard(stream._listener.break_off)  # noqa: SLF001 - of this module
        return original(*args, **kwargs)

    setattr(holder, method, close)
