"""Ollama's client. Every request of it, also of the module's functions, goes through ``_request`` of the
plain or the async client, with the body as the API takes it.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint, receive
from watchkeeper.deferring import Deferred
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.ollama import answers, embeddings
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder

READERS: Mapping[str, Reader] = {
    "/api/chat": answers.CHAT,
    "/api/generate": answers.GENERATION,
    "/api/embed": embeddings.EMBEDDINGS,
    "/api/embeddings": embeddings.EMBEDDINGS,
}
"""By path."""


def instrument(recorder: Recorder) -> list[Patch]:
    module = import_module("ollama._client")
    begin = partial(begin_request, recorder)
    clients = (module.Client, module.AsyncClient)
    return [
        patch(client, "_request", lambda method: traced(method, begin, recorder.guard)) for client in clients
    ]


def begin_request(
    recorder: Recorder, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | Deferred | None:
    """``args`` are the client, the answer's class, the HTTP method and the path."""
    reader = READERS.get(args[3]) if len(args) > 3 else None
    if reader is None:
        return None
    begin = partial(recorder.begin, reader, endpoint(args[0]), kwargs.get("json"), receive)
    return Deferred(begin, recorder.guard) if kwargs.get("stream") else begin()


def endpoint(client: Any) -> Endpoint:
    """Ollama's API, wherever it is served."""
    found = find_endpoint(str(client._client.base_url))  # noqa: SLF001 - the client has no public way to ask
    return Endpoint("ollama", found.address, found.port)
