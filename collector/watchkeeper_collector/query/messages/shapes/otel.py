"""The OpenTelemetry GenAI conventions' own parts.

Parts of types that the conventions do not name are left to the other shapes.
"""

from typing import Any

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    file_part,
    media_part,
    reasoning_parts,
    server_call_part,
    server_response_part,
    text_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes.shape import Document, Shape, first_of


def read_text(block: Document) -> list[Part]:
    return text_parts(first_of(block, "content", "text"))


def read_reasoning(block: Document) -> list[Part] | None:
    return reasoning_parts(block["content"]) if isinstance(block.get("content"), str) else None


def read_tool_call(block: Document) -> list[Part] | None:
    if "arguments" not in block:
        return None
    return [tool_call_part(block.get("name"), block["arguments"], block.get("id"))]


def read_tool_response(block: Document) -> list[Part]:
    return [tool_response_part(first_of(block, "response", "result", "content"), block.get("id"))]


def read_blob(block: Document) -> list[Part] | None:
    content = first_of(block, "content", "data")
    modality = _modality(block)
    return [blob_part(content, block.get("mime_type"), modality)] if isinstance(content, str) else None


def read_file(block: Document) -> list[Part] | None:
    file_id = block.get("file_id")
    return (
        [file_part(file_id, block.get("mime_type"), _modality(block))] if isinstance(file_id, str) else None
    )


def read_uri(block: Document) -> list[Part] | None:
    uri = block.get("uri")
    return [media_part(uri, block.get("mime_type"), _modality(block))] if isinstance(uri, str) else None


def read_server_call(block: Document) -> list[Part]:
    return [server_call_part(block.get("name"), block.get("server_tool_call"), block.get("id"))]


def read_server_response(block: Document) -> list[Part]:
    return [server_response_part(block.get("server_tool_call_response"), block.get("id"))]


def _modality(block: Document) -> str:
    modality: Any = block.get("modality")
    return modality if isinstance(modality, str) and modality else "document"


SHAPE = Shape(
    types={
        "text": read_text,
        "reasoning": read_reasoning,
        "tool_call": read_tool_call,
        "tool_call_response": read_tool_response,
        "server_tool_call": read_server_call,
        "server_tool_call_response": read_server_response,
        "blob": read_blob,
        "file": read_file,
        "uri": read_uri,
    },
)
