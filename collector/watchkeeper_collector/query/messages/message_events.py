"""Reads the events that carry one message each, on log records, on spans or in an attribute.

The conventions had them until version 1.36: ``gen_ai.user.message`` and its like for what went in,
``gen_ai.choice`` for what came out. Logs have the message in the body, Strands in the attributes of span
events, Azure in one attribute as JSON, and Pydantic AI's first versions in a list in an attribute.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper_collector.query.messages.content import Event, LogEvent
from watchkeeper_collector.query.messages.documents import Reading
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.message import read_messages
from watchkeeper_collector.query.messages.parts import Message, build_message
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of

CHOICE = "gen_ai.choice"
ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
NESTED_KEYS = ("content", "message", "tool_calls", "parts")
"""Attributes of span events that may be JSON."""

MessageEvent = tuple[str, Document]


def from_logs(logs: Iterable[LogEvent]) -> list[MessageEvent]:
    return [(event_name(log), _log_fields(log)) for log in logs]


def from_events(events: Iterable[Event]) -> list[MessageEvent]:
    return [(event.name, _event_fields(event.attributes)) for event in events]


def from_attribute(text: str) -> list[MessageEvent]:
    value = read_json(text)
    events = [event for event in value if isinstance(event, dict)] if isinstance(value, list) else []
    return [(str(event.get("event.name", "")), event) for event in events]


def event_name(log: LogEvent) -> str:
    """Before logs had a field for it, the name was an attribute."""
    return log.name or log.attributes.get("event.name", "")


def read_input(events: Iterable[MessageEvent]) -> Reading | None:
    history, choices = _read(events)
    return _reading(history if choices else _split(history)[0])


def read_output(events: Iterable[MessageEvent]) -> Reading | None:
    """The choices; where there are none, what the assistant said last."""
    history, choices = _read(events)
    return _reading(choices or _split(history)[1])


def _read(events: Iterable[MessageEvent]) -> tuple[list[Message], list[Message]]:
    history: list[Message] = []
    choices: list[Message] = []
    for name, fields in events:
        if name == CHOICE:
            choices += _read_choice(fields)
        elif name in ROLES:
            history += read_messages({"role": ROLES[name], **fields})
    return history, choices


def _read_choice(fields: Document) -> list[Message]:
    """``message`` is the message or its content alone; some have its fields beside the reason instead."""
    message = fields.get("message")
    if message is not None and not isinstance(message, dict):
        message = {"content": message}
    read = read_messages({"role": "assistant", **fields, **(message or {})})
    reason = fields.get("finish_reason")
    return [build_message(one["role"], one["parts"], finish_reason=reason) for one in read]


def _split(history: list[Message]) -> tuple[list[Message], list[Message]]:
    if history and history[-1]["role"] == "assistant":
        return history[:-1], history[-1:]
    return history, []


def _reading(messages: list[Message]) -> Reading | None:
    return Reading(messages) if messages else None


def _log_fields(log: LogEvent) -> Document:
    body = read_json(log.body)
    return body if isinstance(body, dict) else {"content": body, **_event_fields(log.attributes)}


def _event_fields(attributes: Mapping[str, str]) -> Document:
    body = read_json(attributes.get("gen_ai.event.content", ""))
    if isinstance(body, dict):
        return body
    fields: Document = {**attributes, **({"content": body} if body else {})}
    return {**fields, **{key: _read_nested(fields[key]) for key in NESTED_KEYS if key in fields}}


def _read_nested(text: Any) -> Any:
    """Blocks and messages are structure; an answer that is JSON for other reasons is text."""
    value = read_json(text) if isinstance(text, str) else text
    first = value[0] if isinstance(value, list) and value else value
    return (
        value
        if isinstance(first, dict)
        and (first_of(first, "type", "role", "text", "function") or len(first) == 1)
        else text
    )
