"""Answers of a provider, given to its real client through its own HTTP library's mock transport."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """``chunks`` come one by one, as from a server that streams; ``error`` is raised instead of an answer, or
    after the chunks.
    """

    body: Any = None
    chunks: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "application/json"
    error: BaseException | None = None


def events(*bodies: Any, is_named: bool = False) -> tuple[bytes, ...]:
    """Server-sent events; ``is_named`` gives each the name that its ``type`` has."""
    return tuple(
        (f"event: {body['type']}\n".encode() if is_named else b"")
        + b"data: "
        + json.dumps(body).encode()
        + b"\n\n"
        for body in bodies
    )


@dataclass
class Wire:
    """A transport for ``httpx`` or a library of its form, which gives one reply to every request."""

    http: Any
    reply: Reply
    requests: list[Any] = field(default_factory=list)

    def client(self) -> Any:
        return self.http.Client(transport=self.http.MockTransport(self._answer))

    def async_client(self) -> Any:
        async def answer(request: Any) -> Any:
            return self._answer(request)

        return self.http.AsyncClient(transport=self.http.MockTransport(answer))

    def _answer(self, request: Any) -> Any:
        self.requests.append(request)
        reply = self.reply
        headers = {"content-type": reply.content_type}
        if reply.chunks:
            return self.http.Response(200, headers=headers, stream=self._stream())
        if reply.error is not None:
            raise reply.error
        if isinstance(reply.body, bytes):
            return self.http.Response(reply.status, headers=headers, content=reply.body)
        return self.http.Response(reply.status, json=reply.body)

    def _stream(self) -> Any:
        reply = self.reply

        class Stream(self.http.SyncByteStream, self.http.AsyncByteStream):  # type: ignore[misc, name-defined]
            def __iter__(self) -> Iterator[bytes]:
                yield from reply.chunks
                if reply.error is not None:
                    raise reply.error

            async def __aiter__(self) -> AsyncIterator[bytes]:
                for chunk in self:
                    yield chunk

        return Stream()
