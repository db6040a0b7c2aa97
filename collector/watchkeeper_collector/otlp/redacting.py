"""Takes out of a request's messages what the policy of its project is about, before anything looks further.

A message is read in the open form, so that every text in it is met, whatever the field and the depth: values
that nest, bytes, invalid UTF-8, names of attributes. Its ids, numbers and times stay as they are.
"""

from collections.abc import Callable, Iterator
from functools import cache
from time import thread_time
from typing import Any, Literal

import orjson
from google.protobuf.descriptor import FieldDescriptor

from watchkeeper_collector.otlp.forms import SCALARS
from watchkeeper_collector.otlp.rewriting import ANY_VALUE, is_text, read_value
from watchkeeper_collector.redaction.screen import DROP, FAILED, MASK, Hits, Screen

POLICY = "watchkeeper.redaction.policy"
"""The version of the policy that a span went through; no sender's word."""
REDACTED = "watchkeeper.content.redacted"
HITS = "watchkeeper.redaction.hits"
"""How many values were found; ``.email`` and so on behind it says by which. The SDK's are added up."""
OWN = b"watchkeeper."
MOST_CPU_S = 20.0
"""A request's texts that are not read by then are dropped: hostile ones take seconds each mebibyte."""
QUICK_CHARS = 4_096
"""The clock is not looked at for a text as short."""
MOST_HITS = 1 << 31
KEY_VALUE = "opentelemetry.proto.common.v1.KeyValue"
STATUS = "opentelemetry.proto.trace.v1.Status"
STATUS_NAME = "exception.message"
SURROGATES = "surrogateescape"


Marked = Literal["always", "found", "never"]
"""Whether a message says what was done: always, where something was found, or never, as the attributes of a
metric say which one it is.
"""


class Redacting:
    """Redacts one request by a screen. ``hits`` adds up what was found in all of it."""

    def __init__(self, screen: Screen) -> None:
        self.hits = Hits()
        self._screen = screen
        self._ends_at_s = thread_time() + MOST_CPU_S

    def message(self, read: Callable[[bytes], Any], data: bytes, marked: Marked) -> bytes:
        """The message's bytes without what is not to be stored; ``read`` reads the open form.

        Its attributes say what was done, where it is to be marked. Raises ``DecodeError``.
        """
        message = read(data)
        walk = _Walk(self._screen, self._ends_at_s)
        is_changed = walk.fields(message)
        if marked == "always" or (marked == "found" and walk.hits):
            _mark(message.attributes, self._screen.version, walk.hits)
            is_changed = True
        self.hits.update(walk.hits)
        return message.SerializeToString() if is_changed else data

    def text(self, data: bytes) -> bytes:
        """A text that stands beside the messages."""
        return self._screen.name(data.decode("utf-8", "replace"), self.hits).encode()


