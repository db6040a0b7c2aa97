"""Puts a streamed answer together from its chunks, which MLflow keeps as an event each."""

from collections.abc import Iterable
from typing import Any

from watchkeeper_collector.query.messages.content import Event
from watchkeeper_collector.query.messages.documents import Reading, read_response
from watchkeeper_collector.query.messages.json_text import read_json, render_json
from watchkeeper_collector.query.messages.message import read_messages
from watchkeeper_collector.query.messages.shapes.langchain import unwrap
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of, inner

PREFIX = "mlflow.chunk."
VALUE = "mlflow.chunk.value"


def read_chunks(events: Iterable[Event]) -> Reading | None:
    """A chunk that holds the whole response wins; else the texts and calls of all chunks, joined."""
    values = (event.attributes.get(VALUE, "") for event in events if event.name.startswith(PREFIX))
    chunks = [chunk for value in values if isinstance(chunk := read_json(value), dict)]
    for chunk in reversed(chunks):
        if whole := inner(chunk, "response"):
            return read_response(render_json(whole))
    message = _Streamed()
    for chunk in chunks:
        message.add(chunk)
    return message.reading()


class _Streamed:
    """The message so far."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[Any, Document] = {}
        self._reason: Any = None

    def add(self, chunk: Document) -> None:
        choices = chunk.get("choices")
        first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        delta = inner(first, "delta") or inner(chunk, "delta") or unwrap(chunk)
        text = first_of(delta, "content", "text")
        if isinstance(text, str):
            self._text.append(text)
        self._reason = first_of(first, "finish_reason") or first_of(delta, "stop_reason") or self._reason
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._add_call(call.get("index"), call, inner(call, "function"))
        self._add_block(chunk)

    def _add_block(self, chunk: Document) -> None:
        """Anthropic's calls: a block that starts, then its arguments in pieces."""
        block, piece = inner(chunk, "content_block"), inner(chunk, "delta").get("partial_json")
        if block.get("type") == "tool_use" or isinstance(piece, str):
            self._add_call(chunk.get("index"), block, {"name": block.get("name"), "arguments": piece})

    def _add_call(self, index: Any, call: Document, function: Document) -> None:
        known = self._calls.setdefault(str(index), {"arguments": ""})
        for key, value in (("id", call.get("id")), ("name", function.get("name"))):
            if isinstance(value, str):
                known[key] = value
        if isinstance(function.get("arguments"), str):
            known["arguments"] += function["arguments"]

    def reading(self) -> Reading | None:
        messages = read_messages({
            "role": "assistant",
            "content": "".join(self._text),
            "tool_calls": list(self._calls.values()),
            "finish_reason": self._reason,
        })  # fmt: skip
        return Reading(messages) if messages else None
