"""Mistral's client, with its flavours for Azure and for Google's cloud.

The client's parts are modules that it imports when they are first used, so each is wrapped then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint
from watchkeeper.patching import LatePatches, Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.mistral import completions, conversations, documents, embeddings, frames
from watchkeeper.providers.mistral.own_spans import merged
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.streams import notice_closing

CLIENT = "mistralai.client"
TRANSPORT = frozenset({"retries", "server_url", "timeout_ms", "http_headers"})
"""Arguments that say how to send a request; headers can have secrets."""


@dataclass(frozen=True, slots=True)
class Part:
    """A class of the client, in a module of its own, and its methods; each has an async twin."""

    module: str
    owner: str
    methods: Mapping[str, Reader]


CHAT = Part("chat", "Chat", {"complete": completions.CHAT, "stream": completions.CHAT_STREAM})
FIM = Part("fim", "Fim", {"complete": completions.FILLING, "stream": completions.FILLING_STREAM})
OCR = Part("ocr", "Ocr", {"process": documents.DOCUMENTS})
PARTS = (
    CHAT,
    FIM,
    Part("agents", "Agents", {"complete": completions.CHAT, "stream": completions.CHAT_STREAM}),
    Part(
        "conversations",
        "Conversations",
        {
            **dict.fromkeys(("start", "append", "restart"), conversations.CONVERSATION),
            **dict.fromkeys(("start_stream", "append_stream", "restart_stream"), conversations.STREAM),
        },
    ),
    Part("responses", "Responses", {"create": frames.RESPONSES}),
    Part("embeddings", "Embeddings", {"create": embeddings.EMBEDDINGS}),
    OCR,
)


def instrument(recorder: Recorder) -> list[LatePatches]:
    late = wrapped(recorder, CLIENT, PARTS, "mistral_ai")
    late.when_imported(f"{CLIENT}._hooks.tracing", partial(_merge_spans, recorder))
    return [late]


def wrapped(recorder: Recorder, package: str, parts: tuple[Part, ...], provider: str) -> LatePatches:
    """Patches of one flavour of the client."""
    late = LatePatches(recorder.guard)
    for part in parts:
        module = f"{package}.{part.module}"
        late.when_imported(module, partial(_wrap, recorder, module, part, provider))
    return late


def _wrap(recorder: Recorder, module: str, part: Part, provider: str) -> list[Patch]:
    owner = getattr(import_module(module), part.owner)
    patches = []
    for name, reader in part.methods.items():
        begin = partial(begin_request, recorder, reader, provider)
        build = partial(traced, begin=begin, guard=recorder.guard)
        patches += [patch(owner, name, build), patch(owner, f"{name}_async", build)]
    return patches


def _merge_spans(recorder: Recorder) -> list[Patch]:
    tracing = import_module(f"{CLIENT}._hooks.tracing")
    return [patch(tracing, "get_traced_request_and_span", partial(merged, recorder))]


def begin_request(
    recorder: Recorder, reader: Reader, provider: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | None:
    """All arguments are given by name."""
    body = {name: value for name, value in kwargs.items() if name not in TRANSPORT}
    return recorder.begin(reader, endpoint(args[0], kwargs.get("server_url"), provider), body, receive)


def endpoint(client: Any, server_url: str | None, provider: str) -> Endpoint:
    base_url = server_url or client.sdk_configuration.get_server_details()[0]
    return find_endpoint(base_url, default=provider)


def receive(call: Call, result: Any) -> Any:
    """Take note of an answer, or of a stream, which stays the client's own with its generator observed."""
    if not hasattr(result, "generator"):
        call.answer(result)
        return result
    result.generator = iterator = call.observe(result.generator)
    notice_closing(result.response, "aclose" if hasattr(iterator, "__anext__") else "close", iterator)
    return result
