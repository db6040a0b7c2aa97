"""The bound on request bodies of the API. Telemetry has its own, at its doors."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper_collector.api.errors import render_error
from watchkeeper_collector.errors import RequestTooLargeError

MOST_BODY_BYTES = 1 << 20


class BodyLimit:
    """Reads a request's whole body before the application sees any of it, up to the bound."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages, size = [], 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > MOST_BODY_BYTES:
                await render_error(_too_large())(scope, receive, send)
                return
            if not message.get("more_body", False):
                break
        await self._app(scope, _replaying(messages, receive), send)


def _replaying(messages: list[Message], receive: Receive) -> Receive:
    """The messages read ahead, then what comes after them."""
    ahead = iter(messages)

    async def next_message() -> Message:
        message = next(ahead, None)
        return message if message is not None else await receive()

    return next_message


def _too_large() -> RequestTooLargeError:
    return RequestTooLargeError(f"The body of an API request may have {MOST_BODY_BYTES:,} bytes at most.")
