"""OTLP over gRPC: the three Export methods, on raw bytes.

gRPC's own decompression is off: it would inflate a message before, or without, looking at its limit.
Compressed messages are recognised by their first bytes, with which no OTLP request can begin.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from watchkeeper_collector.certificates import Certificates
from watchkeeper_collector.errors import ConfigurationError, WatchkeeperError
from watchkeeper_collector.otlp.caller import Authenticate
from watchkeeper_collector.otlp.grpc_credentials import Credentials
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.otlp.signals import SIGNALS, Signal
from watchkeeper_collector.otlp.status import build_status

GZIP_START = b"\x1f\x8b"
ZLIB_STARTS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
STATUS_KEY = "grpc-status-details-bin"

Export = Callable[[bytes, Any], Awaitable[bytes]]


class GrpcDoor:
    """A gRPC server. ``start`` binds it, ``close`` lets requests under way finish."""

    def __init__(
        self,
        ingest: Ingest,
        authenticate: Authenticate,
        *,
        host: str,
        port: int,
        certificates: Certificates | None = None,
    ) -> None:
        self._ingest = ingest
        self._authenticate = authenticate
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._certificates = certificates
        self._server: Any = None

    async def start(self) -> int:
        """Listen; returns the port in use. Raises ``ConfigurationError`` if the address is taken."""
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._ingest.limits.request_bytes),
                ("grpc.per_message_decompression", 0),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ]
        )
        self._server.add_generic_rpc_handlers((_Methods(self._build_methods()),))
        try:
            port: int = self._add_port()
        except RuntimeError as error:
            raise ConfigurationError(f"Cannot listen on '{self._address}' for OTLP/gRPC: {error}.") from error
        await self._server.start()
        return port

    def _add_port(self) -> int:
        if self._certificates is None:
            return int(self._server.add_insecure_port(self._address))
        return int(self._server.add_secure_port(self._address, Credentials(self._certificates).build()))

    async def close(self, grace_s: float = 5.0) -> None:
        if self._server is not None:
            await self._server.stop(grace_s)

    def _build_methods(self) -> dict[str, Any]:
        return {
            signal.method: grpc.unary_unary_rpc_method_handler(self._build_export(signal))
            for signal in SIGNALS.values()
        }

    def _build_export(self, signal: Signal) -> Export:
        async def export(body: bytes, context: Any) -> bytes:
            try:
                with self._ingest.attend(signal.name, "grpc"):
                    caller = self._authenticate(_read_metadata(context))
                    accepted = await self._ingest.accept(
                        signal.name, body, caller, encoding=_find_encoding(body)
                    )
            except WatchkeeperError as error:
                context.set_trailing_metadata(((STATUS_KEY, build_status(error).SerializeToString()),))
                await context.abort(grpc.StatusCode[error.grpc_status], error.message)
            response: bytes = signal.build_response(accepted.rejected, accepted.reason).SerializeToString()
            return response

        return export


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, methods: dict[str, Any]) -> None:
        self._methods = methods

    def service(self, handler_call_details: Any) -> Any:
        return self._methods.get(handler_call_details.method)


def _read_metadata(context: Any) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}


def _find_encoding(body: bytes) -> str:
    if body.startswith(GZIP_START):
        return "gzip"
    return "deflate" if body.startswith(ZLIB_STARTS) else ""
