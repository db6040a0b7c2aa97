"""Fair use: what one API key may send a second, and whose turn it is where work is scarce."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from watchkeeper_collector.errors import RateLimitedError
from watchkeeper_collector.otlp.caller import Caller

BURST_S = 10.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What one key may send a second, on average; 0: as much as it likes."""

    items_per_s: float = 0.0
    bytes_per_s: float = 0.0


@dataclass(slots=True)
class _Account:
    """What a key may still send. Below zero it has sent ahead of its rate, and waits."""

    balance: float
    at_s: float


class RateLimit:
    """One rate for each key by itself, or the key's ``own``.

    Ten seconds' worth may come at once, after a pause as long.

    A request is taken while the key is in credit, however large it is: one larger than a burst would never
    pass otherwise.
    """

    def __init__(
        self,
        noun: str,
        per_s: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        own: Callable[[Caller], float | None] = lambda _: None,
    ) -> None:
        self._noun = noun
        self._per_s = per_s
        self._own = own
        self._clock = clock
        self._accounts: dict[tuple[str, str], _Account] = {}

    def take(self, caller: Caller, amount: int) -> None:
        """Raise ``RateLimitedError`` where the caller is over its rate; else book the amount."""
        own = self._own(caller)
        per_s = self._per_s if own is None else own
        if not per_s:
            return
        most, now_s = per_s * BURST_S, self._clock()
        account = self._accounts.setdefault((caller.project, caller.key_id), _Account(most, now_s))
        account.balance = min(most, account.balance + (now_s - account.at_s) * per_s)
        account.at_s = now_s
        if account.balance <= 0:
            wait_s = -account.balance / per_s
            raise RateLimitedError(
                f"This API key sends more than its {per_s:g} {self._noun} a second."
                f" Nothing was stored; send it again in {wait_s:.0f} s.",
                retry_after_s=wait_s,
            )
        account.balance -= amount


class Turns:
    """A few places to work at, given to the projects that wait in turn. For one event loop.

    A project with a thousand requests waiting delays another's first one by no more than one piece of work.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, project: str) -> AsyncIterator[None]:
        """Hold a place within the block."""
        await self._enter(project)
        try:
            yield
        finally:
            self._pass_on()

    async def _enter(self, project: str) -> None:
        if self._free:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(project, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given the place at the same moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the place to the first request of the project whose turn it is; that goes to the end."""
        while self._waiting:
            project = next(iter(self._waiting))
            queue = self._waiting.pop(project)
            place = queue.popleft()
            if queue:
                self._waiting[project] = queue
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
