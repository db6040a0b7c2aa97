"""Reads what a tool was called with and what it gave back, from the span of its execution."""

from collections.abc import Mapping
from typing import Any

from watchkeeper_collector.query.messages.json_text import read_json, read_nested
from watchkeeper_collector.query.messages.shapes.langchain import unwrap
from watchkeeper_collector.query.messages.shapes.shape import Document, inner

ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "ai.toolCall.args",
    "ai.toolCall.input",
    "tool_arguments",
    "tool.arguments",
    "gcp.vertex.agent.tool_call_args",
    "lk.function_tool.arguments",
    "tool_input",
)
RESULTS = (
    "gen_ai.tool.call.result",
    "ai.toolCall.result",
    "ai.toolCall.output",
    "tool_response",
    "gcp.vertex.agent.tool_response",
    "lk.function_tool.output",
    "tool_output",
)
"""Attributes that say it on any span."""


def read_arguments(attributes: Mapping[str, str], keys: tuple[str, ...]) -> Any:
    """The first of the attributes that is there; as text where it is no JSON."""
    return _unwrap_arguments(_first(attributes, keys))


def read_result(attributes: Mapping[str, str], keys: tuple[str, ...]) -> Any:
    return _unwrap_result(_first(attributes, keys))


def _first(attributes: Mapping[str, str], keys: tuple[str, ...]) -> Any:
    return next((read_json(attributes[key]) for key in keys if attributes.get(key)), None)


def _unwrap_arguments(value: Any) -> Any:
    """LangChain's callbacks give the arguments twice, LlamaIndex names them, functions have no others."""
    if not isinstance(value, dict):
        return value
    if "input_str" in value and isinstance(value.get("inputs"), dict):
        return value["inputs"]
    if isinstance(value.get("kwargs"), dict) and value.keys() <= {"args", "kwargs"} and not value.get("args"):
        return value["kwargs"]
    return value


def _unwrap_result(value: Any) -> Any:
    """What the tool said, of the message that it was put in."""
    if not isinstance(value, dict):
        return value
    if value.keys() <= {"output", "kwargs"} and "output" in value:
        return _unwrap_result(value["output"])
    message: Document = unwrap(value)
    if message is not value or {"tool_call_id", "content"} <= value.keys():
        return read_nested(message.get("content"))
    if "raw_output" in value and inner(value, "raw_input"):  # LlamaIndex
        return read_nested(value["raw_output"])
    return value
