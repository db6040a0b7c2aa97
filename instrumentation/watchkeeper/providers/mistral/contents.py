"""Messages, whose content is a text or a list of chunks, and usage."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.media import blob_part, url_part
from watchkeeper.providers.openai import chat
from watchkeeper.providers.openai.usage import read_usage as read_openai_usage
from watchkeeper.reading import Message, Part, Usage, mapping, mappings, text, text_part


def read_message(said: Mapping[str, Any]) -> Message:
    """A message of a request or of an answer."""
    content = said.get("content")
    if said.get("role") == "tool" and isinstance(content, list):
        return chat.read_message({**said, "content": read_text(content)})
    if not isinstance(content, list):
        return chat.read_message(_identified(said))
    rest = chat.read_message({**_identified(said), "content": None})
    return {**rest, "parts": [*read_parts(content), *rest["parts"]]}


def _identified(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The client calls a tool's call without an identifier ``null``."""
    calls = [
        {**call, "id": None} if call.get("id") == "null" else call
        for call in mappings(said.get("tool_calls"))
    ]
    return {**said, "tool_calls": calls}


def read_parts(content: Any) -> list[Part]:
    """Parts of a text, of one chunk, or of a list of chunks."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return [read_part(chunk) for chunk in mappings(content if isinstance(content, list) else [content])]


def read_part(chunk: Mapping[str, Any]) -> Part:
    match chunk.get("type"):
        case "thinking":
            return {"type": "reasoning", "content": read_text(chunk.get("thinking"))}
        case "input_audio":
            audio = text(chunk.get("input_audio")) or ""
            return (
                url_part("audio", audio)
                if "://" in audio or audio.startswith("data:")
                else blob_part("audio", audio)
            )
        case "document_url":
            return url_part("file", text(chunk.get("document_url")) or "")
        case "resource":  # whose content may be a file's
            return {"type": "uri", "modality": "file", "uri": chunk.get("uri")}
    return chat.read_part(chunk)


def read_text(chunks: Any) -> str:
    """The texts among chunks, joined."""
    if isinstance(chunks, str):
        return chunks
    return "".join(text(chunk.get("text")) or "" for chunk in mappings(chunks))


def read_usage(value: Any) -> Usage:
    """The client has zeros where the API says nothing."""
    usage = mapping(value)
    counted = any(usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    return read_openai_usage(usage) if counted else Usage()
