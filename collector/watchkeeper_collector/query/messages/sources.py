"""Kinds of places where messages may be; ``order.py`` says which places, and in which order."""

from collections.abc import Callable, Mapping

from watchkeeper_collector.query.messages import message_events
from watchkeeper_collector.query.messages.content import SpanContent
from watchkeeper_collector.query.messages.documents import Reading, read_history, read_plain
from watchkeeper_collector.query.messages.flattened import read_openinference, read_openllmetry, read_texts
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.message import read_messages

Source = Callable[[SpanContent], Reading | None]
TextReader = Callable[[str], Reading | None]


def attribute(key: str, read: TextReader) -> Source:
    """One attribute of the span."""
    return lambda content: read(content.attributes[key]) if content.attributes.get(key) else None


def anywhere(key: str, read: TextReader) -> Source:
    """An attribute of the span, else of a log record, else of the span's events.

    Strands gives one conversation over several events, which are put together.
    """

    def find(content: SpanContent) -> Reading | None:
        for holder in (content.attributes, *(log.attributes for log in content.logs)):
            if holder.get(key) and (reading := read(holder[key])):
                return reading
        events = (event.attributes[key] for event in content.events if event.attributes.get(key))
        messages = [message for text in events if (reading := read(text)) for message in reading.messages]
        return Reading(messages) if messages else None

    return find


def anywhere_text(content: SpanContent, key: str) -> str:
    """The attribute's text from the first place that has it; empty where none does."""
    holders: tuple[Mapping[str, str], ...] = (
        content.attributes,
        *(log.attributes for log in content.logs),
        *(event.attributes for event in content.events),
    )
    return next((holder[key] for holder in holders if holder.get(key)), "")


def openinference(prefix: str, role: str) -> Source:
    return lambda content: read_openinference(content.attributes, prefix, role)


def openllmetry(prefix: str, role: str) -> Source:
    return lambda content: read_openllmetry(content.attributes, prefix, role)


def texts(prefix: str, path: tuple[str, str], role: str) -> Source:
    return lambda content: read_texts(content.attributes, prefix, path, role)


def logged_input(content: SpanContent) -> Reading | None:
    return message_events.read_input(message_events.from_logs(content.logs))


def logged_output(content: SpanContent) -> Reading | None:
    return message_events.read_output(message_events.from_logs(content.logs))


def event_input(content: SpanContent) -> Reading | None:
    return message_events.read_input(message_events.from_events(content.events))


def event_output(content: SpanContent) -> Reading | None:
    return message_events.read_output(message_events.from_events(content.events))


def listed_input(text: str) -> Reading | None:
    return message_events.read_input(message_events.from_attribute(text))


def listed_output(text: str) -> Reading | None:
    return message_events.read_output(message_events.from_attribute(text))


def embedded(text: str) -> Reading | None:
    """The texts of a batch, each of them JSON again."""
    values = read_json(text)
    texts = (
        [read_json(one) if isinstance(one, str) else None for one in values]
        if isinstance(values, list)
        else []
    )
    messages = read_messages([one for one in texts if isinstance(one, str)])
    return Reading(messages) if messages else None


def asked(text: str) -> Reading | None:
    return read_plain(text, "user")


def answered(text: str) -> Reading | None:
    """The answer itself: text, even where it looks like JSON."""
    return read_plain(text, "assistant")


def history_input(text: str) -> Reading | None:
    """What came before the answer, of a whole conversation in one attribute."""
    history = read_history(text)
    return history[0] if history and history[0].messages else None


def history_output(text: str) -> Reading | None:
    history = read_history(text)
    return history[1] if history and history[1].messages else None