class _Walk:
    """One walk over a message. What comes after ``ends_at_s`` of CPU time is dropped unread."""

    def __init__(self, screen: Screen, ends_at_s: float) -> None:
        self.hits = Hits()
        self._screen = screen
        self._ends_at_s = ends_at_s
        self._is_late = thread_time() > ends_at_s

    def fields(self, message: Any) -> bool:
        """Redact everything below the message, and say whether anything was changed."""
        is_changed = False
        for field, value in message.ListFields():
            kind = _kind(field)
            if kind == "attributes":
                is_changed |= self._attributes(value)
            elif kind == "message":
                is_changed |= self.fields(value)
            elif kind == "messages":
                for item in value:
                    is_changed |= self.fields(item)
            elif kind == "text":
                is_changed |= self._text(message, field, value)
            elif kind == "texts":
                is_changed |= self._texts(value)
            elif kind == "value":
                is_changed |= self._value(field.name, value) is not False
        return is_changed

    def _text(self, message: Any, field: FieldDescriptor, data: bytes) -> bool:
        text = data.decode("utf-8", "replace")
        if field.containing_type.full_name == STATUS:
            redacted = self._read(STATUS_NAME, text)
            redacted = "" if redacted is DROP else redacted
        else:
            redacted = self._name(text)
        if redacted == text:
            return False
        setattr(message, field.name, redacted.encode())
        return True

    def _texts(self, items: Any) -> bool:
        given = [item.decode("utf-8", "replace") for item in items]
        redacted = [self._name(text) for text in given]
        if redacted == given:
            return False
        items[:] = [text.encode() for text in redacted]
        return True

    def _attributes(self, attributes: Any) -> bool:
        is_changed = False
        dropped: list[int] = []
        for number, attribute in enumerate(attributes):
            name = attribute.key.decode("utf-8", "replace")
            key = MASK if self._is_late else self._screen.key(name, self.hits)
            if key != name:
                attribute.key = key.encode()
                is_changed = True
            outcome = self._value(name, attribute.value)
            if outcome is DROP:
                dropped.append(number)
            is_changed |= outcome is not False
        for number in reversed(dropped):
            del attributes[number]
        return is_changed

    def _value(self, name: str, value: Any) -> Any:
        """Redact an ``AnyValue``: False where it stays, ``DROP`` where it is to go."""
        kind = value.WhichOneof("value")
        if kind == "string_value":
            return self._string(name, value)
        if kind == "bytes_value":
            return self._bytes(name, value)
        if kind is None:
            return False
        given = read_value(value)
        redacted = self._read(name, given)
        if redacted is DROP or redacted == given:
            return redacted is DROP and DROP
        _write(value, redacted)
        return True

    def _string(self, name: str, value: Any) -> Any:
        text = value.string_value.decode("utf-8", "replace")
        redacted = self._read(name, text)
        if redacted is DROP or redacted == text:
            return redacted is DROP and DROP
        value.string_value = redacted.encode("utf-8", "replace")
        return True

    def _bytes(self, name: str, value: Any) -> Any:
        """Bytes may be text, in part."""
        text = value.bytes_value.decode("utf-8", SURROGATES)
        redacted = self._read(name, text)
        if redacted is DROP or redacted == text:
            return redacted is DROP and DROP
        value.bytes_value = redacted.encode("utf-8", SURROGATES)
        return True

    def _read(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or len(value) > QUICK_CHARS:
            self._is_late = thread_time() > self._ends_at_s
        if self._is_late and not isinstance(value, bool):
            self.hits[FAILED] += 1
            return MASK
        return self._screen.attribute(name, value, self.hits)

    def _name(self, text: str) -> str:
        if self._is_late and text:
            self.hits[FAILED] += 1
            return MASK
        return self._screen.name(text, self.hits)


def _write(value: Any, redacted: Any) -> None:
    """A redacted value in place of what was there: an array of scalars stays one."""
    if isinstance(redacted, list) and all(item.WhichOneof("value") in SCALARS for item in _items(value)):
        for item, text in zip(_items(value), redacted, strict=True):
            if isinstance(text, str):
                item.string_value = text.encode("utf-8", "replace")
    elif isinstance(redacted, str):
        value.string_value = redacted.encode("utf-8", "replace")
    else:
        value.string_value = orjson.dumps(redacted)


def _items(value: Any) -> Iterator[Any]:
    return iter(value.array_value.values)


def _mark(attributes: Any, version: str, hits: Hits) -> None:
    """Say what was done, and what the sender says that it did before."""
    counts, said = _take_marks(attributes)
    counts.update(hits)
    has_failed = counts.pop(FAILED, 0) > 0 or said == b"failed"
    for name, text in ((POLICY, version), (REDACTED, "failed" if has_failed else "true")):
        attributes.add(key=name.encode()).value.string_value = text.encode()
    for name, count in (("", counts.total()), *((f".{name}", counts[name]) for name in sorted(counts))):
        if count:
            attributes.add(key=f"{HITS}{name}".encode()).value.int_value = min(count, MOST_HITS)


def _take_marks(attributes: Any) -> tuple[Hits, bytes]:
    """Remove the marks that came with the message: what they counted, and whether it went well."""
    counts, said = Hits(), b""
    for number in reversed(range(len(attributes))):
        name, value = attributes[number].key, attributes[number].value
        if not name.startswith(OWN):
            continue
        if name.startswith(HITS.encode()):
            detector = name.decode("utf-8", "replace")[len(HITS) + 1 :]
            if detector and 0 < value.int_value < MOST_HITS:
                counts[detector] += value.int_value
        elif name == REDACTED.encode():
            said = value.string_value
        elif name != POLICY.encode():
            continue
        del attributes[number]
    return counts, said


@cache
def _kind(field: FieldDescriptor) -> str:
    """How a field is walked; empty for one without text."""
    if field.message_type is None:
        return ("texts" if field.is_repeated else "text") if is_text(field) else ""
    if field.message_type.full_name == KEY_VALUE:
        return "attributes"
    if field.message_type.full_name == ANY_VALUE:
        return "value"
    return "messages" if field.is_repeated else "message"
