"""OTLP over HTTP: one ASGI application per signal, under our own path and those of other products.

A request is refused from its headers alone where that is possible, before its body is read.
"""

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from watchkeeper_collector.errors import InvalidRequestError, UnsupportedMediaError, WatchkeeperError
from watchkeeper_collector.otlp.caller import Authenticate
from watchkeeper_collector.otlp.http_body import HttpBody, InFlight, SenderGoneError
from watchkeeper_collector.otlp.inflating import check_encoding
from watchkeeper_collector.otlp.ingest import Accepted, Ingest
from watchkeeper_collector.otlp.signals import SIGNALS, Signal
from watchkeeper_collector.otlp.status import build_status, retry_after_s

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
MEDIA_TYPES = {JSON: JSON, PROTOBUF: PROTOBUF, "application/protobuf": PROTOBUF}
PREFIXES = (
    "",
    "/otel",  # LangSmith, Braintrust
    "/api/v1/otel",  # LangSmith on one's own host
    "/api/public/otel",  # Langfuse
    "/api/v1/private/otel",  # Opik
    "/opik/api/v1/private/otel",  # Opik at Comet
)


class MethodNotAllowedError(InvalidRequestError):
    code = "method_not_allowed"
    http_status = 405


class _Answer(NamedTuple):
    status: int
    media_type: str
    message: Message
    headers: dict[str, str]


def build_routes(ingest: Ingest, authenticate: Authenticate) -> list[Route]:
    """The routes of all signals, for the application's router."""
    in_flight = InFlight(ingest.limits.in_flight_bytes)
    doors = {name: HttpDoor(signal, ingest, authenticate, in_flight) for name, signal in SIGNALS.items()}
    return [Route(f"{prefix}/v1/{name}", door) for prefix in PREFIXES for name, door in doors.items()]


class HttpDoor:
    """The ASGI application that takes one signal's requests."""

    def __init__(
        self, signal: Signal, ingest: Ingest, authenticate: Authenticate, in_flight: InFlight
    ) -> None:
        self._in_flight = in_flight
        self._signal = signal
        self._ingest = ingest
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media_type = MEDIA_TYPES.get(headers.get("content-type", "").partition(";")[0].strip().lower(), "")
        body = HttpBody(receive, self._ingest.limits.request_bytes, self._in_flight)
        try:
            with self._ingest.attend(self._signal.name, "http"):
                _check_method(scope["method"])
                accepted = await self._accept(headers, media_type, body)
        except SenderGoneError:
            return
        except WatchkeeperError as error:
            answer = _refuse(error, media_type or JSON)
        else:
            response = self._signal.build_response(accepted.rejected, accepted.reason)
            answer = _Answer(200, media_type, response, {})
        finally:
            body.release()
        await _send(answer, body, send)

    async def _accept(self, headers: Mapping[str, str], media_type: str, body: HttpBody) -> Accepted:
        encoding = headers.get("content-encoding", "").strip().lower()
        if not media_type:
            given = headers.get("content-type", "")
            raise UnsupportedMediaError(f"Content-Type '{given}' is not supported: use {PROTOBUF} or {JSON}.")
        check_encoding(encoding)
        caller = self._authenticate(headers)
        data = await body.read(headers.get("content-length"), caller.project)
        return await self._ingest.accept(
            self._signal.name, data, caller, encoding=encoding, is_json=media_type == JSON
        )


def _check_method(method: str) -> None:
    if method != "POST":
        raise MethodNotAllowedError(f"{method} is not supported here: telemetry is sent with POST.")


def _refuse(error: WatchkeeperError, media_type: str) -> _Answer:
    headers = {}
    if error.http_status == 405:
        headers["allow"] = "POST"
    if error.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.is_retryable:
        headers["retry-after"] = str(max(1, round(retry_after_s(error))))
    return _Answer(error.http_status, media_type, build_status(error), headers)


async def _send(answer: _Answer, body: HttpBody, send: Send) -> None:
    """Send the answer at once, and take the rest of the body before the connection ends."""
    if answer.media_type == JSON:
        content = orjson.dumps(json_format.MessageToDict(answer.message))
    else:
        content = answer.message.SerializeToString()
    headers = {"content-type": answer.media_type, "content-length": str(len(content)), **answer.headers}
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": content, "more_body": not body.is_complete})
    if not body.is_complete:
        await body.drain()
        await send({"type": "http.response.body", "body": b""})
