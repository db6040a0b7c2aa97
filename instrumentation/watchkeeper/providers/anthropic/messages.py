"""Anthropic's messages, of the API itself and of its beta."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.providers.anthropic.blocks import read_parts
from watchkeeper.providers.anthropic.events import fold, read_chunk
from watchkeeper.providers.anthropic.usage import read_usage, read_usage_facts
from watchkeeper.reading import (
    Attributes,
    Message,
    Reader,
    Request,
    Response,
    mapping,
    mappings,
    present,
    text,
)
from watchkeeper.snapshot import Plain

PARAMETERS = {
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "service_tier": "anthropic.request.service_tier",
    "speed": "anthropic.request.speed",
}
NESTED = {
    "metadata": {"user_id": "user.id"},
    "output_config": {"effort": "gen_ai.request.reasoning.level"},
    "thinking": {"type": "anthropic.thinking.type", "budget_tokens": "anthropic.thinking.budget_tokens"},
    "thread": {"previous_message_id": "gen_ai.request.previous_response.id"},
}
"""Members of a request that are objects, with theirs."""
FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "refusal": "content_filter",
}
"""Others, such as ``pause_turn``, stay as they are."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes=_parameters(body),
        messages=[_message(message) for message in mappings(body.get("messages"))],
        system=read_parts(body.get("system")),
        tools=[_tool(tool) for tool in mappings(body.get("tools"))],
    )


def _parameters(body: Mapping[str, Any]) -> Attributes:
    attributes: Attributes = present(body, PARAMETERS)
    for key, names in NESTED.items():
        attributes |= present(mapping(body.get(key)), names)
    stops = body.get("stop_sequences")
    if isinstance(stops, list) and stops:
        attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    formats = (mapping(body.get("output_config")).get("format"), body.get("output_format"))
    if any(mapping(output).get("type") == "json_schema" for output in formats):
        attributes["gen_ai.output.type"] = "json"
    return attributes


def _message(message: Mapping[str, Any]) -> Message:
    return {"role": text(message.get("role")) or "user", "parts": read_parts(message.get("content"))}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as the conventions have it; tools of the server keep their type."""
    details = {
        key: value for key, value in tool.items() if key not in ("type", "input_schema", "cache_control")
    }
    if tool.get("type") in (None, "custom"):
        return {"type": "function", **details, "parameters": tool.get("input_schema")}
    return {"type": tool["type"], **details}


def read_response(body: Plain) -> Response:
    body = mapping(body)
    reason = text(body.get("stop_reason"))
    finish_reason = FINISH_REASONS.get(reason, reason) if reason else None
    return Response(
        model=text(body.get("model")),
        id=text(body.get("id")),
        finish_reasons=[finish_reason] if finish_reason else [],
        usage=read_usage(body.get("usage")),
        attributes=present(body, {"stop_reason": "anthropic.message.stop_reason"})
        | read_usage_facts(body.get("usage")),
        messages=[_answer(body, finish_reason)] if "content" in body else [],
        error_type=text(mapping(body.get("error")).get("type")),
    )


def _answer(body: Mapping[str, Any], finish_reason: str | None) -> Message:
    parts = read_parts(body.get("content"))
    if body.get("stop_reason") == "refusal":
        parts.append({"type": "refusal", "content": mapping(body.get("stop_details")).get("explanation")})
    return {
        "role": "assistant",
        "parts": parts,
        **({"finish_reason": finish_reason} if finish_reason else {}),
    }


MESSAGES = Reader("chat", read_request, read_response, read_chunk, fold)
