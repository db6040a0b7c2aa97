"""The way out: one HTTP request to an address that was looked at, within a time; a bounded answer.

No redirect is followed, and no proxy but the operator's is used.
"""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore

from watchkeeper_collector.alerts.notify.message import Answer, Request
from watchkeeper_collector.alerts.notify.sending.policy import EgressPolicy
from watchkeeper_collector.errors import ConfigurationError

CONNECT_TIMEOUT_S = 5.0
TIMEOUT_S = 15.0
MOST_ANSWER_BYTES = 64 << 10
PIECE_BYTES = 16 << 10
USER_AGENT = "Watchkeeper"


@dataclass(frozen=True, slots=True)
class Egress:
    """Safe to share between threads. ``proxy`` is a URL, with its user and password if it asks for them."""

    policy: EgressPolicy
    proxy: str = field(default="", repr=False)
    ssl_context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    timeout_s: float = TIMEOUT_S

    def exchange(self, request: Request) -> Answer:
        """Send the request. Raises ``ForbiddenError``, ``OSError`` and errors of ``httpcore``."""
        backend = _Backend(self.policy, time.monotonic() + self.timeout_s, is_direct=not self.proxy)
        if self.proxy:
            self.policy.check_name(urlsplit(request.url).hostname or "")
        headers = {"user-agent": USER_AGENT, "connection": "close", **request.headers}
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self.timeout_s)
        limits["connect"] = min(CONNECT_TIMEOUT_S, self.timeout_s)
        with (
            self._pool(backend) as pool,
            pool.stream(
                request.method,
                request.url,
                headers=list(headers.items()),
                content=request.body,
                extensions={"timeout": limits},
            ) as response,
        ):
            return Answer(response.status, _headers(response.headers), _read(response.iter_stream()))

    def connect(self, host: str, port: int, timeout_s: float) -> Any:
        """A socket to an address of the host that may be reached: for what is not HTTP."""
        backend = _Backend(self.policy, time.monotonic() + timeout_s, is_direct=True)
        return backend.connect(host, port, timeout_s).get_extra_info("socket")

    def _pool(self, backend: httpcore.NetworkBackend) -> httpcore.ConnectionPool:
        if not self.proxy:
            return httpcore.ConnectionPool(ssl_context=self.ssl_context, network_backend=backend)
        url, user = read_proxy(self.proxy)
        return httpcore.HTTPProxy(url, proxy_auth=user, ssl_context=self.ssl_context, network_backend=backend)


def read_proxy(text: str) -> tuple[str, tuple[str, str] | None]:
    """The address, and user and password if there are. Raises ``ConfigurationError``, which shows neither."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or 3128
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError("The setting `egress_proxy` is no address. Expected http://host:3128.")
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}", user


def build_ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, and those in the file. Raises ``ConfigurationError``."""
    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"The certificates in '{ca_file}' can't be read: {error}.") from error
    return context


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that were looked at. All that happens on the connection ends at a time."""

    def __init__(self, policy: EgressPolicy, ends_at_s: float, *, is_direct: bool) -> None:
        self._policy = policy
        self._ends_at_s = ends_at_s
        self._is_direct = is_direct
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del local_address, socket_options
        return _Stream(self.connect(host, port, timeout or CONNECT_TIMEOUT_S), self._ends_at_s)

    def connect(self, host: str, port: int, timeout_s: float) -> httpcore.NetworkStream:
        """To the first address that answers. The operator's proxy may be anywhere."""
        addresses = self._policy.resolve(host, port) if self._is_direct else [host]
        for address in addresses[:-1]:
            try:
                return self._sockets.connect_tcp(address, port, timeout=timeout_s / len(addresses))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._sockets.connect_tcp(addresses[-1], port, timeout=timeout_s)


class _Stream(httpcore.NetworkStream):
    """A connection that ends at a time, however slowly the other side speaks or listens."""

    def __init__(self, inner: httpcore.NetworkStream, ends_at_s: float) -> None:
        self._inner = inner
        self._ends_at_s = ends_at_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._inner.read(max_bytes, self._left_s(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        for start in range(0, len(buffer), PIECE_BYTES):
            piece = buffer[start : start + PIECE_BYTES]
            self._inner.write(piece, self._left_s(httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        left_s = self._left_s(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._ends_at_s)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left_s(self, error: type[Exception]) -> float:
        left_s = self._ends_at_s - time.monotonic()
        if left_s <= 0:
            raise error("timed out")
        return left_s


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _read(chunks: Iterable[bytes]) -> bytes:
    """The beginning of the body: more than that nobody needs to say."""
    body = b""
    for chunk in chunks:
        body += chunk[: MOST_ANSWER_BYTES - len(body)]
        if len(body) >= MOST_ANSWER_BYTES:
            break
    return body
