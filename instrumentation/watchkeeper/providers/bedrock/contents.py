"""Converse's content blocks as parts of messages, and its tools."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.reading import Message, Part, mapping, mappings, text, text_part

MEDIA = {"image": "image", "video": "video", "audio": "audio", "document": "file"}
"""Kinds of blocks, and their modality."""


def read_message(message: Mapping[str, Any], *, role: str = "user") -> Message:
    """A message; ``role`` is for one that doesn't say whose it is."""
    parts = read_parts(message.get("content"))
    is_answer = bool(parts) and all(part["type"] == "tool_call_response" for part in parts)
    return {"role": "tool" if is_answer else text(message.get("role")) or role, "parts": parts}


def read_parts(blocks: Any) -> list[Part]:
    """Parts of a list of blocks, or of a bare text; marks of the cache are none."""
    if isinstance(blocks, str):
        return [text_part(blocks)]
    return [read_block(block) for block in mappings(blocks) if "cachePoint" not in block]


def read_block(block: Mapping[str, Any]) -> Part:
    """A block, which is an object with one member that says what it is."""
    kind = next(iter(block), "empty")
    read = BLOCKS.get(kind)
    return read(block[kind]) if read else {"type": kind, "content": block.get(kind)}


def _text(content: Any) -> Part:
    return text_part(str(content))


def _tool_call(call: Any) -> Part:
    call = mapping(call)
    named = {"id": call.get("toolUseId"), "name": call.get("name")}
    if call.get("type") == "server_tool_use":
        return {"type": "server_tool_call", **named, "server_tool_call": call.get("input")}
    return {"type": "tool_call", **named, "arguments": call.get("input")}


def _reasoning(reasoning: Any) -> Part:
    said = mapping(mapping(reasoning).get("reasoningText")).get("text")
    return {"type": "reasoning", "content": said or ""}


def _cited(content: Any) -> Part:
    return text_part("".join(str(part.get("text", "")) for part in mappings(mapping(content).get("content"))))


def _tool_answer(answer: Any) -> Part:
    answer = mapping(answer)
    content = [
        item["json"] if "json" in item else read_block(item) for item in mappings(answer.get("content"))
    ]
    part = {"type": "tool_call_response", "id": answer.get("toolUseId"), "response": content}
    return {**part, "is_error": True} if answer.get("status") == "error" else part


def _media(kind: str, media: Any) -> Part:
    modality, media = MEDIA[kind], mapping(media)
    source = mapping(media.get("source"))
    mime_type = f"{'application' if kind == 'document' else kind}/{media.get('format')}"
    named = {"name": name} if (name := text(media.get("name"))) else {}
    if uri := text(mapping(source.get("s3Location")).get("uri")):
        return {"type": "uri", "modality": modality, "mime_type": mime_type, "uri": uri, **named}
    if "text" in source or "content" in source:
        parts = read_parts(source.get("text") or source.get("content"))
        return {**text_part("".join(str(part.get("content", "")) for part in parts)), **named}
    return {**blob_part(modality, source.get("bytes"), mime_type), **named}


BLOCKS: Mapping[str, Callable[[Any], Part]] = {
    "text": _text,
    "toolUse": _tool_call,
    "toolResult": _tool_answer,
    "reasoningContent": _reasoning,
    "citationsContent": _cited,
    **{kind: partial(_media, kind) for kind in MEDIA},
}


def read_tools(tools: Any) -> Iterator[dict[str, Any]]:
    """Definitions, flat, as the conventions have them."""
    for tool in mappings(tools):
        if function := mapping(tool.get("toolSpec")):
            known = {key: function[key] for key in ("name", "description") if key in function}
            yield {
                "type": "function",
                **known,
                "parameters": mapping(function.get("inputSchema")).get("json"),
            }
        elif "cachePoint" not in tool:
            kind = next(iter(tool), "empty")
            yield {"type": kind, **mapping(tool.get(kind))}
