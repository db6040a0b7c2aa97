"""What the conventions demand of messages, parts, tools and documents, as a check that raises."""

import json
from typing import Any

import orjson
from watchkeeper_collector.query.messages import Conversation

REQUIRED: dict[str, dict[str, tuple[type, ...]]] = {
    "text": {"content": (str,)},
    "reasoning": {"content": (str,)},
    "refusal": {"content": (str,)},
    "tool_call": {"name": (str,), "arguments": (object,)},
    "tool_call_response": {"response": (object,)},
    "blob": {"content": (str,), "modality": (str,)},
    "file": {"file_id": (str,), "modality": (str,)},
    "uri": {"uri": (str,), "modality": (str,)},
    "server_tool_call": {"name": (str,), "server_tool_call": (object,)},
    "server_tool_call_response": {"server_tool_call_response": (object,)},
}
"""The fields that a part of each type has; parts of other types have what they like."""


def check_conversation(conversation: Conversation) -> None:
    for message in (*conversation.input_messages, *conversation.output_messages):
        check_message(message)
    for part in conversation.system_instructions:
        check_part(part)
    for tool in conversation.tool_definitions:
        assert isinstance(tool["type"], str)
        assert isinstance(tool["name"], str)
    for document in conversation.documents:
        assert isinstance(document, dict)
        assert isinstance(document.get("score", 0.0), float)
    check_json(conversation)


def check_message(message: dict[str, Any]) -> None:
    assert set(message) <= {"role", "parts", "name", "finish_reason"}
    assert isinstance(message["role"], str)
    assert isinstance(message["parts"], list)
    assert isinstance(message.get("name", ""), str)
    assert isinstance(message.get("finish_reason", ""), str)
    for part in message["parts"]:
        check_part(part)


def check_part(part: dict[str, Any]) -> None:
    assert isinstance(part["type"], str)
    for field, types in REQUIRED.get(part["type"], {}).items():
        assert isinstance(part[field], types), part
    if part["type"] in REQUIRED:
        assert isinstance(part.get("id", ""), str)
        assert isinstance(part.get("mime_type", ""), str)


def check_json(conversation: Conversation) -> None:
    """Both writers take it, and what they write is the same again."""
    fields = {name: getattr(conversation, name) for name in Conversation.__slots__}
    assert orjson.loads(orjson.dumps(fields)) == fields
    assert json.loads(json.dumps(fields)) == fields
