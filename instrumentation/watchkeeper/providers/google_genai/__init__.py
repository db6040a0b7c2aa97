"""Google GenAI: the Gemini API and Vertex AI, through the one client that speaks to both.

Every request of it, plain or streamed, of ``models`` and of ``chats``, goes through four methods of
``BaseApiClient`` with the body as plain data and the answer as JSON text. So each request to the API is one
span: automatic function calling that asks the model three times is three calls, each with its own tokens.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint
from watchkeeper.call import receive as receive_stream
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.google_genai import embeddings, generation, images
from watchkeeper.providers.google_genai.members import member
from watchkeeper.proxies import is_stream
from watchkeeper.reading import Reader, mapping, mappings
from watchkeeper.recorder import Recorder
from watchkeeper.wire import Encoded

SEAMS = ("request", "request_streamed", "async_request", "async_request_streamed")
ARGUMENTS = ("client", "http_method", "path", "request_dict", "http_options")
"""Of all four."""
READERS = {
    "generateContent": generation.GENERATION,
    "streamGenerateContent": generation.STREAM,
    "embedContent": embeddings.EMBEDDINGS,
    "batchEmbedContents": embeddings.EMBEDDINGS,
}
"""By the verb at the end of the path. ``predict`` is Vertex AI's for embeddings and images alike."""


def instrument(recorder: Recorder) -> list[Patch]:
    client = import_module("google.genai._api_client").BaseApiClient
    begin = partial(begin_request, recorder)
    return [patch(client, seam, lambda method: traced(method, begin, recorder.guard)) for seam in SEAMS]


def begin_request(recorder: Recorder, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
    given = {**dict(zip(ARGUMENTS, args, strict=False)), **kwargs}
    name, _, verb = given["path"].partition("?")[0].rpartition(":")
    reader = find_reader(verb, given["request_dict"])
    if reader is None:
        return None
    body = {**given["request_dict"], "model": read_model_name(name)}
    return recorder.begin(reader, endpoint(given["client"], given.get("http_options")), body, receive)


def find_reader(verb: str, body: Any) -> Reader | None:
    if verb != "predict":
        return READERS.get(verb)
    instances = mappings(mapping(body).get("instances"))
    return images.IMAGES if any("prompt" in instance for instance in instances) else embeddings.EMBEDDINGS


def read_model_name(name: str) -> str:
    """``gemini-2.5-flash`` of any longer name of that model; tuned models and endpoints keep theirs."""
    return name.rpartition("models/")[2]


def endpoint(client: Any, http_options: Any) -> Endpoint:
    """Where a request goes; what a proxy of the application's own speaks is told by the client."""
    base_url = member(http_options, "baseUrl") or member(client._http_options, "baseUrl")  # noqa: SLF001 - the seam
    return find_endpoint(str(base_url or ""), default="gcp.vertex_ai" if client.vertexai else "gcp.gemini")


def receive(call: Call, result: Any) -> Any:
    """Take note of an answer, which is JSON text with headers, or of a stream of them."""
    if is_stream(result):
        return receive_stream(call, result)
    call.answer_encoded(Encoded((result.body or "").encode(), "application/json"))
    return result
