"""The first form of the API: a message with a history, and text that goes on from a prompt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.cohere.turns import read_parameters
from watchkeeper.providers.cohere.usage import finish_reason, read_units, read_usage
from watchkeeper.reading import (
    Message,
    Part,
    Reader,
    Request,
    Response,
    mapping,
    mappings,
    message,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

ROLES = {"CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}
TEXT_EVENT = "text-generation"


def read_request(body: Plain) -> Request:
    body = mapping(body)
    asked, preamble = text(body.get("message")), text(body.get("preamble"))
    results = list(_results(body.get("tool_results")))
    return Request(
        model=text(body.get("model")),
        attributes=read_parameters(body),
        messages=[
            *(_turn(turn) for turn in mappings(body.get("chat_history"))),
            *([message("user", text_part(asked))] if asked else ()),
            *([message("tool", *results)] if results else ()),
        ],
        system=[text_part(preamble)] if preamble else [],
        tools=[_tool(tool) for tool in mappings(body.get("tools"))],
    )


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def _turn(turn: Mapping[str, Any]) -> Message:
    said = text(turn.get("message"))
    role = ROLES.get(str(turn.get("role")).upper(), "user")
    calls = map(_call, mappings(turn.get("tool_calls")))
    return message(role, *([text_part(said)] if said else ()), *calls, *_results(turn.get("tool_results")))


def _call(call: Mapping[str, Any]) -> Part:
    return {"type": "tool_call", "name": call.get("name"), "arguments": call.get("parameters")}


def _results(results: Any) -> Iterator[Part]:
    for result in mappings(results):
        name = mapping(result.get("call")).get("name")
        yield {"type": "tool_call_response", "name": name, "response": result.get("outputs")}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: tool[key] for key in ("name", "description") if key in tool}
    return {"type": "function", **known, "parameters": tool.get("parameter_definitions")}


def read_response(body: Plain) -> Response:
    body = mapping(body)
    said, calls = text(body.get("text")), mappings(body.get("tool_calls"))
    reason = "tool_call" if calls else finish_reason(body.get("finish_reason"))
    answer = message("assistant", *([text_part(said)] if said else ()), *map(_call, calls))
    return Response(
        id=text(body.get("response_id")) or text(body.get("generation_id")),
        finish_reasons=[reason] if reason else [],
        usage=read_usage(body.get("meta")),
        attributes=read_units(body.get("meta")),
        messages=[{**answer, "finish_reason": reason} if reason else answer],
        error_type="_OTHER" if reason == "error" else None,
    )


def read_chunk(event: Any) -> str | None:
    return event.text if event.event_type == TEXT_EVENT else None


def fold(pieces: Sequence[Plain]) -> Plain:
    """The answer that a stream's last event has in it; of one that was left early, the texts until then."""
    texts: list[str] = []
    body: dict[str, Any] = {}
    for piece in pieces:
        event = {"event_type": TEXT_EVENT, "text": piece} if isinstance(piece, str) else mapping(piece)
        if event.get("event_type") == TEXT_EVENT:
            texts.append(text(event.get("text")) or "")
        body |= {
            key: event[key] for key in ("tool_calls", "finish_reason", "generation_id") if event.get(key)
        }
        body |= {key: value for key, value in mapping(event.get("response")).items() if value}
    return {"text": "".join(texts), **body}


def read_prompt_request(body: Plain) -> Request:
    body = mapping(body)
    prompt = text(body.get("prompt"))
    return replace(read_request(body), messages=[message("user", text_part(prompt))] if prompt else [])


def read_prompt_stream_request(body: Plain) -> Request:
    return replace(read_prompt_request(body), is_stream=True)


def read_generations(body: Plain) -> Response:
    body = mapping(body)
    said = [text(generation.get("text")) for generation in mappings(body.get("generations"))]
    reason = finish_reason(body.get("finish_reason"))
    return Response(
        id=text(body.get("id")),
        finish_reasons=[reason] if reason else [],
        usage=read_usage(body.get("meta")),
        messages=[message("assistant", text_part(answer)) for answer in said if answer],
    )


def fold_generations(pieces: Sequence[Plain]) -> Plain:
    body = mapping(fold(pieces))
    return {"generations": [{"text": body.get("text")}], **body}


CHAT = Reader("chat", read_request, read_response)
CHAT_STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold)
GENERATION = Reader("text_completion", read_prompt_request, read_generations)
GENERATION_STREAM = Reader(
    "text_completion", read_prompt_stream_request, read_generations, read_chunk, fold_generations
)
