"""What is stored of one span's content, before anybody has made sense of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """A span event; its values are text in the same way as the attributes of its span."""

    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A log record that is tied to the span. ``body`` is JSON text, plain text or empty."""

    name: str
    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SpanContent:
    """The attributes that hold content, with the events and logs that do.

    Values are text: strings as they came, numbers and booleans as text, arrays and maps as JSON.
    Events and logs stand in the order in which they happened. ``kind`` and ``operation`` are the columns
    of the span (``llm``, ``embedding``, ``tool``, ``retriever``, …; ``chat``, ``embeddings``, …).
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Event] = ()
    logs: Sequence[LogEvent] = ()
    kind: str = ""
    operation: str = ""
