"""Rebuilds what OpenInference and OpenLLMetry spread over numbered attributes.

``llm.input_messages.0.message.role`` and its like come in any order, and 10 after 9.
"""

import re
from collections.abc import Mapping
from typing import Any

from watchkeeper_collector.query.messages.blocks import read_block_text
from watchkeeper_collector.query.messages.documents import Reading
from watchkeeper_collector.query.messages.message import read_messages
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of, inner

MAX_SEGMENTS = 12
INDEX = re.compile(r"\d{1,9}", re.ASCII)


def rebuild(attributes: Mapping[str, str], prefix: str) -> list[Any]:
    """The list below ``prefix``, which ends with a dot, in the order of the numbers; holes are closed."""
    tree: Document = {}
    for key in sorted(key for key in attributes if key.startswith(prefix)):
        path = key[len(prefix) :].split(".")
        if INDEX.fullmatch(path[0]) and len(path) <= MAX_SEGMENTS:
            _plant(tree, path, attributes[key])
    grown = _grow(tree)
    return grown if isinstance(grown, list) else []


def _plant(tree: Document, path: list[str], value: str) -> None:
    """A key that another one continues gives way to it."""
    for segment in path[:-1]:
        if not isinstance(tree.get(segment), dict):
            tree[segment] = {}
        tree = tree[segment]
    tree.setdefault(path[-1], value)


def _grow(tree: Any) -> Any:
    """Objects of which every key is a number become lists."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(INDEX.fullmatch(key) for key in tree):
        return [_grow(tree[key]) for key in sorted(tree, key=int)]
    return {key: _grow(value) for key, value in tree.items()}


def read_openinference(attributes: Mapping[str, str], prefix: str, role: str) -> Reading | None:
    """``prefix`` is ``llm.input_messages.`` or ``llm.output_messages.``."""
    messages = [inner(one, "message") for one in rebuild(attributes, prefix) if isinstance(one, dict)]
    return _read([_read_openinference(message) for message in messages], role)


def read_openllmetry(attributes: Mapping[str, str], prefix: str, role: str) -> Reading | None:
    """``prefix`` is ``gen_ai.prompt.`` or ``gen_ai.completion.``; content may be blocks in JSON."""
    messages = [one for one in rebuild(attributes, prefix) if isinstance(one, dict)]
    read = [{**message, "content": read_block_text(message.get("content"))} for message in messages]
    return _read(read, role)


def read_texts(
    attributes: Mapping[str, str], prefix: str, path: tuple[str, str], role: str
) -> Reading | None:
    """Texts alone: ``llm.prompts.0.prompt.text``, ``embedding.embeddings.0.embedding.text``."""
    holder, field = path
    texts = [inner(one, holder).get(field) for one in rebuild(attributes, prefix) if isinstance(one, dict)]
    return _read([text for text in texts if isinstance(text, str)], role)


def _read(messages: list[Any], role: str) -> Reading | None:
    read = read_messages(messages, role)
    return Reading(read) if read else None


def _read_openinference(message: Document) -> Document:
    blocks, calls = message.get("contents"), message.get("tool_calls")
    content, called = message.get("content"), _function_call(message)
    if isinstance(blocks, list):
        content = [_read_block(block) for block in blocks if isinstance(block, dict)]
    if isinstance(calls, list):
        called = [inner(call, "tool_call") for call in calls if isinstance(call, dict)]
    return {**message, "content": content, "tool_calls": called}


def _function_call(message: Document) -> list[Document]:
    """What was a call before there were several: ``message.function_call_name``."""
    name = message.get("function_call_name")
    arguments = message.get("function_call_arguments_json")
    return [{"name": name, "arguments": arguments}] if isinstance(name, str) else []


def _read_block(block: Document) -> Document:
    content = inner(block, "message_content")
    if call := inner(block, "tool_call"):
        return {"type": "tool_call", "id": call.get("id"), **inner(call, "function")}
    if location := first_of(inner(inner(content, "image"), "image"), "url"):
        return {"type": "image_url", "image_url": location}
    if audio := first_of(inner(inner(content, "audio"), "audio"), "url"):
        return {"type": "uri", "modality": "audio", "uri": audio}
    return content
