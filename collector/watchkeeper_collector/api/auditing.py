"""Keeps an entry in the audit for each request that changes something or reads content, before its answer.

It stands around all routers, so none has to think of it. What changes rows of the state store has its entry
in the same transaction already; the rest gets one here, and where that fails the answer is that failure:
nobody is told that something was done, or shown, that nobody will know of. Telemetry is left out (scores,
with the scope ``ingest``): each of its rows says which key sent it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper_collector.api.errors import render_error
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.state.deeds import Deed, doing

READING = frozenset({"GET", "HEAD", "OPTIONS"})
REFUSED = 403
FIRST_FAILURE = 400
MOST_AT_ONCE = 500
LONGEST_SOURCE = 200

Keep = Callable[[Sequence[Deed]], None]


class Ledger:
    """Keeps entries of requests that wait at the same time in one transaction. For one event loop."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._waiting: list[tuple[Deed, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, deed: Deed) -> None:
        """Returns when the entry is durable. Raises ``StateUnavailableError``."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((deed, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await future

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            problem: Exception | None = None
            try:
                await anyio.to_thread.run_sync(self._keep, [deed for deed, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                problem = error
            for _, future in batch:
                if future.done():
                    continue
                if problem is None:
                    future.set_result(None)
                else:
                    future.set_exception(problem)
        self._writing = None


class Auditing:
    """The ASGI layer. ``add`` makes an entry durable."""

    def __init__(self, app: ASGIApp, add: Callable[[Deed], Awaitable[None]]) -> None:
        self._app = app
        self._add = add

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with doing(Deed(source=_source(scope))) as deed:
            request = _Request(self._add, scope, receive, send, deed)
            try:
                await self._app(scope, request.receive, request.send)
            finally:
                deed.is_over = True


class _Request:
    """One request on its way through: its body is seen going in, its status coming out."""

    def __init__(
        self, add: Callable[[Deed], Awaitable[None]], scope: Scope, receive: Receive, send: Send, deed: Deed
    ) -> None:
        self._add = add
        self._scope = scope
        self._receive = receive
        self._send = send
        self._deed = deed
        self._is_change = scope["method"] not in READING
        self._body = bytearray()
        self._is_replaced = False

    async def receive(self) -> Message:
        message = await self._receive()
        if self._is_change:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._deed.body = _read_json(bytes(self._body))
        return message

    async def send(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start" and self._is_due(message["status"]):
            try:
                await self._add(self._deed)
            except WatchkeeperError as error:
                self._is_replaced = True
                await render_error(error)(self._scope, self._receive, self._send)
                return
        await self._send(message)

    def _is_due(self, status: int) -> bool:
        deed = self._deed
        if not deed.actor or deed.is_kept or (status >= FIRST_FAILURE and status != REFUSED):
            return False
        if status == REFUSED:
            deed.outcome = "refused"
            return self._is_change
        deed.reads_content = deed.reads_content or self._searches_content()
        if deed.reads_content and not deed.changes:
            deed.kind = "read"
        return deed.reads_content or (self._is_change and deed.scope != "ingest")

    def _searches_content(self) -> bool:
        """True if words were looked for in prompts and answers: what is found says that they are there."""
        if not self._deed.may_read_content:
            return False
        texts = parse_qs(self._scope["query_string"].decode("latin-1")).get("filter", [])
        return any(Slice(self._deed.project, filter=text).has_words() for text in texts)


def _source(scope: Scope) -> str:
    """The address that it came from, and what a proxy said of whom it is for, which may be invented."""
    client = scope.get("client")
    address = client[0] if client else ""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            said = "".join(char for char in value.decode("latin-1") if char.isprintable())
            return f"{address} for {said[:LONGEST_SOURCE]}"
    return address


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
