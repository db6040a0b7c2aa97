"""Together's client, which speaks OpenAI's API."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from watchkeeper.patching import Patch
from watchkeeper.providers import stainless
from watchkeeper.providers.endpoints import endpoint_of
from watchkeeper.providers.openai import chat, media
from watchkeeper.reading import Reader, Response, mapping, mappings
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain

PACKAGE = "together"


def fold(pieces: Sequence[Plain]) -> Plain:
    return chat.fold([piece if isinstance(piece, str) else _once(mapping(piece)) for piece in pieces])


def _once(chunk: Mapping[str, Any]) -> Mapping[str, Any]:
    """A chunk whose choices say their text once: some have it both as ``text`` and in ``delta``. The reason
    to end can stand beside them.
    """
    choices = []
    for choice in mappings(chunk.get("choices")):
        doubled = ("text",) if mapping(choice.get("delta")).get("content") else ()
        own = {key: value for key, value in choice.items() if key not in doubled and value is not None}
        choices.append({"finish_reason": chunk.get("finish_reason"), **own})
    return {**{key: value for key, value in chunk.items() if key != "finish_reason"}, "choices": choices}


def read_images(body: Plain) -> Response:
    """Their format is the request's to choose, so the response doesn't tell."""
    response = media.read_images(body)
    for message in response.messages:
        for part in message["parts"]:
            part.pop("mime_type", None)
    response.model = mapping(body).get("model")
    return response


READERS: Mapping[str, Reader] = {
    "/chat/completions": replace(chat.COMPLETIONS, fold=fold),
    "/completions": replace(chat.TEXT_COMPLETIONS, fold=fold),
    "/embeddings": media.EMBEDDINGS,
    "/images/generations": replace(media.IMAGES, response=read_images),
    "/audio/speech": media.SPEECHES,
    "/audio/transcriptions": media.TRANSCRIPTIONS,
    "/audio/translations": media.TRANSCRIPTIONS,
}
ROUTES = stainless.Routes(
    {("post", f"{version}{path}"): reader for version in ("", "/v1") for path, reader in READERS.items()}
)
"""Since version 3 the paths have the API's version; before, the base URL has it."""


def instrument(recorder: Recorder) -> list[Patch]:
    return stainless.instrument(recorder, PACKAGE, ROUTES, partial(endpoint_of, default=PACKAGE))
