"""Reads messages, whoever wrote them: one message, a list of them, or items that stand in their place."""

from collections.abc import Iterator
from typing import Any

from watchkeeper_collector.query.messages.blocks import block_type, is_block, read_blocks
from watchkeeper_collector.query.messages.json_text import read_json, render_json
from watchkeeper_collector.query.messages.parts import (
    ROLES,
    Message,
    Part,
    blob_part,
    build_message,
    reasoning_parts,
    refusal_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes import SHAPES
from watchkeeper_collector.query.messages.shapes.langchain import MESSAGE_TYPES, unwrap
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of, inner

ITEMS = {kind: item for shape in SHAPES for kind, item in shape.items.items()}

CONTENT_KEYS = ("parts", "content", "contents", "blocks", "_content", "text", "message")
MESSAGE_KEYS = (*CONTENT_KEYS, "tool_calls", "function_call", "refusal", "audio")
REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
CALL_ID_KEYS = ("tool_call_id", "toolCallId", "call_id", "id")
ANSWERS = {
    *("tool_call", "tool_call_response", "tool_call_result", "tool-result", "tool_result", "toolResult"),
    *("functionResponse", "function_response"),
}
"""Types and keys of blocks that say what a tool was asked or answered."""
KNOWN_ROLES = {*ROLES, "system", "developer", "user", "assistant", "tool"}


def read_messages(value: Any, role: str = "user") -> list[Message]:
    """Every message in the value; ``role`` is who speaks where the value doesn't say."""
    messages: list[Message] = []
    previous_is_item = False
    for one in _flatten(value):
        is_item = isinstance(one, dict) and is_loose_item(one)
        message = _read_item(one) if is_item else _read_message(one, role)
        if is_item and previous_is_item and message["role"] == messages[-1]["role"] == "assistant":
            messages[-1]["parts"] += message["parts"]
        elif message["parts"] or "finish_reason" in message:
            messages.append(message)
        previous_is_item = is_item and bool(messages)
    return messages


def is_conversation(value: Any) -> bool:
    """Whether the value is what messages are written as, in every one of its elements."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) or is_conversation(one) for one in value)
    return isinstance(value, dict) and (is_message(value) or is_loose_item(value) or is_block(value))


def is_message(value: Document) -> bool:
    fields = unwrap(value)
    return isinstance(fields.get("parts"), list) or (
        bool(_role(fields)) and any(key in fields for key in MESSAGE_KEYS)
    )


def is_loose_item(value: Document) -> bool:
    return not _role(value) and block_type(value) in ITEMS


def _flatten(value: Any) -> Iterator[Any]:
    """Batches are lists in lists; LangChain takes ``["human", "…"]`` for a message too."""
    if not isinstance(value, list):
        yield _decode(value)
    elif len(value) == 2 and all(isinstance(one, str) for one in value) and value[0].lower() in KNOWN_ROLES:
        yield {"role": value[0], "content": value[1]}
    else:
        for one in value:
            yield from _flatten(one)


def _decode(value: Any) -> Any:
    """A message that was put into an array of strings is JSON in there."""
    decoded = read_json(value) if isinstance(value, str) and value.startswith('{"') else None
    return decoded if isinstance(decoded, dict) and is_message(decoded) else value


def _read_item(item: Document) -> Message:
    role, reader = ITEMS[block_type(item)]
    parts = reader(item)
    return build_message(role, read_blocks(item) if parts is None else parts)


def _read_message(value: Any, role: str) -> Message:
    if not isinstance(value, dict):
        return build_message(role, read_blocks(value))
    fields = unwrap(value)
    if not is_message(value) and is_block(value):
        return build_message(role, read_blocks(value))
    spoken_by = _role(fields) or role
    reason = first_of(fields, "finish_reason", "stop_reason")
    return build_message(
        spoken_by, _read_parts(fields, spoken_by), name=fields.get("name"), finish_reason=reason
    )


def _role(fields: Document) -> str:
    role = first_of(fields, "role", "_role") or MESSAGE_TYPES.get(str(fields.get("type")), "")
    return role if isinstance(role, str) else ""


def _read_parts(fields: Document, role: str) -> list[Part]:
    content = first_of(fields, *CONTENT_KEYS)
    call_id = first_of(fields, *CALL_ID_KEYS)
    if ROLES.get(role.lower(), role.lower()) == "tool" and not _holds_blocks(fields, content):
        return [tool_response_part(content, call_id)]
    parts = [
        *_reasoning(fields),
        *read_blocks(content),
        *refusal_parts(fields.get("refusal")),
        *_media(fields),
    ]
    known = {_identity(part) for part in parts if part["type"] == "tool_call"}
    return [*parts, *(call for call in _tool_calls(fields) if _identity(call) not in known)]


def _holds_blocks(fields: Document, content: Any) -> bool:
    """A tool's message may itself say which call each of its blocks answers, or be a call."""
    blocks = content if isinstance(content, list) else []
    return "parts" in fields or any(
        isinstance(block, dict) and (block_type(block) in ANSWERS or not ANSWERS.isdisjoint(block))
        for block in blocks
    )


def _reasoning(fields: Document) -> list[Part]:
    shown = first_of(fields, *REASONING_KEYS)
    return reasoning_parts(shown or first_of(inner(fields, "additional_kwargs"), *REASONING_KEYS))


def _media(fields: Document) -> list[Part]:
    """Ollama's images, and the audio that OpenAI answers with."""
    images = fields.get("images")
    audio = inner(fields, "audio")
    parts = [blob_part(image, None, "image") for image in _list(images) if isinstance(image, str)]
    if isinstance(audio.get("data"), str):
        parts.append(blob_part(audio["data"], None, "audio"))
    if isinstance(audio.get("transcript"), str):
        parts += read_blocks(audio["transcript"])
    return parts


def _tool_calls(fields: Document) -> list[Part]:
    """LangChain and LlamaIndex may leave the provider's own calls in ``additional_kwargs`` only."""
    calls = _list(first_of(fields, "tool_calls", "toolCalls"))
    calls = calls or _list(inner(fields, "additional_kwargs").get("tool_calls"))
    if isinstance(fields.get("function_call"), dict):
        calls = [*calls, fields["function_call"]]
    return [_read_tool_call(call) for call in calls if isinstance(call, dict)]


def _read_tool_call(call: Document) -> Part:
    function = inner(call, "function") or call
    name = first_of(function, "name", "toolName", "tool_name")
    arguments = first_of(function, "arguments", "args", "input", "parameters", "tool_kwargs")
    return tool_call_part(name, arguments, first_of(call, "id", "toolCallId", "tool_call_id", "tool_id"))


def _identity(call: Part) -> str:
    """LangChain and OpenInference list calls beside the blocks that hold them already."""
    return call["id"] if "id" in call else render_json([call["name"], call["arguments"]])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
