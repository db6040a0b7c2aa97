"""Reads the events that carry one message each, on log records, on spans or in an attribute.

The conventions had them until version 1.36: ``gen_ai.user.message`` and its like for what went in,
``gen_ai.choice`` for what came out. Logs have the message in the body, Strands in the attributes of span
events, Azure in one attribute as JSON, and Pydantic AI's first versions in a list in an attribute.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper_collector.query.messages.blocks import read_block_text
from watchkeeper_collector.query.messages.content import Event, LogEvent
from watchkeeper_collector.query.messages.documents import Reading
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.message import is_message, read_messages
from watchkeeper_collector.query.messages.parts import Message
from watchkeeper_collector.query.messages.shapes.shape import Document

CHOICE = "gen_ai.choice"
ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
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
    if not isinstance(message, dict):
        message = {} if message is None else {"content": message}
    beside = {key: value for key, value in fields.items() if key != "message"}
    return read_messages({"role": "assistant", **beside, **message})


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
    return {key: _read_field(key, value) for key, value in fields.items()}


def _read_field(key: str, value: str) -> Any:
    """Attributes of events are JSON where they are no text."""
    if key == "tool_calls":
        return read_json(value)
    message = read_json(value) if key == "message" else None
    return message if isinstance(message, dict) and is_message(message) else read_block_text(value)
