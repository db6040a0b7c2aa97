"""The life of a collector's process, from its sockets to its last signal."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

from watchkeeper_collector.app import build_collector
from watchkeeper_collector.certificates import Certificates
from watchkeeper_collector.serving.addresses import Addresses, bind, check_free, render_address
from watchkeeper_collector.serving.http_protocol import BoundedHttpProtocol
from watchkeeper_collector.settings import Settings

NOISY_LOGGERS = ("urllib3.connectionpool", "clickhouse_connect")  # an outage is told once, by our own errors
OVERTIME_S = 5.0
CERTIFICATE_CHECK_S = 1.0
KEEP_ALIVE_S = 75  # longer than the exporters' intervals: they keep their connections


class HttpServer(uvicorn.Server):
    """Uvicorn that says when it listens, with the signals left to :func:`serve`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, *, on_ready: Callable[[Addresses], None] | None = None) -> int:
    """Run a collector until SIGTERM or SIGINT; returns the exit code of the process.

    ``on_ready`` is called once the doors are open. The first signal finishes what is under way, for at most
    ``settings.shutdown_timeout_s``; a second one ends the process at once (what was acknowledged is on disk).
    Raises ``WatchkeeperError`` where the collector can't start.
    """
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, on_ready))
    return 0


async def _serve(settings: Settings, on_ready: Callable[[Addresses], None] | None) -> None:
    stopping = _watch_signals(settings.shutdown_timeout_s + OVERTIME_S)
    async with running(settings) as addresses:
        if on_ready is not None:
            on_ready(addresses)
        await stopping.wait()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """A collector with open doors, until the block ends and for ``shutdown_timeout_s`` at most after it."""
    ends_at_s = float("inf")
    check_free(settings.host, settings.grpc_port, "grpc_port")
    with closing(bind(settings.host, settings.http_port, "http_port")) as listener:
        http_port = listener.getsockname()[1]
        collector = build_collector(settings)
        try:
            grpc_port = await collector.start()
            certificates = settings.certificates
            scheme = "https" if certificates else "http"
            async with _http_door(collector.http, listener, settings.shutdown_timeout_s / 3, certificates):
                yield Addresses(
                    f"{scheme}://{render_address(settings.host, http_port)}",
                    render_address(settings.host, grpc_port),
                )
                collector.retire()
                ends_at_s = time.monotonic() + settings.shutdown_timeout_s
        finally:
            await collector.close(min(settings.shutdown_timeout_s, ends_at_s - time.monotonic()))


@asynccontextmanager
async def _http_door(
    app: ASGIApp, listener: socket.socket, grace_s: float, certificates: Certificates | None
) -> AsyncIterator[None]:
    """The application behind the socket. At the end requests under way have ``grace_s`` to finish."""
    context = certificates.build_context() if certificates else None
    config = uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(grace_s)),
        ssl_context_factory=None if context is None else lambda *_: context,
    )
    server = HttpServer(config)
    serving = asyncio.create_task(server.serve([listener]))
    watching = asyncio.create_task(_watch_files(certificates, context))
    try:
        await _first_of(server.listening.wait(), serving)
        yield
    finally:
        watching.cancel()
        server.should_exit = True
        await serving


async def _watch_files(certificates: Certificates | None, context: ssl.SSLContext | None) -> None:
    """Show a changed certificate to whoever connects from then on."""
    if certificates is None or context is None:
        return
    shown = certificates.version()
    while True:
        await asyncio.sleep(CERTIFICATE_CHECK_S)
        with suppress(OSError):  # a file is being replaced: the next look finds it
            found = certificates.version()
            if found != shown and certificates.refresh(context):
                shown = found


async def _first_of(waiting: Coroutine[Any, Any, object], serving: asyncio.Task[None]) -> None:
    """Wait until the server listens, or fails to: then its error is raised."""
    waiter = asyncio.create_task(waiting)
    await asyncio.wait((waiter, serving), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiter.cancel()
        await serving


def _watch_signals(longest_end_s: float) -> asyncio.Event:
    """An event for the first signal. The second one ends the process, and so does time after the first."""
    stopping = asyncio.Event()

    def stop(number: int) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()
        _end_after(longest_end_s)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    return stopping


def _end_after(time_s: float) -> None:
    """End the process even where a thread waits for a store that never answers: what counts is on disk."""
    timer = threading.Timer(time_s, os._exit, (0,))
    timer.daemon = True
    timer.start()
