"""LlamaIndex' chat messages: ``blocks`` with a ``block_type``."""

from collections.abc import Sequence

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    media_part,
    reasoning_parts,
    tool_call_part,
)
from watchkeeper_collector.query.messages.shapes.shape import (
    Answer,
    Document,
    Request,
    Shape,
    first_of,
    inner,
)


def read_thinking(block: Document) -> list[Part] | None:
    return reasoning_parts(block["content"]) if isinstance(block.get("content"), str) else None


def read_tool_call(block: Document) -> list[Part] | None:
    if "tool_name" not in block:
        return None
    return [tool_call_part(block["tool_name"], block.get("tool_kwargs"), block.get("tool_call_id"))]


def read_media(block: Document) -> list[Part] | None:
    kind = block.get("block_type")
    if not isinstance(kind, str):
        return None
    data, mime_type = (
        first_of(block, "image", "audio", "data"),
        first_of(block, "image_mimetype", "mime_type"),
    )
    if isinstance(data, str):
        return [blob_part(data, mime_type, kind)]
    location = first_of(block, "url", "path")
    return [media_part(location, mime_type, kind)] if isinstance(location, str) else None


def read_request(document: Document) -> Request | None:
    """The history of a chat and the message that continues it; Cohere's older requests have it so as well."""
    history, newest = document.get("chat_history"), first_of(document, "message", "user_msg")
    if not isinstance(history, list) or newest is None:
        return None
    system = first_of(document, "preamble", "system_prompt")
    return Request([*history, newest], system, document.get("tools"))


def read_response(document: Document) -> Sequence[Answer]:
    """``{"message": {…}}`` is a chat's response here, at Ollama and at Cohere."""
    message = inner(document, "message")
    reason = first_of(document, "finish_reason", "done_reason")
    return [Answer({"role": "assistant", **message}, reason)] if message else ()


SHAPE = Shape(
    types={
        "thinking": read_thinking,
        "tool_call": read_tool_call,
        "image": read_media,
        "audio": read_media,
        "document": read_media,
    },
    request=read_request,
    response=read_response,
)
