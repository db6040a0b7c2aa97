"""Conversations, which the API keeps: what is added to one, and what its model or agent did then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.mistral import completions
from watchkeeper.providers.mistral.completions import TEXT, THINKING, read_delta
from watchkeeper.providers.mistral.contents import read_parts, read_text, read_usage
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Attributes,
    Message,
    Part,
    Reader,
    Request,
    Response,
    count,
    decoded,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

NAMES = {
    "agent_id": "gen_ai.agent.id",
    "conversation_id": "gen_ai.conversation.id",
    "name": "gen_ai.agent.name",
}
DELTA = "message.output.delta"


def read_request(body: Plain) -> Request:
    body = mapping(body)
    request = completions.read_request({**mapping(body.get("completion_args")), "model": body.get("model")})
    inputs, instructions = body.get("inputs"), text(body.get("instructions"))
    entries = [{"content": inputs}] if isinstance(inputs, str) else mappings(inputs)
    return replace(
        request,
        attributes={**request.attributes, **present(body, NAMES)},
        messages=[read_entry(entry) for entry in entries],
        system=[text_part(instructions)] if instructions else [],
        tools=[chat.read_tool(tool) for tool in mappings(body.get("tools"))],
    )


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def read_entry(entry: Mapping[str, Any]) -> Message:
    """An entry of the history as a message."""
    if entry.get("type") == "function.result":
        answer = {
            "type": "tool_call_response",
            "id": entry.get("tool_call_id"),
            "response": entry.get("result"),
        }
        return message("tool", answer)
    is_answer = entry.get("type") in ("message.output", "function.call", "tool.execution")
    role = text(entry.get("role")) or ("assistant" if is_answer else "user")
    return message(role, *_entry_parts(entry))


def _entry_parts(entry: Mapping[str, Any]) -> list[Part]:
    match entry.get("type"):
        case "function.call":
            named = {"id": entry.get("tool_call_id"), "name": entry.get("name")}
            return [{"type": "tool_call", **named, "arguments": decoded(entry.get("arguments"))}]
        case "tool.execution":
            return _execution(entry)
        case "agent.handoff":
            return [{"type": "agent_handoff", "content": entry.get("next_agent_name")}]
    return read_parts(entry.get("content"))


def _execution(entry: Mapping[str, Any]) -> list[Part]:
    """A tool that ran at Mistral's."""
    identified = {"id": entry.get("id")}
    call = {"arguments": decoded(entry.get("arguments"))}
    parts: list[Part] = [
        {"type": "server_tool_call", **identified, "name": entry.get("name"), "server_tool_call": call}
    ]
    if info := mapping(entry.get("info")):
        parts.append({"type": "server_tool_call_response", **identified, "server_tool_call_response": info})
    return parts


def read_response(body: Plain) -> Response:
    body = mapping(body)
    outputs = mappings(body.get("outputs"))
    parts = [part for output in outputs for part in _entry_parts(output)]
    wants_tool = any(output.get("type") == "function.call" for output in outputs)
    return Response(
        model=next((model for output in outputs if (model := text(output.get("model")))), None),
        finish_reasons=["tool_call"] if wants_tool else [],
        usage=read_usage(body.get("usage")),
        attributes=_attributes(body),
        messages=[message("assistant", *parts)] if parts else [],
        error_type=_error(mapping(body.get("error"))),
    )


def _attributes(body: Mapping[str, Any]) -> Attributes:
    tokens = {"connector_tokens": "mistral_ai.usage.connector_tokens"}
    return {
        **present(body, {"conversation_id": "gen_ai.conversation.id"}),
        **present(mapping(body.get("usage")), tokens),
    }


def _error(event: Mapping[str, Any]) -> str | None:
    return str(event.get("code") or "_OTHER") if event else None


def read_chunk(event: Any) -> str | None:
    """The text of the first message, behind the name of the model that only these events have; with an
    agent's handoffs there can be more messages.
    """
    said = event.data
    if said.type != DELTA or said.output_index:
        return None
    content = read_delta(said.content if isinstance(said.content, str | list) else [said.content])
    return None if content is None else f"{said.model or ''}\n{content}"


def fold(pieces: Sequence[Plain]) -> Plain:
    """The outputs that events add up to, by their place."""
    body: dict[str, Any] = {}
    outputs: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        if isinstance(piece, str):
            model, _, content = piece.partition("\n")
            _add(outputs, {"type": DELTA, "model": model, "content": _chunk(content)})
            continue
        event = mapping(mapping(piece).get("data", piece))
        match event.get("type"):
            case "conversation.response.started":
                body["conversation_id"] = event.get("conversation_id")
            case "conversation.response.done":
                body["usage"] = event.get("usage")
            case "conversation.response.error":
                body["error"] = event
            case _:
                _add(outputs, event)
    return {**body, "outputs": [outputs[index] for index in sorted(outputs)]}


def _chunk(piece: str) -> Plain:
    if piece[0] == THINKING:
        return {"type": "thinking", "thinking": [{"type": "text", "text": piece[1:]}]}
    return piece.removeprefix(TEXT)


def _add(outputs: dict[int, dict[str, Any]], event: Mapping[str, Any]) -> None:
    kind = str(event.get("type", "")).rpartition(".")[0]  # of ``function.call.delta``
    output = outputs.setdefault(count(event.get("output_index")) or 0, {"content": []})
    content = event.get("content")
    _join(
        output["content"], {"type": "text", "text": content} if isinstance(content, str) else mapping(content)
    )
    arguments = str(output.get("arguments", "")) + (text(event.get("arguments")) or "")
    known = {
        key: value for key, value in event.items() if key not in ("content", "arguments") and value != {}
    }
    output |= {**known, "type": kind, "arguments": arguments}


def _join(chunks: list[dict[str, Any]], chunk: Mapping[str, Any]) -> None:
    """Add a chunk, to the last one if that goes on."""
    last = chunks[-1] if chunks else {}
    goes_on = chunk.get("type") == last.get("type")
    if goes_on and chunk.get("type") == "text":
        last["text"] = read_text([last, chunk])
    elif goes_on and chunk.get("type") == "thinking":
        last["thinking"] = [*mappings(last.get("thinking")), *mappings(chunk.get("thinking"))]
    elif chunk:
        chunks.append(dict(chunk))


CONVERSATION = Reader("chat", read_request, read_response)
STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold)
