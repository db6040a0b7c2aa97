"""Anthropic's messages: an answer is a list of blocks, and tool results stand in the user's turn."""

from collections.abc import Sequence

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
from watchkeeper_collector.query.messages.shapes.shape import Answer, Document, Shape, inner

SERVER_RESULTS = (
    "bash_code_execution_tool_result",
    "code_execution_tool_result",
    "mcp_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "web_fetch_tool_result",
    "web_search_tool_result",
)


def read_tool_use(block: Document) -> list[Part]:
    return [tool_call_part(block.get("name"), block.get("input"), block.get("id"))]


def read_tool_result(block: Document) -> list[Part]:
    return [tool_response_part(block.get("content"), block.get("tool_use_id"))]


def read_server_tool_use(block: Document) -> list[Part]:
    return [server_call_part(block.get("name"), block.get("input"), block.get("id"))]


def read_server_tool_result(block: Document) -> list[Part]:
    answered = {"type": block["type"], "content": block.get("content")}
    return [server_response_part(answered, block.get("tool_use_id"))]


def read_thinking(block: Document) -> list[Part] | None:
    return reasoning_parts(block["thinking"]) if isinstance(block.get("thinking"), str) else None


def read_source(block: Document) -> list[Part] | None:
    """Images and documents: base64, a URL, an uploaded file or plain text."""
    source = inner(block, "source")
    modality = "image" if block["type"] == "image" else "document"
    data = source.get("data")
    if source.get("type") == "text":
        return text_parts(data)
    if isinstance(data, str):
        return [blob_part(data, source.get("media_type"), modality)]
    if isinstance(source.get("url"), str):
        return [media_part(source["url"], source.get("media_type"), modality)]
    return [file_part(source["file_id"], None, modality)] if isinstance(source.get("file_id"), str) else None


def read_response(document: Document) -> Sequence[Answer]:
    """The document itself is the message; ``role`` may have been left out."""
    if not isinstance(document.get("content"), list | str) or "stop_reason" not in document:
        return ()
    return [Answer({"role": "assistant", "content": document["content"]}, document["stop_reason"])]


SHAPE = Shape(
    types={
        "tool_use": read_tool_use,
        "tool_result": read_tool_result,
        "mcp_tool_use": read_server_tool_use,
        "server_tool_use": read_server_tool_use,
        "thinking": read_thinking,
        "image": read_source,
        "document": read_source,
        **dict.fromkeys(SERVER_RESULTS, read_server_tool_result),
    },
    response=read_response,
)
