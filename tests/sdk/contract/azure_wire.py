"""Azure's clients over the mock transports of ``httpx``, in the form that Azure's pipeline has."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport
from azure.core.rest._http_response_impl import HttpResponseImpl
from azure.core.rest._http_response_impl_async import AsyncHttpResponseImpl

from tests.sdk.contract.wire import Wire


def describe(request: Any, response: Any) -> dict[str, Any]:
    """What Azure's responses are made of."""
    return {
        "request": request,
        "internal_response": response,
        "status_code": response.status_code,
        "reason": response.reason_phrase,
        "content_type": response.headers.get("content-type", ""),
        "headers": response.headers,
    }


def chunks(response: Any, **_: Any) -> Iterator[bytes]:
    yield from response._internal_response.iter_bytes()


async def chunks_async(response: Any, **_: Any) -> AsyncIterator[bytes]:
    async for chunk in response._internal_response.aiter_bytes():
        yield chunk


class AsyncResponse(AsyncHttpResponseImpl):
    """One whose library calls its ``close`` otherwise."""

    async def close(self) -> None:
        self._is_closed = True
        await self._internal_response.aclose()


class Transport(HttpTransport[Any, Any]):
    def __init__(self, client: Any) -> None:
        self._client = client

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        pass

    def close(self) -> None:
        self._client.close()

    def send(self, request: Any, *, stream: bool = False, **_: Any) -> Any:
        sent = self._client.build_request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        response = self._client.send(sent, stream=True)
        answer = HttpResponseImpl(stream_download_generator=chunks, **describe(request, response))
        if not stream:
            answer.read()
        return answer


class AsyncTransport(AsyncHttpTransport[Any, Any]):
    def __init__(self, client: Any) -> None:
        self._client = client

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, request: Any, *, stream: bool = False, **_: Any) -> Any:
        sent = self._client.build_request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        response = await self._client.send(sent, stream=True)
        answer = AsyncResponse(stream_download_generator=chunks_async, **describe(request, response))
        if not stream:
            await answer.read()
        return answer


@dataclass
class AzureWire(Wire):
    """A transport for ``azure.core``."""

    def transport(self) -> Transport:
        return Transport(self.client())

    def async_transport(self) -> AsyncTransport:
        return AsyncTransport(self.async_client())
