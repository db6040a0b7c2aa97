"""The parts of messages, as the OpenTelemetry GenAI conventions define them."""

import re
from typing import Any

from watchkeeper_collector.query.messages.json_text import read_nested, render_json

Part = dict[str, Any]
Message = dict[str, Any]

DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[^,]{0,100};base64,")

ROLES = {
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "model": "assistant",
    "function": "tool",
    "functionmessage": "tool",
    "toolmessage": "tool",
    "human": "user",
    "humanmessage": "user",
    "systemmessage": "system",
}
"""How providers and frameworks call the roles, in lower case."""

FINISH_REASONS = {
    "complete": "stop",
    "completed": "stop",
    "done": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "incomplete": "length",
    "function_call": "tool_call",
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "prohibited_content": "content_filter",
    "recitation": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "failed": "error",
}
"""The reasons that are not spelt as in the conventions, in lower case and with underscores."""


def build_message(role: str, parts: list[Part], *, name: Any = None, finish_reason: Any = None) -> Message:
    message: Message = {"role": ROLES.get(role.lower(), role.lower()), "parts": parts}
    if isinstance(name, str) and name:
        message["name"] = name
    if isinstance(finish_reason, str) and finish_reason:
        message["finish_reason"] = canonical_finish_reason(finish_reason)
    return message


def canonical_finish_reason(reason: str) -> str:
    spelt = reason.rpartition(".")[2].lower().replace("-", "_")  # FinishReason.STOP, tool-calls
    return FINISH_REASONS.get(spelt, spelt)


def text_parts(content: Any) -> list[Part]:
    """One part of text, or none where there is no text; what is no text is shown as JSON."""
    text = "" if content is None else render_json(content)
    return [{"type": "text", "content": text}] if text else []


def reasoning_parts(content: Any) -> list[Part]:
    return [{"type": "reasoning", "content": content}] if isinstance(content, str) and content else []


def refusal_parts(content: Any) -> list[Part]:
    """A refusal has no type of its own in the conventions, which allow any."""
    return [{"type": "refusal", "content": content}] if isinstance(content, str) and content else []


def tool_call_part(name: Any, arguments: Any, call_id: Any = None) -> Part:
    called = {"name": name if isinstance(name, str) else "", "arguments": read_nested(arguments)}
    return {"type": "tool_call", **_identified(call_id), **called}


def tool_response_part(response: Any, call_id: Any = None) -> Part:
    return {"type": "tool_call_response", **_identified(call_id), "response": response}


def server_call_part(name: Any, call: Any, call_id: Any = None) -> Part:
    """A tool that runs at the provider, who also has its answer."""
    named = {"name": name if isinstance(name, str) else ""}
    return {"type": "server_tool_call", **_identified(call_id), **named, "server_tool_call": call}


def server_response_part(response: Any, call_id: Any = None) -> Part:
    return {
        "type": "server_tool_call_response",
        **_identified(call_id),
        "server_tool_call_response": response,
    }


def blob_part(content: str, mime_type: Any, modality: str) -> Part:
    """``content`` is in base64."""
    return {
        "type": "blob",
        **_typed(mime_type),
        "modality": _modality(mime_type, modality),
        "content": content,
    }


def file_part(file_id: str, mime_type: Any, modality: str) -> Part:
    return {
        "type": "file",
        **_typed(mime_type),
        "modality": _modality(mime_type, modality),
        "file_id": file_id,
    }


def media_part(location: str, mime_type: Any, modality: str) -> Part:
    """A data URL holds the thing itself, any other URL says where it is."""
    if data := DATA_URL.match(location):
        return blob_part(location[data.end() :], mime_type or data[1], modality)
    return {
        "type": "uri",
        **_typed(mime_type),
        "modality": _modality(mime_type, modality),
        "uri": location,
    }


def _identified(call_id: Any) -> dict[str, str]:
    return {"id": call_id} if isinstance(call_id, str) and call_id else {}


def _typed(mime_type: Any) -> dict[str, str]:
    return {"mime_type": mime_type} if isinstance(mime_type, str) and mime_type else {}


def _modality(mime_type: Any, default: str) -> str:
    kind = mime_type.partition("/")[0] if isinstance(mime_type, str) else ""
    return kind if kind in ("image", "audio", "video") else default
