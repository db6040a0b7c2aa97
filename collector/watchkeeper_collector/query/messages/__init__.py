"""Prompts and answers in the form of the OpenTelemetry GenAI conventions, from every dialect. Without I/O."""

from watchkeeper_collector.query.messages.content import Event, LogEvent, SpanContent
from watchkeeper_collector.query.messages.conversation import Conversation, last_user_text, output_text
from watchkeeper_collector.query.messages.reader import read_conversation

__all__ = [
    "Conversation",
    "Event",
    "LogEvent",
    "SpanContent",
    "last_user_text",
    "output_text",
    "read_conversation",
]
