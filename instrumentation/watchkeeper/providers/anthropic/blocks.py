"""Anthropic's content blocks, of requests and of answers alike, as parts of messages."""

from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.media import blob_part, modality_of, url_part
from watchkeeper.reading import Part, mapping, mappings, text, text_part

OPAQUE = frozenset({"cache_control", "encrypted_content", "encrypted_index", "encrypted_stdout", "signature"})
"""Members that only the API can read."""
RESULT = "_tool_result"
"""How the types of blocks end that answer a server's tool."""


def read_parts(content: Any) -> list[Part]:
    """The parts of a message's content: a text, or blocks."""
    if isinstance(content, str):
        return [text_part(content)]
    return [read_block(block) for block in mappings(content)]


def read_block(block: Mapping[str, Any]) -> Part:
    kind = text(block.get("type")) or "text"
    read = BLOCKS.get(kind, _server_part)
    return read(kind, block)


def _text(kind: str, block: Mapping[str, Any]) -> Part:  # noqa: ARG001 - one signature for all blocks
    return text_part(str(block.get("text", "")))


def _reasoning(kind: str, block: Mapping[str, Any]) -> Part:
    redacted = {"redacted": True} if kind == "redacted_thinking" else {}
    return {"type": "reasoning", "content": block.get("thinking", ""), **redacted}


def _tool_call(kind: str, block: Mapping[str, Any]) -> Part:  # noqa: ARG001
    return {"type": "tool_call", **_named(block), "arguments": block.get("input")}


def _tool_answer(kind: str, block: Mapping[str, Any]) -> Part:  # noqa: ARG001
    failed = {"is_error": True} if block.get("is_error") is True else {}
    answer = _plain(block.get("content"))
    return {"type": "tool_call_response", "id": block.get("tool_use_id"), "response": answer, **failed}


def _compaction(kind: str, block: Mapping[str, Any]) -> Part:
    return {"type": kind, "content": block.get("content")}


def _upload(kind: str, block: Mapping[str, Any]) -> Part:  # noqa: ARG001
    return {"type": "file", "modality": "file", "file_id": block.get("file_id")}


def _server_part(kind: str, block: Mapping[str, Any]) -> Part:
    """What the server did by itself: its tools, an MCP server's tools, and whatever the API learns."""
    details = {key: value for key, value in block.items() if key not in ("type", "id", "name", "tool_use_id")}
    if kind in ("server_tool_use", "mcp_tool_use"):
        return {"type": "server_tool_call", **_named(block), "server_tool_call": _plain(details)}
    if kind.endswith(RESULT):
        answer = {"type": kind, **_plain(details)}
        return {
            "type": "server_tool_call_response",
            "id": block.get("tool_use_id"),
            "server_tool_call_response": answer,
        }
    return {"type": kind, "content": _plain(details)}


def _named(block: Mapping[str, Any]) -> Part:
    return {"id": block.get("id"), "name": block.get("name")}


def _source_part(kind: str, block: Mapping[str, Any]) -> Part:
    """An image or a document: by its data, address, file or text."""
    source = mapping(block.get("source"))
    mime_type = text(source.get("media_type"))
    modality = modality_of(mime_type, otherwise="image" if kind == "image" else "file")
    named = {"name": title} if (title := text(block.get("title"))) else {}
    match source.get("type"):
        case "url":
            return {**url_part(modality, str(source.get("url", ""))), **named}
        case "file":
            return {"type": "file", "modality": modality, "file_id": source.get("file_id"), **named}
        case "text":
            return {**text_part(str(source.get("data", ""))), **named}
        case "content":
            return {"type": kind, "content": _plain(source.get("content")), **named}
    return {**blob_part(modality, source.get("data"), mime_type), **named}


def _plain(value: Any) -> Any:
    """Whatever the block holds, without what only the API can read, and without media; named as by the API,
    where the client has ``from_`` for ``from``.
    """
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("type") in ("text", "image", "document") and ("text" in value or "source" in value):
        return read_block(value)
    members = {key: item for key, item in value.items() if key not in OPAQUE and item is not None}
    return {key.removesuffix("_"): _plain(item) for key, item in members.items()}


BLOCKS: Mapping[str, Callable[[str, Mapping[str, Any]], Part]] = {
    "text": _text,
    "thinking": _reasoning,
    "redacted_thinking": _reasoning,
    "tool_use": _tool_call,
    "tool_result": _tool_answer,
    "image": _source_part,
    "document": _source_part,
    "container_upload": _upload,
    "compaction": _compaction,
}
