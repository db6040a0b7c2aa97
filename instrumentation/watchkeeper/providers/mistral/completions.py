"""Chat completions, by a model or an agent, and code that fills the middle; whole and in streams."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.mistral.contents import read_message, read_text, read_usage
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Attributes,
    Reader,
    Request,
    Response,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

PARAMETERS = {
    "random_seed": "gen_ai.request.seed",
    "agent_id": "gen_ai.agent.id",
    "service_tier": "mistral_ai.request.service_tier",
}
"""Beside those that have OpenAI's names."""
FINISH_REASONS = {"model_length": "length", **chat.FINISH_REASONS}
TEXT, THINKING = "t", "r"
"""First letters of kept texts: what they belong to."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    given = {key: value for key, value in body.items() if key not in ("messages", "service_tier")}
    request = chat.read_compatible_request(given)
    request.attributes |= present(body, PARAMETERS)
    request.messages = [read_message(said) for said in mappings(body.get("messages"))]
    return request


def read_filling_request(body: Plain) -> Request:
    """What is before and what is behind the text that is wanted."""
    body = mapping(body)
    request = read_request({key: value for key, value in body.items() if key not in ("prompt", "suffix")})
    given = [text(body.get("prompt")), text(body.get("suffix"))]
    request.messages = [message("user", *(text_part(said) for said in given if said))]
    return request


def read_response(body: Plain) -> Response:
    body = chat.with_reasons(mapping(body), FINISH_REASONS)
    response = chat.read_response({**body, "choices": [], "usage": None})
    choices = mappings(body.get("choices"))
    response.finish_reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    response.messages = [_message(choice) for choice in choices]
    response.usage = read_usage(body.get("usage"))
    response.attributes = _attributes(mapping(body.get("usage")))
    return response


def _message(choice: Mapping[str, Any]) -> dict[str, Any]:
    """``messages`` is of models that say several in one answer."""
    said = mappings(choice.get("messages")) or [mapping(choice.get("message"))]
    parts = [part for one in said for part in read_message({**one, "role": "assistant"})["parts"]]
    reason = choice.get("finish_reason")
    return {**message("assistant", *parts), **({"finish_reason": reason} if reason else {})}


def _attributes(usage: Mapping[str, Any]) -> Attributes:
    return present(
        usage,
        {
            "service_tier": "gen_ai.response.service_tier",
            "prompt_audio_seconds": "mistral_ai.usage.prompt_audio_seconds",
        },
    )


def read_chunk(event: Any) -> str | None:
    """The text, or the thought, of a chunk that has no more to say."""
    chunk = event.data
    if len(chunk.choices) != 1 or chunk.usage:
        return None
    choice = chunk.choices[0]
    if choice.finish_reason or choice.index or choice.delta.tool_calls:
        return None
    return read_delta(choice.delta.content)


def read_delta(content: Any) -> str | None:
    if isinstance(content, str):
        return TEXT + content if content else None
    if not isinstance(content, list) or len(content) != 1 or content[0].type != "thinking":
        return None
    thoughts = [getattr(thought, "text", None) for thought in content[0].thinking]
    return None if None in thoughts else THINKING + "".join(map(str, thoughts))


def fold(pieces: Sequence[Plain]) -> Plain:
    return chat.fold([_plain(piece) for piece in pieces])


def _plain(piece: Plain) -> Plain:
    """A chunk in OpenAI's form, with thoughts apart from text."""
    if isinstance(piece, str):
        return piece[1:] if piece[0] == TEXT else _delta({"reasoning": piece[1:]})
    chunk = mapping(mapping(piece).get("data", piece))
    choices = [
        {**choice, "delta": _apart(mapping(choice.get("delta")))} for choice in mappings(chunk.get("choices"))
    ]
    return {**chunk, "choices": choices}


def _delta(delta: Mapping[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


def _apart(delta: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in delta.items() if value != {}}
    content = said.get("content")
    if not isinstance(content, list):
        return said
    thoughts = [
        read_text(chunk.get("thinking")) for chunk in mappings(content) if chunk.get("type") == "thinking"
    ]
    return {**said, "content": read_text(content), "reasoning": "".join(thoughts)}


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def read_filling_stream_request(body: Plain) -> Request:
    return replace(read_filling_request(body), is_stream=True)


CHAT = Reader("chat", read_request, read_response)
CHAT_STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold)
FILLING = Reader("text_completion", read_filling_request, read_response)
FILLING_STREAM = Reader("text_completion", read_filling_stream_request, read_response, read_chunk, fold)
