"""The body of one HTTP request, read no further than the limit."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from io import BytesIO

from starlette.types import Receive

from watchkeeper_collector.errors import InvalidRequestError, OverloadedError, WatchkeeperError
from watchkeeper_collector.otlp.inflating import check_size

LINGER_S = 10.0
LINGER_BYTES = 1 << 30


class SenderGoneError(WatchkeeperError):
    """The sender closed the connection in the middle of its request: there is nobody to answer."""

    code = "disconnected"


class InFlight:
    """The bytes of all bodies under way: many large ones at once must not take all memory.

    One project may have half of it, so that there is room for another's however much it sends.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._by_project: Counter[str] = Counter()

    def take(self, project: str, size: int) -> None:
        """Raises ``OverloadedError`` when there is no room."""
        if self._bytes + size > self._limit or self._by_project[project] + size > self._limit // 2:
            raise OverloadedError("Too many large requests at once; try again.")
        self._bytes += size
        self._by_project[project] += size

    def give_back(self, project: str, size: int) -> None:
        self._bytes -= size
        self._by_project[project] -= size


class HttpBody:
    """Reads an ASGI request's body. ``release`` it when nobody needs its bytes any more."""

    def __init__(self, receive: Receive, limit: int, in_flight: InFlight) -> None:
        self._receive = receive
        self._limit = limit
        self._in_flight = in_flight
        self._project = ""
        self._taken = 0
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will come."""
        return self._is_complete

    async def read(self, content_length: str | None, project: str) -> bytes:
        """The whole body, which a project sends.

        Raises ``SenderGoneError``; ``RequestTooLargeError`` as early as that is known.
        """
        if content_length is not None:
            check_size(_read_length(content_length), self._limit)
        self._project = project
        out = BytesIO()
        async for piece in self._pieces():
            check_size(out.tell() + len(piece), self._limit)
            self._in_flight.take(project, len(piece))
            self._taken += len(piece)
            out.write(piece)
        return out.getvalue()

    def release(self) -> None:
        self._in_flight.give_back(self._project, self._taken)
        self._taken = 0

    async def drain(self) -> None:
        """Take what the sender still sends, for a while: most read no answer before they are through."""
        taken = 0
        with contextlib.suppress(SenderGoneError, TimeoutError):
            async with asyncio.timeout(LINGER_S):
                async for piece in self._pieces():
                    taken += len(piece)
                    if taken > LINGER_BYTES:
                        break

    async def _pieces(self) -> AsyncIterator[bytes]:
        while not self._is_complete:
            yield await self._read_piece()

    async def _read_piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_complete = True
            raise SenderGoneError("The sender closed the connection before its request was complete.")
        self._is_complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


def _read_length(value: str) -> int:
    if not value.isdecimal():
        raise InvalidRequestError(f"Content-Length is '{value}', which is no number.")
    return int(value)
