"""Short names for what tests expect of messages."""

import json
from typing import Any

ARGUMENTS = {"city": "Zürich"}
CALL = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": ARGUMENTS}
RESPONSE = {"type": "tool_call_response", "id": "c1", "response": "7 °C"}
TOOL = {"type": "function", "name": "weather", "description": "The weather", "parameters": {"type": "object"}}


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def message(role: str, *parts: dict[str, Any], **fields: str) -> dict[str, Any]:
    return {"role": role, "parts": list(parts), **fields}


def user(content: str) -> dict[str, Any]:
    return message("user", text(content))


def assistant(content: str, **fields: str) -> dict[str, Any]:
    return message("assistant", text(content), **fields)


OPENAI_CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": json.dumps(ARGUMENTS)},
}
LANGCHAIN = {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"]}
