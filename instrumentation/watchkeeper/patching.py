"""Putting a traced method in the place of a client's own, and the very same one back."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from watchkeeper.guard import Guard
from watchkeeper.importing import ImportWatch


class Traced(Protocol):
    """What a wrapper tells of one call to a client's method: a ``Call``, or what stands for it."""

    def fail(self, error: BaseException) -> None: ...
    def leave(self) -> None: ...
    def finish(self, result: Any) -> Any: ...


Begin = Callable[[tuple[Any, ...], Mapping[str, Any]], Traced | None]
"""Starts the call that is about to be made with these arguments (a method's first is its instance), or
``None``.
"""


def traced(wrapped: Callable[..., Any], begin: Begin, guard: Guard) -> Callable[..., Any]:
    """``wrapped`` with its calls recorded; of both twins, the one that fits it."""
    if inspect.iscoroutinefunction(inspect.unwrap(wrapped)):
        return _traced_async(wrapped, begin, guard)

    @functools.wraps(wrapped)
    def call_traced(*args: Any, **kwargs: Any) -> Any:
        call = guard(begin, args, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            guard(call.fail, error)
            raise
        finally:
            guard(call.leave)
        return guard(call.finish, result, default=result)

    return call_traced


def _traced_async(wrapped: Callable[..., Any], begin: Begin, guard: Guard) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    async def call_traced(*args: Any, **kwargs: Any) -> Any:
        call = guard(begin, args, kwargs)
        if call is None:
            return await wrapped(*args, **kwargs)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            guard(call.fail, error)
            raise
        finally:
            guard(call.leave)
        return guard(call.finish, result, default=result)

    return call_traced


@dataclass(frozen=True, slots=True)
class Patch:
    """A replaced attribute of a class or a module."""

    owner: Any
    name: str
    original: Any
    """What stood in the owner's own namespace; ``None`` if it was inherited."""
    replacement: Any

    def remove(self) -> None:
        """Put the original back. Another instrumentation's wrapper around ours stays, and ours is inert
        inside it.
        """
        if vars(self.owner).get(self.name) is not self.replacement:
            return
        if self.original is None:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.original)


def patch(owner: Any, name: str, build: Callable[[Any], Any]) -> Patch:
    """Replace ``owner.name`` by what ``build`` makes of it."""
    replacement = build(getattr(owner, name))
    applied = Patch(owner, name, vars(owner).get(name), replacement)
    setattr(owner, name, replacement)
    return applied


class Removable(Protocol):
    """What ``uninstrument()`` undoes."""

    def remove(self) -> None: ...


class LatePatches:
    """Patches of modules that a package imports only when they are used, each made then."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._watch = ImportWatch()
        self._patches: list[Patch] = []

    def when_imported(self, module: str, build: Callable[[], Iterable[Patch]]) -> None:
        """Make the patches that ``build`` returns once the module is there, which may be now."""
        self._watch.when_imported(module, lambda: self._guard(self._apply, build))

    def remove(self) -> None:
        self._watch.close()
        while self._patches:
            self._guard(self._patches.pop().remove)

    def _apply(self, build: Callable[[], Iterable[Patch]]) -> None:
        self._patches += build()
