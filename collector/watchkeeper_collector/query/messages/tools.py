"""Reads the definitions of the tools that a model was offered."""

from collections.abc import Iterator
from typing import Any

from watchkeeper_collector.query.messages.json_text import read_nested
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of, inner

Tool = dict[str, Any]

WRAPPERS = ("function", "toolSpec", "tool")
LISTS = (
    "tools", "function_tools", "output_tools", "function_declarations", "functionDeclarations",
)  # fmt: skip
"""Pydantic AI, Google and Bedrock have lists of tools inside a tool or a configuration."""
SCHEMA_KEYS = (
    "parameters", "input_schema", "inputSchema", "parameters_json_schema", "parametersJsonSchema",
)  # fmt: skip
SCHEMA_WRAPPERS = ("json", "jsonSchema")  # Bedrock, and the AI SDK


def read_tools(value: Any) -> list[Tool]:
    """``{"type", "name", "description"?, "parameters"?}`` for each definition that has a name."""
    return list(_read(read_nested(value)))


def _read(value: Any) -> Iterator[Tool]:
    if isinstance(value, list):
        for one in value:
            yield from _read(read_nested(one))
    elif isinstance(value, dict):
        lists = [value[key] for key in LISTS if isinstance(value.get(key), list)]
        for several in lists:
            yield from _read(several)
        if not lists and (tool := _read_tool(value)):
            yield tool


def _read_tool(value: Document) -> Tool | None:
    kind = value.get("type")
    kind = kind if isinstance(kind, str) and kind else "function"
    fields = next((fields for key in WRAPPERS if (fields := inner(value, key))), value)
    name = fields.get("name")
    if not isinstance(name, str) or not name:  # a provider's own tool, such as {"type": "web_search"}
        return {**value, "name": kind} if kind != "function" else None
    tool: Tool = {"type": kind if kind != "tool" else "function", "name": name}
    if isinstance(fields.get("description"), str):
        tool["description"] = fields["description"]
    if (parameters := _read_schema(fields)) is not None:
        tool["parameters"] = parameters
    return tool


def _read_schema(fields: Document) -> Any:
    schema = read_nested(first_of(fields, *SCHEMA_KEYS))
    if not isinstance(schema, dict):
        return None
    return next((inner(schema, key) for key in SCHEMA_WRAPPERS if inner(schema, key)), schema)
