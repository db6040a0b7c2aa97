"""Chats in the second form of the API: a list of turns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.cohere.usage import finish_reason, read_units, read_usage
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Attributes,
    Message,
    Part,
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
    "temperature": "gen_ai.request.temperature",
    "p": "gen_ai.request.top_p",
    "k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "conversation_id": "gen_ai.conversation.id",
}
"""Of both forms of the API."""
TEXT, THINKING = "t", "r"
"""First letters of kept texts: what they belong to."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    return Request(
        model=text(body.get("model")),
        attributes=read_parameters(body),
        messages=[read_message(said) for said in mappings(body.get("messages"))],
        tools=[chat.read_tool(tool) for tool in mappings(body.get("tools"))],
    )


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def read_parameters(body: Mapping[str, Any]) -> Attributes:
    attributes = present(body, PARAMETERS)
    if isinstance(stops := body.get("stop_sequences"), list) and stops:
        attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    if output := chat.output_type(body.get("response_format")):
        attributes["gen_ai.output.type"] = output
    return attributes


def read_message(said: Mapping[str, Any]) -> Message:
    """A turn of a request, or an answer."""
    role, parts = text(said.get("role")) or "assistant", read_parts(said.get("content"))
    if role == "tool":
        answer = [part["content"] for part in parts]
        response = answer[0] if len(answer) == 1 else answer
        return message(
            role, {"type": "tool_call_response", "id": said.get("tool_call_id"), "response": response}
        )
    if plan := text(said.get("tool_plan")):
        parts.insert(0, {"type": "reasoning", "content": plan})
    return message(role, *parts, *map(chat.read_tool_call, mappings(said.get("tool_calls"))))


def read_parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return [read_part(item) for item in mappings(content)]


def read_part(item: Mapping[str, Any]) -> Part:
    match item.get("type"):
        case "thinking":
            return {"type": "reasoning", "content": text(item.get("thinking")) or ""}
        case "document":
            return {"type": "document", "content": item.get("document")}
    return chat.read_part(item)


def read_response(body: Plain) -> Response:
    body = mapping(body)
    reason = finish_reason(body.get("finish_reason"))
    answer = read_message(mapping(body.get("message")))
    return Response(
        id=text(body.get("id")),
        finish_reasons=[reason] if reason else [],
        usage=read_usage(body.get("usage")),
        attributes=read_units(body.get("usage")),
        messages=[{**answer, "finish_reason": reason} if reason else answer],
        error_type=text(body.get("error")) and "_OTHER",
    )


def read_chunk(event: Any) -> str | None:
    """The text, or the thought, that is added."""
    if event.type == "content-delta":
        content = event.delta.message.content
        if said := content.text:
            return f"{TEXT}{said}"
        return f"{THINKING}{thought}" if (thought := getattr(content, "thinking", None)) else None
    if event.type == "tool-plan-delta":
        return f"{THINKING}{event.delta.message.tool_plan}"
    return None


def fold(pieces: Sequence[Plain]) -> Plain:
    """The answer that a stream's events add up to."""
    body: dict[str, Any] = {}
    texts: dict[str, list[str]] = {TEXT: [], THINKING: []}
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        if isinstance(piece, str):
            texts[piece[0]].append(piece[1:])
            continue
        event = mapping(piece)
        body |= {key: event[key] for key in ("id",) if event.get(key)}
        delta = mapping(event.get("delta"))
        body |= {key: delta[key] for key in ("finish_reason", "usage", "error") if delta.get(key)}
        _add(texts, calls, event.get("index") or 0, mapping(delta.get("message")))
    return {**body, "message": _answer(texts, [calls[index] for index in sorted(calls)])}


def _add(
    texts: Mapping[str, list[str]], calls: dict[int, dict[str, Any]], index: int, said: Mapping[str, Any]
) -> None:
    content, call = mapping(said.get("content")), mapping(said.get("tool_calls"))
    texts[TEXT].append(text(content.get("text")) or "")
    texts[THINKING] += [text(content.get("thinking")) or "", text(said.get("tool_plan")) or ""]
    if call:
        known = calls.setdefault(index, {"function": {"name": None, "arguments": ""}})
        function = mapping(call.get("function"))
        known["id"] = call.get("id") or known.get("id")
        known["function"]["name"] = function.get("name") or known["function"]["name"]
        known["function"]["arguments"] += text(function.get("arguments")) or ""


def _answer(texts: Mapping[str, list[str]], calls: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = ((THINKING, "thinking"), (TEXT, "text"))
    content = [{"type": kind, kind: said} for key, kind in kinds if (said := "".join(texts[key]))]
    return {"role": "assistant", "content": content, "tool_calls": calls}


CHAT = Reader("chat", read_request, read_response)
CHAT_STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold)
