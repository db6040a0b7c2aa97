"""Stand-ins for streams whose iterator cannot be replaced in place: generators, iterators, stream managers.

A proxy is what it stands for to ``isinstance``, has exactly those special methods that the original's type
has, and passes every attribute on.
"""

from collections.abc import Awaitable, Callable
from functools import cache, wraps
from typing import Any

from watchkeeper.guard import Guard
from watchkeeper.streams import Listener, Record, observed

ITERATION = ("__iter__", "__next__", "__aiter__", "__anext__")
MANAGEMENT = ("__enter__", "__exit__", "__aenter__", "__aexit__")
CLOSING = frozenset({"close", "aclose"})


def is_stream(value: Any) -> bool:
    """Whether a result is read bit by bit: an iterator, or a context manager that gives one."""
    kind = type(value)
    return any(hasattr(kind, name) for name in ("__next__", "__anext__", *MANAGEMENT))


def proxied(watched: Any, record: Record, listener: Listener, guard: Guard) -> Any:
    """A proxy for ``watched`` that records what comes out of it and tells the call how it ends."""
    kind: Any = type(watched)
    return _proxy_class(kind)(watched, Watcher(watched, record, listener, guard))


class Watcher:
    """A proxy's memory: the iterators it gave out, and whom to tell."""

    __slots__ = ("_guard", "_listener", "_record", "iterators", "steps")

    def __init__(self, watched: Any, record: Record, listener: Listener, guard: Guard) -> None:
        self._record = record
        self._listener = listener
        self._guard = guard
        is_iterator = hasattr(watched, "__next__") or hasattr(watched, "__anext__")
        self.steps: Any = observed(watched, record, listener, guard) if is_iterator else None
        self.iterators: list[Any] = [self.steps] if is_iterator else []
        """Kept while the proxy lives: an application may stop iterating and go on later."""

    def iterate(self, proxy: "Proxy", watched: Any, inner: Any) -> Any:
        """What ``iter()`` gives: the proxy where the original gave itself, else an observed iterator."""
        if inner is watched:
            return proxy
        iterator = observed(inner, self._record, self._listener, self._guard)
        self.iterators.append(iterator)
        return iterator

    def enter(self, proxy: "Proxy", watched: Any, entered: Any) -> Any:
        """What ``with`` binds: the proxy where the original gave itself, else a proxy for the stream it
        gave.
        """
        if entered is watched:
            return proxy
        return self._guard(self._follow, entered, default=entered)

    def _follow(self, entered: Any) -> Any:
        if not is_stream(entered):
            return entered
        stream = proxied(entered, self._record, self._listener, self._guard)
        self.iterators.append(stream)
        return stream

    def leave(self) -> None:
        """The application left the ``with`` block, perhaps by an exception of its own, which is none of the
        call's.
        """
        self._guard(self._listener.break_off)

    def closing(self, close: Callable[..., Any]) -> Callable[..., Any]:
        """The original's ``close``, after which the call has ended."""

        @wraps(close)
        def closed(*args: Any, **kwargs: Any) -> Any:
            if self.steps is None or not self.steps.is_reading:
                self._guard(self._listener.break_off)
            return close(*args, **kwargs)

        return closed

    def forget(self) -> None:
        if not self.iterators:
            self._guard(self._listener.abandon)


class Proxy:
    """What all proxies do; ``_proxy_class`` adds the special methods of one type."""

    __slots__ = ("__weakref__", "_watched", "_watcher")
    _watched: Any
    _watcher: Watcher

    def __init__(self, watched: Any, watcher: Watcher) -> None:
        object.__setattr__(self, "_watched", watched)
        object.__setattr__(self, "_watcher", watcher)

    @property
    def __class__(self) -> Any:
        return type(self._watched)

    @__class__.setter
    def __class__(self, value: type) -> None:
        self._watched.__class__ = value

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._watched, name)
        return self._watcher.closing(value) if name in CLOSING else value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._watched, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._watched, name)

    def __dir__(self) -> list[str]:
        return dir(self._watched)

    def __repr__(self) -> str:
        return repr(self._watched)

    def __eq__(self, other: object) -> bool:
        return self is other or bool(self._watched == other)

    def __hash__(self) -> int:
        return hash(self._watched)

    def __del__(self) -> None:
        self._watcher.forget()


def _iter(self: Proxy) -> Any:
    return self._watcher.iterate(self, self._watched, iter(self._watched))


def _aiter(self: Proxy) -> Any:
    return self._watcher.iterate(self, self._watched, aiter(self._watched))


def _next(self: Proxy) -> Any:
    return self._watcher.steps.__next__()


def _anext(self: Proxy) -> Awaitable[Any]:
    steps: Awaitable[Any] = self._watcher.steps.__anext__()
    return steps


def _enter(self: Proxy) -> Any:
    return self._watcher.enter(self, self._watched, type(self._watched).__enter__(self._watched))


def _exit(self: Proxy, *raised: Any) -> Any:
    try:
        return type(self._watched).__exit__(self._watched, *raised)
    finally:
        self._watcher.leave()


async def _aenter(self: Proxy) -> Any:
    return self._watcher.enter(self, self._watched, await type(self._watched).__aenter__(self._watched))


async def _aexit(self: Proxy, *raised: Any) -> Any:
    try:
        return await type(self._watched).__aexit__(self._watched, *raised)
    finally:
        self._watcher.leave()


SPECIAL: dict[str, Callable[..., Any]] = dict(
    zip(
        (*ITERATION, *MANAGEMENT), (_iter, _next, _aiter, _anext, _enter, _exit, _aenter, _aexit), strict=True
    )
)
"""Special methods with something to tell; others that a type has are passed on."""
PASSED_ON = ("__len__", "__getitem__", "__contains__", "__call__", "__bool__", "__str__", "__await__")


def _passed_on(name: str) -> Callable[..., Any]:
    def pass_on(self: Proxy, *args: Any, **kwargs: Any) -> Any:
        return getattr(type(self._watched), name)(self._watched, *args, **kwargs)

    pass_on.__name__ = name
    return pass_on


@cache
def _proxy_class(kind: Any) -> type[Proxy]:
    members = {name: method for name, method in SPECIAL.items() if hasattr(kind, name)}
    members |= {name: _passed_on(name) for name in PASSED_ON if hasattr(kind, name)}
    return type(kind.__name__, (Proxy,), {"__slots__": (), "__doc__": kind.__doc__, **members})
