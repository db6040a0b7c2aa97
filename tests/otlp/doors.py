"""Both doors of a collector on free ports of this machine, in front of a spool that only remembers."""

import asyncio
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from watchkeeper_collector.errors import UnauthenticatedError
from watchkeeper_collector.otlp.caller import Caller, read_secrets
from watchkeeper_collector.otlp.grpc_door import GrpcDoor
from watchkeeper_collector.otlp.http import build_routes
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.telemetry import Telemetry

KEY = "wk-secret"


@dataclass(frozen=True)
class Stored:
    signal: str
    project: str
    key_id: str
    body: bytes
    items: int


@dataclass
class FakeSpool:
    """Remembers what it is given. ``failures`` are raised first, one per request."""

    stored: list[Stored] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def append(self, signal: str, project: str, key_id: str, body: bytes, items: int) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        is_new = all(body != known.body for known in self.stored)
        self.stored.append(Stored(signal, project, key_id, body, items))
        return is_new

    def forget(self) -> None:
        self.stored.clear()
        self.failures.clear()


def authenticate(headers: Mapping[str, str]) -> Caller:
    if KEY not in read_secrets(headers):
        raise UnauthenticatedError("The request has no valid API key.")
    return Caller("shop", "key-1")


@dataclass(frozen=True)
class Doors:
    """Running doors. ``http`` is a base URL, ``grpc`` an address."""

    http: str
    grpc: str
    spool: FakeSpool
    telemetry: Telemetry

    def metric(self, name: str, **labels: str) -> float:
        return self.telemetry.registry.get_sample_value(f"watchkeeper_{name}", labels) or 0.0


@contextmanager
def running_doors(limits: Limits | None = None) -> Iterator[Doors]:
    """Doors with an event loop of their own, in a thread, until the block ends."""
    spool, telemetry = FakeSpool(), Telemetry()
    listener = socket.create_server(("127.0.0.1", 0))
    grpc_port: queue.Queue[int] = queue.Queue()
    server: queue.Queue[uvicorn.Server] = queue.Queue()

    async def serve() -> None:
        ingest = Ingest(spool.append, limits or Limits(), telemetry)
        app = Starlette(routes=build_routes(ingest, authenticate))
        http_door = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        grpc_door = GrpcDoor(ingest, authenticate, host="127.0.0.1", port=0)
        grpc_port.put(await grpc_door.start())
        server.put(http_door)
        await http_door.serve(sockets=[listener])
        await grpc_door.close(0)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        http, grpc = f"http://127.0.0.1:{listener.getsockname()[1]}", f"127.0.0.1:{grpc_port.get(timeout=20)}"
        yield Doors(http, grpc, spool, telemetry)
    finally:
        server.get(timeout=20).should_exit = True
        thread.join(20)
