"""LangChain's messages, bare or as serialised constructors, and its generations."""

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper_collector.query.messages.parts import Part, reasoning_parts, tool_call_part
from watchkeeper_collector.query.messages.shapes.shape import Answer, Document, Shape, first_of, inner

MESSAGE_TYPES = {
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "human": "user",
    "HumanMessage": "user",
    "HumanMessageChunk": "user",
    "system": "system",
    "SystemMessage": "system",
    "tool": "tool",
    "ToolMessage": "tool",
    "function": "tool",
    "FunctionMessage": "tool",
}


def unwrap(value: Document) -> Document:
    """The fields of ``{"lc": 1, "id": [… "AIMessage"], "kwargs": …}`` or ``{"type": "ai", "data": {…}}``."""
    if "lc" in value and isinstance(value.get("kwargs"), dict):
        path = value.get("id")
        name = str(path[-1]) if isinstance(path, list) and path else ""
        return {**({"type": name} if name in MESSAGE_TYPES else {}), **value["kwargs"]}
    if str(value.get("type")) in MESSAGE_TYPES and isinstance(value.get("data"), dict):
        return {"type": value["type"], **value["data"]}
    return value


def read_tool_call(block: Document) -> list[Part] | None:
    """LangChain's own blocks of content have ``args``."""
    if "args" not in block:
        return None
    return [tool_call_part(block.get("name"), block["args"], block.get("id"))]


def read_reasoning(block: Document) -> list[Part] | None:
    return reasoning_parts(block["reasoning"]) if isinstance(block.get("reasoning"), str) else None


def read_response(document: Document) -> Sequence[Answer]:
    """``generations`` has a list for each prompt of the batch, and in it one for each choice."""
    generations = document.get("generations")
    return [_read_generation(one) for one in _flatten(generations)] if isinstance(generations, list) else ()


def _flatten(generations: list[Any]) -> Iterator[Document]:
    for generation in generations:
        if isinstance(generation, list):
            yield from (one for one in generation if isinstance(one, dict))
        elif isinstance(generation, dict):
            yield generation


def _read_generation(generation: Document) -> Answer:
    message = unwrap(inner(generation, "message"))
    reason = first_of(inner(generation, "generation_info"), "finish_reason", "stop_reason") or first_of(
        inner(message, "response_metadata"), "finish_reason", "stop_reason"
    )
    return Answer({"role": "assistant", **message} if message else generation.get("text"), reason)


SHAPE = Shape(
    types={
        "tool_call": read_tool_call,
        "tool_call_chunk": read_tool_call,
        "reasoning": read_reasoning,
    },
    response=read_response,
)
