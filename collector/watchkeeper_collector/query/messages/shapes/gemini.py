"""Google's contents, in the camel case of the service and the snake case of its Python client."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    media_part,
    reasoning_parts,
    text_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes.shape import (
    Answer,
    Document,
    Request,
    Shape,
    first_of,
    inner,
)


def read_text(block: Document) -> list[Part] | None:
    """``thought`` marks what the model thought, if it was asked to say it."""
    if block.get("thought") is True:
        return reasoning_parts(block["text"])
    return text_parts(block["text"]) if isinstance(block["text"], str) else None


def read_function_call(block: Document) -> list[Part] | None:
    call = inner(block, "functionCall") or inner(block, "function_call")
    return [tool_call_part(call.get("name"), call.get("args"), call.get("id"))] if call else None


def read_function_response(block: Document) -> list[Part] | None:
    answer = inner(block, "functionResponse") or inner(block, "function_response")
    return [tool_response_part(answer.get("response"), answer.get("id"))] if answer else None


def read_inline_data(block: Document) -> list[Part] | None:
    data = inner(block, "inlineData") or inner(block, "inline_data")
    if not isinstance(data.get("data"), str):
        return None
    return [blob_part(data["data"], _mime_type(data), "document")]


def read_file_data(block: Document) -> list[Part] | None:
    file = inner(block, "fileData") or inner(block, "file_data")
    location = first_of(file, "fileUri", "file_uri")
    return [media_part(location, _mime_type(file), "document")] if isinstance(location, str) else None


def _mime_type(data: Document) -> Any:
    return first_of(data, "mimeType", "mime_type")


def read_request(document: Document) -> Request | None:
    config = inner(document, "config")
    system = first_of(document, "systemInstruction", "system_instruction") or first_of(
        config, "system_instruction", "systemInstruction"
    )
    contents: Any = document.get("contents") or _to_embed(document.get("requests"))
    return Request(contents, system, document.get("tools") or config.get("tools")) if contents else None


def _to_embed(requests: Any) -> list[Document]:
    """The contents of a batch to embed."""
    requests = requests if isinstance(requests, list) else []
    return [content for one in requests if isinstance(one, dict) and (content := inner(one, "content"))]


def read_response(document: Document) -> Sequence[Answer]:
    """``candidates``, or the one candidate that Google's agent kit keeps of them."""
    candidates = document.get("candidates")
    if not isinstance(candidates, list):
        candidates = [document] if "parts" in inner(document, "content") else []
    return [_read_candidate(candidate) for candidate in candidates if isinstance(candidate, dict)]


def _read_candidate(candidate: Document) -> Answer:
    content = {"role": "assistant", **inner(candidate, "content")}
    return Answer(content, first_of(candidate, "finishReason", "finish_reason"))


SHAPE = Shape(
    keys={
        "functionCall": read_function_call,
        "function_call": read_function_call,
        "functionResponse": read_function_response,
        "function_response": read_function_response,
        "inlineData": read_inline_data,
        "inline_data": read_inline_data,
        "fileData": read_file_data,
        "file_data": read_file_data,
        "text": read_text,
    },
    request=read_request,
    response=read_response,
)
