"""The Vercel AI SDK's model messages: types with a dash, ``args`` before version 5 and ``input`` since."""

from typing import Any

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    media_part,
    reasoning_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes.shape import Document, Request, Shape, first_of

WRAPPED = ("text", "json", "content", "error-text", "error-json")


def read_tool_call(block: Document) -> list[Part]:
    return [tool_call_part(block.get("toolName"), first_of(block, "input", "args"), block.get("toolCallId"))]


def read_tool_result(block: Document) -> list[Part]:
    return [tool_response_part(_result(first_of(block, "output", "result")), block.get("toolCallId"))]


def _result(output: Any) -> Any:
    """``{"type": "json", "value": …}`` since version 5."""
    if isinstance(output, dict) and output.get("type") in WRAPPED and "value" in output:
        return output["value"]
    return output


def read_reasoning(block: Document) -> list[Part] | None:
    return reasoning_parts(block["text"]) if isinstance(block.get("text"), str) else None


def read_media(block: Document) -> list[Part] | None:
    """``image`` and ``file`` blocks: a URL, or base64 with a media type beside it."""
    data = first_of(block, "image", "data", "url")
    mime_type = first_of(block, "mediaType", "mimeType", "mime_type", "media_type")
    modality = "image" if block["type"] == "image" else "document"
    if not isinstance(data, str):
        return None
    is_location = data.startswith("data:") or "://" in data[:32]
    return [media_part(data, mime_type, modality) if is_location else blob_part(data, mime_type, modality)]


def read_request(document: Document) -> Request | None:
    """What ``generateText`` and its like were called with: ``{"system", "prompt" | "messages"}``."""
    messages = first_of(document, "prompt", "prompts")
    if not isinstance(messages, str | list):
        return None
    return Request(messages, document.get("system"), document.get("tools"))


SHAPE = Shape(
    types={
        "tool-call": read_tool_call,
        "tool-result": read_tool_result,
        "tool-error": read_tool_result,
        "reasoning": read_reasoning,
        "image": read_media,
        "file": read_media,
    },
    request=read_request,
)
