"""OpenAI, Azure OpenAI, and every server that speaks OpenAI's API through its client."""

from typing import Any

from watchkeeper.call import Endpoint
from watchkeeper.patching import Patch
from watchkeeper.providers import stainless
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.providers.openai import chat, media, responses
from watchkeeper.recorder import Recorder

PACKAGE = "openai"
ROUTES = stainless.Routes(
    {
        ("post", "/chat/completions"): chat.COMPLETIONS,
        ("post", "/completions"): chat.TEXT_COMPLETIONS,
        ("post", "/responses"): responses.RESPONSES,
        ("post", "/embeddings"): media.EMBEDDINGS,
        ("post", "/images/generations"): media.IMAGES,
        ("post", "/images/edits"): media.IMAGES,
        ("post", "/images/variations"): media.IMAGES,
        ("post", "/audio/speech"): media.SPEECHES,
        ("post", "/audio/transcriptions"): media.TRANSCRIPTIONS,
        ("post", "/audio/translations"): media.TRANSCRIPTIONS,
        ("post", "/moderations"): media.MODERATIONS,
        ("get", "/responses/*"): responses.FETCHED,
    }
)


def instrument(recorder: Recorder) -> list[Patch]:
    return stainless.instrument(recorder, PACKAGE, ROUTES, endpoint)


def endpoint(client: Any, address: str) -> Endpoint:
    """Azure's own client class tells the provider where the address doesn't."""
    is_azure = "Azure" in type(client).__name__
    return find_endpoint(address, default="azure.ai.openai" if is_azure else None)
