"""Which server a session speaks to: only its transport knows, and the two meet in the stream between them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from importlib import import_module
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.guard import Guard
from watchkeeper.patching import Patch, patch
from watchkeeper.reading import Attributes

PLACES = ("mcp", "mcp.client.stdio", "mcp.client.client", "mcp.client.session_group")
"""Modules that have ``stdio_client``, in one version or the other."""
STREAM = 3
"""The place of the session's stream among the arguments of ``post_writer``."""
ReadFacts = Callable[[], Attributes]


def read_pipe() -> Attributes:
    return {"network.transport": "pipe"}


def read_http(transport: Any) -> Attributes:
    """Of a transport by HTTP. The session's id comes with the server's first answer."""
    address = urlsplit(str(transport.url))
    facts: Attributes = {"network.transport": "tcp", "network.protocol.name": "http"}
    if address.hostname:
        facts["server.address"] = address.hostname
        facts["server.port"] = address.port or {"https": 443}.get(address.scheme, 80)
    if transport.session_id:
        facts["mcp.session.id"] = str(transport.session_id)
    return facts


class Servers:
    """Transports by the streams that sessions write to, each as long as it runs."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._known: dict[int, ReadFacts] = {}

    def watch(self) -> list[Patch]:
        """Patches of the transports."""
        http = import_module("mcp.client.streamable_http").StreamableHTTPTransport
        modules = [module for name in PLACES if (module := _find_module(name)) is not None]
        pipes = [module for module in modules if "stdio_client" in vars(module)]
        return [
            patch(http, "post_writer", self._noted_writer),
            *(patch(module, "stdio_client", self._noted_pipe) for module in pipes),
        ]

    def facts_finder(self, session: Any) -> ReadFacts:
        """Tells what is known of the session's server by then, without keeping the session."""
        key = _key(getattr(getattr(session, "_dispatcher", session), "_write_stream", None))

        def find() -> Attributes:
            read = self._known.get(key)
            return read() if read else {}

        return find

    def _noted_writer(self, post_writer: Any) -> Any:
        """The task that sends what the session writes, which lives as long as the transport."""

        @wraps(post_writer)
        async def run(transport: Any, *args: Any, **kwargs: Any) -> Any:
            stream = args[STREAM] if len(args) > STREAM else kwargs.get("write_stream")
            with self._noting(stream, lambda: read_http(transport)):
                return await post_writer(transport, *args, **kwargs)

        return run

    def _noted_pipe(self, stdio_client: Any) -> Any:
        @wraps(stdio_client)
        @asynccontextmanager
        async def connect(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async with stdio_client(*args, **kwargs) as streams:
                with self._noting(self._guard(itemgetter(1), streams), read_pipe):
                    yield streams

        return connect

    @contextmanager
    def _noting(self, stream: Any, read: ReadFacts) -> Iterator[None]:
        key = _key(stream)
        self._known[key] = read
        try:
            yield
        finally:
            self._known.pop(key, None)


def _key(stream: Any) -> int:
    return id(stream)


def _find_module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None
