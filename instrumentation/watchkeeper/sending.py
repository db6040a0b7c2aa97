"""Requests to the collector over OTLP/HTTP or OTLP/gRPC, one attempt each: when to try again is the
pipeline's choice.

The standard library's HTTP client keeps import and set-up small, honours proxy variables, and needs no
session that a fork would share.
"""

import gzip
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any, Literal, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit

from watchkeeper.settings import Settings

RETRYABLE_HTTP = frozenset({408, 429, 502, 503, 504})
TOO_LARGE_HTTP = 413
TOO_LARGE_GRPC = "larger than max"
"""In what servers' libraries say of a message beyond their limit, whose status may mean other things too."""
RETRYABLE_GRPC = frozenset(
    {
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNAVAILABLE",
        "DATA_LOSS",
    }
)
GRPC_METHODS = {
    "/v1/traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/v1/metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
MAX_ANSWER_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason`` says what went wrong; ``after_s`` when the collector wants to be asked again, if it said.

    What is too large may be taken in parts.
    """

    state: Literal["sent", "again", "refused", "too large"]
    reason: str = ""
    after_s: float | None = None
    body: bytes = b""


class Sender(Protocol):
    def send(self, path: str, body: bytes, content_type: str, timeout_s: float) -> Outcome:
        """One attempt to deliver ``body``; never raises for what the network or the collector does."""


def build_sender(settings: Settings) -> Sender:
    return GrpcSender(settings) if settings.protocol == "grpc" else HttpSender(settings)


class HttpSender:
    """OTLP/HTTP, and the collector's own API on the same address."""

    def __init__(self, settings: Settings) -> None:
        import encodings.idna  # noqa: F401, PLC0415 - or looking up an address would, in the midst of a request

        self._settings = settings
        self._headers = build_headers(settings)
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if settings.endpoint.startswith("https") or settings.traces_endpoint.startswith("https"):
            handlers.append(urllib.request.HTTPSHandler(context=build_tls(settings)))
        self._opener = urllib.request.build_opener(*handlers)

    def send(self, path: str, body: bytes, content_type: str, timeout_s: float) -> Outcome:
        headers = {**self._headers, "Content-Type": content_type}
        if self._settings.compression == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body, 3), "gzip"
        request = urllib.request.Request(self._url(path), body, headers, method="POST")  # noqa: S310 - theirs to set
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                return _read_answer(answer)
        except HTTPError as error:
            with error:
                return _read_refusal(error)
        except (OSError, HTTPException, ValueError) as error:
            return Outcome("again", f"{type(error).__name__}: {error}")

    def _url(self, path: str) -> str:
        if path == "/v1/traces" and self._settings.traces_endpoint:
            return self._settings.traces_endpoint
        return self._settings.endpoint + path


class GrpcSender:
    """OTLP/gRPC with raw bytes; scores have no way there."""

    def __init__(self, settings: Settings) -> None:
        import grpc  # noqa: PLC0415 - half the start-up time of a process that doesn't use it

        self._settings = settings
        self._metadata = [(key.lower(), value) for key, value in build_headers(settings).items()]
        self._error: type[Exception] = grpc.RpcError
        self._compression = grpc.Compression.Gzip if settings.compression == "gzip" else None
        self._channel = self._connect()

    def send(self, path: str, body: bytes, content_type: str, timeout_s: float) -> Outcome:  # noqa: ARG002
        method = GRPC_METHODS.get(path)
        if method is None:
            return Outcome(
                "refused", f"'{path}' cannot be sent over gRPC; set the protocol to http/protobuf."
            )
        try:
            export = self._channel.unary_unary(method)
            answer = export(body, timeout_s, self._metadata, compression=self._compression)
            return Outcome("sent", body=answer)
        except self._error as error:
            outcome = _read_grpc_error(error)
        if outcome.state == "again":  # or the channel would make pauses of its own, of up to two minutes
            self._channel.close()
            self._channel = self._connect()
        return outcome

    def _connect(self) -> Any:
        import grpc  # noqa: PLC0415

        address = urlsplit(self._settings.traces_endpoint or self._settings.endpoint)
        target = address.netloc or address.path
        options = [("grpc.use_local_subchannel_pool", 1)]  # pauses are kept there
        if address.scheme != "https":
            return grpc.insecure_channel(target, options)
        return grpc.secure_channel(target, _credentials(self._settings), options)


def build_headers(settings: Settings) -> dict[str, str]:
    authorization = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    return {"User-Agent": "watchkeeper-python", **settings.headers, **authorization}


def build_tls(settings: Settings) -> ssl.SSLContext:
    """The system's authorities, or the certificate that is set; with a client certificate where one is."""
    context = ssl.create_default_context(cafile=settings.certificate or None)
    if not settings.certificate and not context.cert_store_stats()["x509_ca"]:
        import certifi  # noqa: PLC0415 - only where the system has no authorities, as in slim images

        context.load_verify_locations(certifi.where())
    if settings.client_certificate:
        context.load_cert_chain(settings.client_certificate, settings.client_key or None)
    return context


def _credentials(settings: Settings) -> Any:
    import grpc  # noqa: PLC0415

    files = (settings.certificate, settings.client_key, settings.client_certificate)
    return grpc.ssl_channel_credentials(*(_load(path) for path in files))


def _load(path: str) -> bytes | None:
    if not path:
        return None
    with open(path, "rb") as file:  # noqa: PTH123 - one read, no path arithmetic
        return file.read()


def _read_answer(answer: HTTPResponse) -> Outcome:
    if answer.headers.get_content_type() == "text/html":
        return Outcome("refused", "a web page answered; is it the collector's address?")
    return Outcome("sent", body=answer.read(MAX_ANSWER_BYTES))


def _read_refusal(error: HTTPError) -> Outcome:
    reason = f"HTTP status {error.code}"
    if error.code == TOO_LARGE_HTTP:
        return Outcome("too large", reason)
    if error.code not in RETRYABLE_HTTP:
        return Outcome("refused", reason)
    return Outcome("again", reason, read_retry_after(error.headers))


def _read_grpc_error(error: Any) -> Outcome:
    code, details = error.code().name, error.details() or ""
    if code == "RESOURCE_EXHAUSTED" and TOO_LARGE_GRPC in details:
        return Outcome("too large", f"gRPC status {code}: {details}")
    return Outcome("again" if code in RETRYABLE_GRPC else "refused", f"gRPC status {code}")


def read_retry_after(headers: Mapping[str, str] | Message) -> float | None:
    """Seconds from now, given as their number or as a date of the collector's clock."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return float(text)
    asked, now = _date(text), _date(headers.get("Date") or "") or datetime.now(UTC)
    return max(0.0, (asked - now).total_seconds()) if asked else None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the API key to wherever it points."""

    def redirect_request(self, *arguments: Any) -> None:  # noqa: ARG002
        return None
