"""Cohere's client, both forms of its API, and what stands beneath it on AWS and Oracle's cloud.

Every method, plain or of ``with_raw_response``, goes through the raw clients, which give a response with the
answer in it; for streams, a context manager that sends the request when it is entered.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call
from watchkeeper.patching import LatePatches, Patch, patch, traced
from watchkeeper.providers.cohere import embeddings, prompts, ranking, turns
from watchkeeper.providers.cohere.opening import opened
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.proxies import is_stream
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.streams import notice_closing

PACKAGE = "cohere"
COMMON = {"embed": embeddings.EMBEDDINGS, "rerank": ranking.RANKING}
FIRST = {
    "chat": prompts.CHAT,
    "chat_stream": prompts.CHAT_STREAM,
    "generate": prompts.GENERATION,
    "generate_stream": prompts.GENERATION_STREAM,
    **COMMON,
}
SECOND = {"chat": turns.CHAT, "chat_stream": turns.CHAT_STREAM, **COMMON}
CLIENTS: Mapping[str, tuple[tuple[str, str], Mapping[str, Reader]]] = {
    f"{PACKAGE}.raw_base_client": (("RawBaseCohere", "AsyncRawBaseCohere"), FIRST),
    f"{PACKAGE}.v2.raw_client": (("RawV2Client", "AsyncRawV2Client"), SECOND),
}
"""By module: the plain and the async client, and their methods."""
NOT_SENT = frozenset({"request_options", "accepts"})
"""Arguments that say how to send a request; headers among them can have secrets."""


def instrument(recorder: Recorder) -> list[LatePatches]:
    late = LatePatches(recorder.guard)
    for module, (clients, methods) in CLIENTS.items():
        late.when_imported(module, partial(_wrap, recorder, module, clients, methods))
    return [late]


def _wrap(
    recorder: Recorder, module: str, clients: tuple[str, ...], methods: Mapping[str, Reader]
) -> list[Patch]:
    owners = [getattr(import_module(module), client) for client in clients]
    patches = []
    for owner in owners:
        for name, reader in methods.items():
            wrap = opened if name.endswith("_stream") else traced
            build = partial(wrap, begin=partial(begin_request, recorder, reader), guard=recorder.guard)
            patches.append(patch(owner, name, build))
    return patches


def begin_request(
    recorder: Recorder, reader: Reader, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | None:
    """All arguments are given by name; those that weren't given to the client are an ellipsis."""
    body = {name: value for name, value in kwargs.items() if name not in NOT_SENT and value is not ...}
    base_url = args[0]._client_wrapper.get_base_url()  # noqa: SLF001 - the client has no public way to ask
    return recorder.begin(reader, find_endpoint(base_url, default=PACKAGE), body, receive)


def receive(call: Call, result: Any) -> Any:
    """Take note of the answer in a response, or put an observed iterator in the place of its stream.

    Where the request went is told by the response: clients for other clouds send it elsewhere than to their
    base URL.
    """
    call.endpoint = find_endpoint(str(result._response.request.url), default=call.endpoint.provider)  # noqa: SLF001 - the seam
    if not is_stream(result._data):  # noqa: SLF001
        call.answer(result._data)  # noqa: SLF001
        return result
    result._data = iterator = call.observe(result._data)  # noqa: SLF001
    close = "aclose" if hasattr(iterator, "__anext__") else "close"
    notice_closing(result._response, close, iterator)  # noqa: SLF001
    return result
