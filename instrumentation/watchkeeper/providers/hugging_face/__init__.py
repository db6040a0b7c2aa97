"""Hugging Face's inference clients. Every task of theirs goes through ``_inner_post`` with the body as it is
sent: to Hugging Face's router, to the provider that was chosen, or to a server of one's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.call import Call
from watchkeeper.patching import LatePatches, Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.hugging_face import completions, embeddings
from watchkeeper.providers.hugging_face.lines import Lines
from watchkeeper.proxies import is_stream
from watchkeeper.reading import Reader, Request, mapping, present
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain
from watchkeeper.wire import Encoded

CLIENTS = {
    "huggingface_hub.inference._client": "InferenceClient",
    "huggingface_hub.inference._generated._async_client": "AsyncInferenceClient",
}
ROUTER = "router.huggingface.co"
ROUTE = "huggingface.inference.provider"
"""Ours: the provider that Hugging Face's router passes a request on to, as the application chose it."""
POLICIES = frozenset({"fastest", "cheapest", "preferred"})
"""Ways to leave the choice to the router, as they are put behind a model's name."""
MAX_VECTORS_BYTES = 1 << 20
"""Larger embeddings are not kept to count their dimensions."""


def routed(reader: Reader) -> Reader:
    """A reader that says where the request was passed on to as well."""

    def read_request(body: Plain) -> Request:
        request = reader.request(body)
        request.attributes |= present(mapping(body), {ROUTE: ROUTE})
        return request

    return replace(reader, request=read_request)


READERS: Mapping[str, Reader] = {
    "conversational": routed(completions.CHAT),
    "text-generation": routed(completions.GENERATION),
    "feature-extraction": routed(embeddings.EMBEDDINGS),
}
"""By task."""


def instrument(recorder: Recorder) -> list[LatePatches]:
    """Wrap both clients: the async one is a module of its own, which most applications never import."""
    late = LatePatches(recorder.guard)
    begin = partial(begin_task, recorder)
    for module, client in CLIENTS.items():
        late.when_imported(
            module, partial(_wrap, module, client, partial(traced, begin=begin, guard=recorder.guard))
        )
    return [late]


def _wrap(module: str, client: str, build: Any) -> list[Patch]:
    return [patch(getattr(import_module(module), client), "_inner_post", build)]


def begin_task(recorder: Recorder, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
    asked = args[1] if len(args) > 1 else kwargs["request_parameters"]
    reader = READERS.get(asked.task)
    if reader is None or not isinstance(asked.json, Mapping):
        return None
    body = {**asked.json, "model": read_model_name(asked), ROUTE: read_route(asked)}
    body["stream"] = kwargs.get("stream") is True
    endpoint = find_endpoint(asked.url, default="huggingface")
    return recorder.begin(reader, endpoint, body, partial(receive, recorder))


def read_model_name(asked: Any) -> str | None:
    """The model as whoever answers knows it; a server's address is none, and says that it has only one."""
    names = (asked.json.get("model"), asked.model)
    return next((name for name in names if name and name != "dummy" and "://" not in name), None)


def read_route(asked: Any) -> str | None:
    """``groq`` of ``https://router.huggingface.co/groq/…``, or of the model ``….:groq``."""
    url = urlsplit(asked.url)
    if url.hostname != ROUTER:
        return None
    name = url.path.split("/")[1]
    chosen = (asked.model or "").partition(":")[2] if name == "v1" else name
    return None if chosen in POLICIES else chosen or None


def receive(recorder: Recorder, call: Call, result: Any) -> Any:
    """Take note of an answer, which is bytes, or of the lines of a stream."""
    if is_stream(result):
        call.record = Lines(call, limit_bytes=recorder.stream_bytes)
        return call.stand_in(result)
    is_kept = call.reader.operation != "embeddings" or len(result) <= MAX_VECTORS_BYTES
    call.answer_encoded(Encoded(result if is_kept else b"", "application/json"))
    return result
