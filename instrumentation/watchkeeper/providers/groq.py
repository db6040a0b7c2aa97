"""Groq's client, which speaks OpenAI's API with some members of its own."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from watchkeeper.patching import Patch
from watchkeeper.providers import stainless
from watchkeeper.providers.endpoints import endpoint_of
from watchkeeper.providers.openai import chat, media
from watchkeeper.reading import Part, Reader, Response, decoded, mapping, mappings, text
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain

PACKAGE = "groq"


def read_response(body: Plain) -> Response:
    response = chat.read_response(body)
    for message, choice in zip(response.messages, mappings(mapping(body).get("choices")), strict=True):
        executed = mappings(mapping(choice.get("message")).get("executed_tools"))
        message["parts"][:0] = [part for tool in executed for part in _executed(tool)]
    return response


def _executed(tool: Mapping[str, Any]) -> Iterator[Part]:
    """A tool that the server ran: what it was given, and what came of it."""
    name = text(tool.get("type"))
    given = decoded(tool.get("arguments"))
    yield {"type": "server_tool_call", "name": name, "server_tool_call": {"arguments": given}}
    if "output" in tool:
        yield {"type": "server_tool_call_response", "server_tool_call_response": {"output": tool["output"]}}


def fold(pieces: Sequence[Plain]) -> Plain:
    """A stream's tokens are in a member of Groq's own, also where the application asked for none."""
    body = mapping(chat.fold(pieces))
    used = [mapping(mapping(piece).get("x_groq")).get("usage") for piece in pieces]
    usage = body.get("usage") or next(filter(None, reversed(used)), None)
    return {**body, "usage": usage}


COMPLETIONS = Reader("chat", chat.read_request, read_response, chat.read_chunk, fold)
ROUTES = stainless.Routes(
    {
        ("post", "/openai/v1/chat/completions"): COMPLETIONS,
        ("post", "/openai/v1/embeddings"): media.EMBEDDINGS,
        ("post", "/openai/v1/audio/speech"): media.SPEECHES,
        ("post", "/openai/v1/audio/transcriptions"): media.TRANSCRIPTIONS,
        ("post", "/openai/v1/audio/translations"): media.TRANSCRIPTIONS,
    }
)


def instrument(recorder: Recorder) -> list[Patch]:
    return stainless.instrument(recorder, PACKAGE, ROUTES, partial(endpoint_of, default=PACKAGE))
