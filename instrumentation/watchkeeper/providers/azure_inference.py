"""Azure AI Inference: models behind Azure Machine Learning's and Azure AI's endpoints, and GitHub's.

They speak OpenAI's language. What a call doesn't say, its client does, so the request is put together of
both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

from watchkeeper.call import Call, Endpoint, receive
from watchkeeper.media import url_part
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.openai import chat, media
from watchkeeper.reading import Part, Reader, Request, decoded, mapping, mappings, message, text, text_part
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain

PACKAGE = "azure.ai.inference"
SAMPLING = ("frequency_penalty", "max_tokens", "presence_penalty", "seed", "stop", "temperature", "top_p")
CHAT = ("messages", "model", "model_extras", "response_format", "stream", "tools", *SAMPLING)
EMBEDDING = ("dimensions", "encoding_format", "input", "input_type", "model", "model_extras")
"""Arguments that are read; a client has its own default of most."""
MARK = "_original"
"""What the client's own instrumentation knows its wrapper by."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method that both twins of a client have."""

    owner: str
    name: str
    arguments: tuple[str, ...]
    reader: Reader


def instrument(recorder: Recorder) -> list[Patch]:
    """Wrap the methods, and see to it that spans which the client makes by itself do not double ours."""
    modules = [import_module(PACKAGE), import_module(f"{PACKAGE}.aio")]
    patches = [
        patch(getattr(module, method.owner), method.name, partial(_traced, recorder, method))
        for module in modules
        for method in METHODS
    ]
    tracing = import_module(f"{PACKAGE}.tracing")
    return [*patches, patch(tracing, "settings", partial(QuietSettings, recorder))]


def _traced(recorder: Recorder, method: Method, wrapped: Any) -> Any:
    """Without the mark of a wrapper beneath, which would otherwise be taken off together with ours."""
    wrapper = traced(wrapped, partial(begin_call, recorder, method), recorder.guard)
    vars(wrapper).pop(MARK, None)
    return wrapper


class QuietSettings:
    """Azure's settings as ``AIInferenceInstrumentor`` sees them: nothing is to be traced where we do it."""

    def __init__(self, recorder: Recorder, settings: Any) -> None:
        self._recorder = recorder
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)

    def tracing_implementation(self) -> Any:
        is_doubled = self._recorder.guard(self._is_doubled, default=False)
        return None if is_doubled else self._settings.tracing_implementation()

    def _is_doubled(self) -> bool:
        """A provider that has none of our spans gets the client's own."""
        provider = get_tracer_provider()
        is_ours = isinstance(provider, ProxyTracerProvider) or provider is self._recorder.tracer_provider
        return is_ours and self._recorder.is_active


def begin_call(
    recorder: Recorder, method: Method, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | None:
    client, *given = args
    body = read_body(client, method.arguments, given[0] if given else kwargs.get("body"), kwargs)
    address = str(client._config.endpoint)  # noqa: SLF001 - the client has no public way to ask
    body.setdefault("model", read_deployment(address))
    return recorder.begin(method.reader, endpoint(address), body, receive)


def read_body(client: Any, names: Iterable[str], body: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent: a body that was given as a whole, else arguments before the client's defaults."""
    if isinstance(body, Mapping):
        return dict(body)
    if isinstance(body, bytes | bytearray):
        return dict(mapping(decoded(body.decode("utf-8", "replace"))))
    defaults = {name: getattr(client, f"_{name}", None) for name in names}
    own = {name: value for name in names if (value := kwargs.get(name)) is not None}
    sent = {name: value for name, value in {**defaults, **own}.items() if value is not None}
    return {**sent, **(sent.pop("model_extras", None) or {})}


def endpoint(address: str) -> Endpoint:
    return find_endpoint(address, default="azure.ai.inference")


def read_deployment(address: str) -> str | None:
    """The model that is named by the address of an Azure OpenAI deployment."""
    deployment = urlsplit(address).path.partition("/deployments/")[2]
    return deployment.partition("/")[0] or None


def read_request(body: Plain) -> Request:
    """A request in OpenAI's language, where the format of the answer can be a mere word."""
    body = mapping(body)
    wanted = body.get("response_format")
    if isinstance(wanted, str):
        wanted = {"type": wanted}
    elif "schema" in mapping(wanted):
        wanted = {"type": "json_schema"}
    return chat.read_compatible_request({**body, "response_format": wanted})


def read_image_embeddings_request(body: Plain) -> Request:
    request = media.read_embeddings_request(body)
    items = mappings(mapping(body).get("input"))
    request.messages = [message("user", *_image_parts(item)) for item in items]
    return request


def _image_parts(item: Mapping[str, Any]) -> Iterable[Part]:
    if url := text(item.get("image")):
        yield url_part("image", url)
    if words := text(item.get("text")):
        yield text_part(words)


METHODS = (
    Method("ChatCompletionsClient", "complete", CHAT, replace(chat.COMPLETIONS, request=read_request)),
    Method("EmbeddingsClient", "embed", EMBEDDING, media.EMBEDDINGS),
    Method(
        "ImageEmbeddingsClient",
        "embed",
        EMBEDDING,
        replace(media.EMBEDDINGS, request=read_image_embeddings_request),
    ),
)
