"""Chats, and text that goes on from a prompt, whole and in streams."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.providers.ollama.usage import read_usage
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Attributes,
    Message,
    Part,
    Reader,
    Request,
    Response,
    items,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

OPTIONS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "num_predict": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
TEXT, THINKING = "t", "r"
"""First letters of kept texts: what they belong to."""
MODEL_IS_LOADED = frozenset({"load", "unload"})
"""Why an answer ended that was none: the request was to load the model, or to unload it."""


def read_chat_request(body: Plain) -> Request:
    body = mapping(body)
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes=_parameters(body),
        messages=[read_message(item) for item in mappings(body.get("messages"))],
        tools=[chat.read_tool(tool) for tool in mappings(body.get("tools"))],
    )


def read_prompt_request(body: Plain) -> Request:
    body = mapping(body)
    system, prompt = text(body.get("system")), text(body.get("prompt"))
    parts = [*([text_part(prompt)] if prompt else ()), *_images(body)]
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes=_parameters(body),
        messages=[message("user", *parts)] if parts else [],
        system=[text_part(system)] if system else [],
    )


def _parameters(body: Mapping[str, Any]) -> Attributes:
    options = mapping(body.get("options"))
    attributes = present(options, OPTIONS)
    if stops := options.get("stop"):
        attributes["gen_ai.request.stop_sequences"] = (
            [stops] if isinstance(stops, str) else list(map(str, stops))
        )
    if body.get("format"):  # "json", or a schema
        attributes["gen_ai.output.type"] = "json"
    if level := text(body.get("think")):
        attributes["gen_ai.request.reasoning.level"] = level
    return attributes


def read_message(said: Mapping[str, Any]) -> Message:
    """A message of a request or of an answer."""
    role = text(said.get("role")) or "assistant"
    content, thinking = text(said.get("content")), text(said.get("thinking"))
    if role == "tool":
        named = {"name": name} if (name := text(said.get("tool_name"))) else {}
        return message(role, {"type": "tool_call_response", **named, "response": content}, *_images(said))
    parts: list[Part] = [{"type": "reasoning", "content": thinking}] if thinking else []
    parts += [text_part(content)] if content else []
    return message(role, *parts, *_images(said), *map(chat.read_tool_call, mappings(said.get("tool_calls"))))


def _images(body: Mapping[str, Any]) -> Iterator[Part]:
    """Images are sent as base64; a message that the application made can have the bytes."""
    for image in items(body.get("images")):
        yield blob_part("image", image.get("value") if isinstance(image, Mapping) else image)


def read_chat(body: Plain) -> Response:
    body = mapping(body)
    return _answer(body, read_message(mapping(body.get("message"))))


def read_generated(body: Plain) -> Response:
    """Text, or an image."""
    body = mapping(body)
    answer = read_message({"content": body.get("response"), "thinking": body.get("thinking")})
    if image := text(body.get("image")):
        answer["parts"].append(blob_part("image", image))
    return _answer(body, answer)


def _answer(body: Mapping[str, Any], answer: Message) -> Response:
    """An answer that ends with a call to a tool says ``stop`` as well."""
    reason = text(body.get("done_reason"))
    if reason == "stop" and any(part["type"] == "tool_call" for part in answer["parts"]):
        reason = "tool_call"
    if reason in MODEL_IS_LOADED and not answer["parts"]:
        return Response(model=text(body.get("model")), usage=read_usage(body))
    return Response(
        model=text(body.get("model")),
        finish_reasons=[reason] if reason else [],
        usage=read_usage(body),
        messages=[{**answer, "finish_reason": reason} if reason else answer],
    )


def read_chat_chunk(chunk: Any) -> str | None:
    said = chunk.message
    return None if said.tool_calls or said.images else _kept(chunk, said.content, said.thinking)


def read_generated_chunk(chunk: Any) -> str | None:
    return None if chunk.image else _kept(chunk, chunk.response, chunk.thinking)


def _kept(chunk: Any, content: str | None, thinking: str | None) -> str | None:
    """The text of a chunk that has no more to say."""
    if chunk.done or chunk.logprobs or bool(content) == bool(thinking):
        return None
    return TEXT + content if content else f"{THINKING}{thinking}"


def fold_chat(pieces: Sequence[Plain]) -> Plain:
    bodies, texts = _folded(pieces, lambda body: mapping(body.get("message")), "content")
    said = [mapping(body.get("message")) for body in bodies]
    lists = {key: [item for one in said for item in items(one.get(key))] for key in ("tool_calls", "images")}
    role = next((one["role"] for one in said if one.get("role")), "assistant")
    return {**(bodies[-1] if bodies else {}), "message": {"role": role, **texts, **lists}}


def fold_generated(pieces: Sequence[Plain]) -> Plain:
    bodies, texts = _folded(pieces, mapping, "response")
    return {**(bodies[-1] if bodies else {}), **texts}


def _folded(
    pieces: Sequence[Plain], member: Any, name: str
) -> tuple[list[Mapping[str, Any]], Mapping[str, str]]:
    """The chunks that were kept whole, and the texts of all: the answer's under ``name``, and thoughts."""
    texts: dict[str, list[str]] = {name: [], "thinking": []}
    for piece in pieces:
        if isinstance(piece, str):
            texts[name if piece[0] == TEXT else "thinking"].append(piece[1:])
            continue
        for key, said in texts.items():
            said.append(text(member(piece).get(key)) or "")
    return mappings(list(pieces)), {key: "".join(said) for key, said in texts.items()}


CHAT = Reader("chat", read_chat_request, read_chat, read_chat_chunk, fold_chat)
GENERATION = Reader(
    "text_completion", read_prompt_request, read_generated, read_generated_chunk, fold_generated
)
