"""The bound on request bodies of the API, sent and inflated. Telemetry has its own, at its doors."""

import zlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper_collector.api.errors import render_error
from watchkeeper_collector.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    UnsupportedMediaError,
    WatchkeeperError,
)

MOST_BODY_BYTES = 1 << 20
GZIP_BITS = 16 + zlib.MAX_WBITS
ENCODING = b"content-encoding"
CHANGED = frozenset({ENCODING, b"content-length"})


class BodyLimit:
    """Reads a request's whole body before the application sees any of it, up to the bound.

    A body in gzip is inflated here, as senders of telemetry compress their scores too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            messages, body = await _read(receive)
            encoding = _encoding(scope)
            if encoding:
                scope = {**scope, "headers": [head for head in scope["headers"] if head[0] not in CHANGED]}
                messages = [{"type": "http.request", "body": _inflate(body, encoding), "more_body": False}]
        except WatchkeeperError as error:
            await render_error(error)(scope, receive, send)
            return
        await self._app(scope, _replaying(messages, receive), send)


async def _read(receive: Receive) -> tuple[list[Message], bytes]:
    """What came, and its body. Raises ``RequestTooLargeError``."""
    messages, body = [], bytearray()
    while True:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return messages, bytes(body)


def _encoding(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == ENCODING]
    encoding: str = b", ".join(values).decode("latin-1").strip().lower()
    return "" if encoding == "identity" else encoding


def _inflate(body: bytes, encoding: str) -> bytes:
    if encoding != "gzip":
        raise UnsupportedMediaError(f"Content-Encoding '{encoding[:60]}' is not supported: use gzip or none.")
    inflating = zlib.decompressobj(GZIP_BITS)
    try:
        inflated = inflating.decompress(body, MOST_BODY_BYTES + 1)
    except zlib.error as error:
        raise InvalidRequestError(f"The body is no gzip: {error}.") from None
    if len(inflated) > MOST_BODY_BYTES:
        raise _too_large()
    if not inflating.eof:
        raise InvalidRequestError("The body ends in the middle of its gzip stream.")
    return inflated


def _replaying(messages: list[Message], receive: Receive) -> Receive:
    """The messages read ahead, then what comes after them."""
    ahead = iter(messages)

    async def next_message() -> Message:
        message = next(ahead, None)
        return message if message is not None else await receive()

    return next_message


def _too_large() -> RequestTooLargeError:
    return RequestTooLargeError(f"The body of an API request may have {MOST_BODY_BYTES:,} bytes at most.")
