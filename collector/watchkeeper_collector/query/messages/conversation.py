"""A conversation in the form of the OpenTelemetry GenAI conventions, whoever recorded it."""

from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.query.messages.parts import Message, Part


@dataclass(frozen=True, slots=True)
class Conversation:
    """Lists and dicts that are JSON as they stand.

    A message is ``{"role", "parts": [{"type", …}], "name"?, "finish_reason"?}``. The system prompt is either
    a message or in ``system_instructions``, wherever its sender had it, and never in both. A tool's span has
    ``tool_arguments`` and ``tool_result`` instead of messages. The input ``is_batch`` where its messages are
    texts that have nothing to do with each other, as for embeddings.
    """

    input_messages: list[Message] = field(default_factory=list)
    output_messages: list[Message] = field(default_factory=list)
    system_instructions: list[Part] = field(default_factory=list)
    tool_definitions: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    tool_arguments: Any = None
    tool_result: Any = None
    is_batch: bool = False


def last_user_text(conversation: Conversation) -> str:
    """The text of the newest message of the user that has one; of a batch the first text."""
    messages = conversation.input_messages
    for message in messages if conversation.is_batch else reversed(messages):
        if message["role"] == "user" and (text := _text(message)):
            return text
    return ""


def output_text(conversation: Conversation) -> str:
    """What the model answered in words, refusals too: no reasoning, no tool calls. Choices are lines."""
    return "\n".join(text for message in conversation.output_messages if (text := _text(message)))


def _text(message: Message) -> str:
    return "\n".join(part["content"] for part in message["parts"] if part["type"] in ("text", "refusal"))
