"""OpenAI's responses: a flat list of items, of which messages are one kind."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    file_part,
    media_part,
    reasoning_parts,
    server_call_part,
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

SERVER_CALLS = (
    "code_interpreter_call",
    "file_search_call",
    "image_generation_call",
    "mcp_call",
    "web_search_call",
)
"""Tools that run at the provider; what they were asked and what they found is all in the item."""

HIDDEN = ("type", "id", "status", "name")


def read_function_call(item: Document) -> list[Part]:
    arguments = first_of(item, "arguments", "input", "action")
    return [
        tool_call_part(
            first_of(item, "name", "server_label"), arguments, first_of(item, "call_id", "id", "callId")
        )
    ]


def read_function_output(item: Document) -> list[Part]:
    return [tool_response_part(item.get("output"), first_of(item, "call_id", "id", "callId"))]


def read_server_call(item: Document) -> list[Part]:
    called = {key: value for key, value in item.items() if key not in HIDDEN and value is not None}
    name = first_of(item, "name", "type")
    return [server_call_part(name, {"type": item["type"], **called}, item.get("id"))]


def read_reasoning(item: Document) -> list[Part] | None:
    """The text where the provider shows it, else its summary."""
    shown = first_of(item, "content") or first_of(item, "summary")
    if not isinstance(shown, list):
        return None
    texts = (block.get("text") for block in shown if isinstance(block, dict))
    return reasoning_parts("\n".join(text for text in texts if isinstance(text, str)))


def read_image(block: Document) -> list[Part] | None:
    """``file_id`` or ``image_url``, which here is a bare string."""
    if isinstance(block.get("file_id"), str):
        return [file_part(block["file_id"], None, "image")]
    location = block.get("image_url")
    return [media_part(location, None, "image")] if isinstance(location, str) else None


def read_file(block: Document) -> list[Part] | None:
    if isinstance(block.get("file_id"), str):
        return [file_part(block["file_id"], None, "document")]
    location = first_of(block, "file_data", "file_url")
    return [media_part(location, None, "document")] if isinstance(location, str) else None


def read_generated_image(item: Document) -> list[Part]:
    result = item.get("result")
    return [blob_part(result, "image/png", "image")] if isinstance(result, str) else read_server_call(item)


def read_request(document: Document) -> Request | None:
    """Embeddings have their texts at the same place."""
    messages: Any = first_of(document, "input", "items")
    if not isinstance(messages, str | list):
        return None
    return Request(messages, document.get("instructions"), document.get("tools"))


def read_response(document: Document) -> Sequence[Answer]:
    output = document.get("output")
    if not isinstance(output, list) or document.get("object", "response") != "response":
        return ()
    reason = inner(document, "incomplete_details").get("reason") or document.get("status")
    if any(isinstance(item, dict) and item.get("type") == "function_call" for item in output):
        reason = "tool_calls"
    return [Answer(output, reason)]


SHAPE = Shape(
    types={"input_image": read_image, "input_file": read_file},
    items={
        "function_call": ("assistant", read_function_call),
        "custom_tool_call": ("assistant", read_function_call),
        "computer_call": ("assistant", read_function_call),
        "local_shell_call": ("assistant", read_function_call),
        "function_call_output": ("tool", read_function_output),
        "custom_tool_call_output": ("tool", read_function_output),
        "computer_call_output": ("tool", read_function_output),
        "local_shell_call_output": ("tool", read_function_output),
        "function_call_result": ("tool", read_function_output),
        "reasoning": ("assistant", read_reasoning),
        **dict.fromkeys(SERVER_CALLS, ("assistant", read_server_call)),
        "image_generation_call": ("assistant", read_generated_image),
    },
    request=read_request,
    response=read_response,
)
