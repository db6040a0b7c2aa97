"""Answers of an MCP server, given to the real client's session over streams in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import anyio
from mcp import ClientSession, types
from mcp.shared.message import SessionMessage

from tests.sdk.contract.wire import Wire

HTTP = SimpleNamespace(MockTransport=lambda answer: answer, AsyncClient=lambda transport: transport)
"""Whoever answers stands for a transport."""
Answer = Callable[[Any], Awaitable[Any]]


def read_message(message: Any) -> Any:
    """Version 1 puts each kind of message into a model of its own."""
    return getattr(message.message, "root", message.message)


def build_message(request: Any, outcome: Any) -> SessionMessage:
    head = {"jsonrpc": "2.0", "id": request.id}
    if "error" in outcome:
        answer: Any = types.JSONRPCError(**head, error=types.ErrorData(**outcome["error"]))
    else:
        answer = types.JSONRPCResponse(**head, result=outcome)
    return SessionMessage(types.JSONRPCMessage(answer) if isinstance(types.JSONRPCMessage, type) else answer)


class ToServer:
    """What a session writes to: each request is answered before the next is taken."""

    def __init__(self, answer: Answer, back: Any) -> None:
        self._answer = answer
        self._back = back

    async def send(self, message: Any) -> None:
        request = read_message(message)
        if hasattr(request, "id"):
            await self._back.send(build_message(request, await self._answer(request)))

    async def aclose(self) -> None:
        await self._back.aclose()

    async def __aenter__(self) -> "ToServer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Sessions:
    """Each call of a method has a session of its own. A session's tasks would wrap what a call raises."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __getattr__(self, method: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            send, receive = anyio.create_memory_object_stream[Any](1)
            result, error = None, None
            async with receive, ClientSession(receive, ToServer(self._answer, send)) as session:
                session._tool_output_schemas["find"] = None  # else it asks for the tools after a call
                try:
                    result = await getattr(session, method)(*args, **kwargs)
                except BaseException as raised:  # noqa: BLE001 - raised again below
                    error = raised
            if error is not None:
                raise error
            return result

        return call


@dataclass
class McpWire(Wire):
    """A server that gives one answer to every request."""

    def async_client(self) -> Answer:
        async def answer(request: Any) -> Any:
            self.requests.append(request)
            if self.reply.error is not None:
                raise self.reply.error
            return self.reply.body

        return answer
