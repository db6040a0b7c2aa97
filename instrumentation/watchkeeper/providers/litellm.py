"""LiteLLM: one function for every provider. The client that it uses beneath is suppressed meanwhile, so a
call is one span; its retries and fallbacks are the same call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint, receive
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.openai import chat, media
from watchkeeper.reading import Reader, Response, count, mapping, text
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain

PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_text": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gemini": "gcp.gemini",
    "github": "azure.ai.inference",
    "hosted_vllm": "vllm",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "nvidia_nim": "nvidia",
    "ollama_chat": "ollama",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""LiteLLM's names in OpenTelemetry's spelling; others are spelt alike."""
KEPT = frozenset(chat.PARAMETERS) | {
    "dimensions", "encoding_format", "input", "messages", "modalities", "model", "n", "prompt",
    "response_format", "stop", "stream", "tools",
}  # fmt: skip
"""Arguments that are read. Among the others are clients, callbacks and keys."""


@dataclass(frozen=True, slots=True)
class Function:
    """One of LiteLLM's functions, whose async twin has the same name with an ``a`` before it."""

    name: str
    arguments: tuple[str, ...]
    """Those that may be given by position, first."""
    reader: Reader


def instrument(recorder: Recorder) -> list[Patch]:
    """Wrap the functions in both places where applications find them."""
    package, main = import_module("litellm"), import_module("litellm.main")
    places = [
        (owner, name, partial(begin_call, recorder, package, function))
        for function in FUNCTIONS
        for name in (function.name, f"a{function.name}")
        for owner in (main, package)
    ]
    return [
        patch(owner, name, partial(traced, begin=begin, guard=recorder.guard))
        for owner, name, begin in places
    ]


def begin_call(
    recorder: Recorder, package: Any, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | None:
    given = {**dict(zip(function.arguments, args, strict=False)), **kwargs}
    provider, model = find_provider(package, given)
    body = {name: value for name, value in given.items() if name in KEPT}
    return recorder.begin(function.reader, endpoint(provider, given), {**body, "model": model}, receive)


def find_provider(package: Any, given: Mapping[str, Any]) -> tuple[str | None, str]:
    """The provider in LiteLLM's spelling, and the model without it: said, put before the model's name, or
    known of the model.
    """
    model = str(given.get("model") or "")
    prefix, _, rest = model.partition("/")
    if rest and prefix in package.provider_list:
        return prefix, rest
    known = mapping(package.model_cost.get(model)).get("litellm_provider")
    return text(given.get("custom_llm_provider")) or text(known), model


def endpoint(provider: str | None, given: Mapping[str, Any]) -> Endpoint:
    """What is known before the call: often the provider alone. Whose server speaks OpenAI's language is told
    by its address.
    """
    name = PROVIDERS.get(provider, provider) if provider else None
    base_url = text(given.get("base_url")) or text(given.get("api_base"))
    if base_url is None:
        return Endpoint(name or "_OTHER")
    found = find_endpoint(base_url)
    return found if name in (None, "openai") else replace(found, provider=name)


def read_response(body: Plain) -> Response:
    """An answer, in whose usage writes to the cache have a name of their own."""
    response = chat.read_response(body)
    usage = mapping(mapping(body).get("usage"))
    details = mapping(usage.get("prompt_tokens_details"))
    if response.usage.cache_write_tokens is None:
        written = details.get("cache_creation_tokens", usage.get("cache_creation_input_tokens"))
        response.usage.cache_write_tokens = count(written)
    return response


def read_chunk(chunk: Any) -> str | None:
    """The text of a chunk that has nothing but text for the one choice there is."""
    choices = chunk.choices
    if len(choices) != 1 or choices[0].finish_reason or choices[0].index or getattr(chunk, "usage", None):
        return None
    delta = choices[0].delta
    others = (
        "role",
        "tool_calls",
        "function_call",
        "audio",
        "reasoning_content",
        "thinking_blocks",
        "images",
    )
    if any(getattr(delta, name, None) for name in others):
        return None
    content = delta.content
    return content if isinstance(content, str) else None


FUNCTIONS = (
    Function(
        "completion",
        ("model", "messages"),
        Reader("chat", chat.read_compatible_request, read_response, read_chunk, chat.fold),
    ),
    Function("text_completion", ("prompt", "model"), chat.TEXT_COMPLETIONS),
    Function("embedding", ("model", "input"), media.EMBEDDINGS),
)
