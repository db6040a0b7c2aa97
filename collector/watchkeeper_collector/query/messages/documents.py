"""Reads whole requests and responses: a document of some provider, or of a framework around it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.query.messages.blocks import read_blocks
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.message import (
    is_conversation,
    is_loose_item,
    is_message,
    read_messages,
)
from watchkeeper_collector.query.messages.parts import Message, Part, build_message
from watchkeeper_collector.query.messages.shapes import SHAPES
from watchkeeper_collector.query.messages.shapes.shape import Answer, Document
from watchkeeper_collector.query.messages.tools import Tool, read_tools

REQUEST_WRAPPERS = ("kwargs", "inputs", "input", "request", "body", "params", "prompt", "llm", "args")
RESPONSE_WRAPPERS = ("output", "outputs", "response", "result", "update", "messages", "llm")
"""Keys under which a framework hands on what it got, where no shape knows the document."""

NOTHING = ("null", "None")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source says."""

    messages: list[Message] = field(default_factory=list)
    system: list[Part] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)


def read_request(text: str) -> Reading | None:
    """A request or a list of messages in JSON, or plain text; ``None`` where there are no messages in it."""
    value = read_json(text)
    if isinstance(value, str):
        return read_plain(value, "user")
    return _read_request(value)


def read_answers(text: str) -> Reading | None:
    """The messages of an answer, all of them: one for each choice."""
    value = read_json(text)
    messages = read_messages(value, "assistant") if is_conversation(value) else []
    return Reading(messages) if messages else None


def read_response(text: str) -> Reading | None:
    value = read_json(text)
    if isinstance(value, str):
        return read_plain(value, "assistant")
    messages = _read_response(value)
    return None if messages is None else Reading(messages)


def read_history(text: str) -> tuple[Reading, Reading] | None:
    """A whole conversation as what went in and what came out: the last message, if it is the assistant's."""
    value = read_json(text)
    messages = read_messages(value) if is_conversation(value) else []
    if messages and messages[-1]["role"] == "assistant":
        return Reading(messages[:-1]), Reading(messages[-1:])
    return (Reading(messages), Reading()) if messages else None


def read_plain(text: str, role: str) -> Reading | None:
    """The text as a message, unless it says that there is nothing."""
    if text.strip() in NOTHING or _holds_nothing(read_json(text)):
        return None
    return Reading([build_message(role, [{"type": "text", "content": text}])])


def _holds_nothing(value: Any) -> bool:
    """``{"args": [], "kwargs": {}}``: structure without anything in it."""
    if isinstance(value, dict | list):
        return all(map(_holds_nothing, value.values() if isinstance(value, dict) else value))
    return value is None or value == ""


def _read_request(value: Any) -> Reading | None:
    if isinstance(value, list):
        messages = read_messages(value) if is_conversation(value) else []
        return Reading(messages) if messages else None
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return Reading(read_messages(value))
    return next(_readings(value), None)


def _readings(document: Document) -> Iterator[Reading]:
    for shape in SHAPES:
        request = shape.request(document) if shape.request else None
        if request and (isinstance(request.messages, str) or is_conversation(request.messages)):
            messages, system = read_messages(request.messages), read_system(request.system)
            if messages or system:
                yield Reading(messages, system, read_tools(request.tools))
    for key in REQUEST_WRAPPERS:
        if inside := _read_request(document.get(key)):
            yield inside


def read_system(value: Any) -> list[Part]:
    """Text, blocks, or messages around these, with or without their role."""
    several = value if isinstance(value, list) else [value]
    if all(isinstance(one, dict) and (is_message(one) or "parts" in one) for one in several):
        spoken = [message for one in several for message in read_messages({"role": "system", **one})]
        return [part for message in spoken for part in message["parts"]]
    return read_blocks(value)


def _read_response(value: Any) -> list[Message] | None:
    """``None`` where nobody understands the value; no messages where somebody does and there are none."""
    if isinstance(value, dict):
        return next((messages for messages in _responses(value) if messages is not None), None)
    if not isinstance(value, list) or not value:
        return None
    if not is_conversation(value):  # LangGraph's commands, each with messages in it
        inside = [_read_response(one) for one in value if isinstance(one, dict)]
        return [message for messages in inside for message in messages or ()] or None
    if any(isinstance(one, dict) and is_loose_item(one) for one in value):
        return _read_answer(Answer(value))
    return _last_turn(read_messages(value, "assistant"))


def _responses(document: Document) -> Iterator[list[Message] | None]:
    for shape in SHAPES:
        answers = shape.response(document) if shape.response else ()
        understood = [answer for answer in answers if _is_readable(answer)]
        if understood:
            yield [message for answer in understood for message in _read_answer(answer)]
    if is_message(document):
        yield read_messages(document, "assistant")
    for key in RESPONSE_WRAPPERS:
        yield _read_response(document.get(key))


def _is_readable(answer: Answer) -> bool:
    return isinstance(answer.message, str) or is_conversation(answer.message)


def _read_answer(answer: Answer) -> list[Message]:
    """One message for one choice, of however many items it is made."""
    messages = read_messages(answer.message, "assistant")
    if not messages:
        return []
    parts = [part for message in messages for part in message["parts"]]
    reason = answer.finish_reason or messages[0].get("finish_reason")
    return [build_message(messages[0]["role"], parts, finish_reason=reason)]


def _last_turn(messages: list[Message]) -> list[Message]:
    """Agents answer with the whole history: what they said last is their answer."""
    return messages if all(message["role"] == "assistant" for message in messages) else messages[-1:]
