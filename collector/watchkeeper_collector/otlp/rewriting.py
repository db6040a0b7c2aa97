"""Rewrites what a sender may send into what the store takes: the slow path, for one item at a time.

Nested values become JSON text, oversized ones are cut, invalid UTF-8 is replaced character by character.
"""

import base64
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from watchkeeper_collector.otlp.cutting import cut_text
from watchkeeper_collector.otlp.forms import COMMON, SCALARS

CUT_CHARS = "watchkeeper.content.cut_chars"
ANY_VALUE = f"{COMMON}.AnyValue"
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class Rewriter:
    """Settles messages of the open form in place. ``limit`` is the most bytes of one value."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def rewrite(self, message: Message) -> None:
        """Settle the message; it says itself how many characters were cut, and never on a sender's word."""
        cut = self._settle(message)
        if cut and "attributes" in message.DESCRIPTOR.fields_by_name:
            attribute = message.attributes.add(key=CUT_CHARS.encode())
            attribute.value.int_value = cut

    def _settle(self, message: Message) -> int:
        """Settle everything below the message and return how many characters were cut."""
        cut = 0
        for field, value in message.ListFields():
            if field.name == "attributes":
                _drop_forged(value)
            if field.message_type is None:
                cut += self._settle_text(message, field, value) if is_text(field) else 0
            elif field.message_type.full_name == ANY_VALUE:
                cut += self._settle_value(value, is_body=field.name == "body")
            else:
                cut += sum(map(self._settle, value)) if field.is_repeated else self._settle(value)
        return cut

    def _settle_text(self, message: Message, field: FieldDescriptor, value: Any) -> int:
        if field.is_repeated:
            value[:] = [_clean(text).encode() for text in value]
            return 0
        text, cut = cut_text(_clean(value), self._limit)
        setattr(message, field.name, text.encode())
        return cut

    def _settle_value(self, value: Any, *, is_body: bool = False) -> int:
        kind = value.WhichOneof("value")
        if kind == "bytes_value":
            cut = max(0, len(value.bytes_value) - self._limit)
            value.bytes_value = value.bytes_value[: self._limit]
            return cut
        if kind == "array_value" and not is_body and self._is_settled_array(value):
            return sum(self._settle_value(item) for item in value.array_value.values)
        if kind in ("array_value", "kvlist_value"):
            text = orjson.dumps(read_value(value)).decode()
        elif kind == "string_value":
            text = _clean(value.string_value)
        else:
            return 0
        text, cut = cut_text(text, self._limit)
        value.string_value = text.encode()
        return cut

    def _is_settled_array(self, value: Any) -> bool:
        items = value.array_value.values
        return (
            len(items) > 0
            and all(item.WhichOneof("value") in (*SCALARS, None) for item in items)
            and value.ByteSize() <= self._limit
        )


@cache
def is_text(field: FieldDescriptor) -> bool:
    """Whether the field, bytes in the open form, is a string officially."""
    official = descriptor_pool.Default().FindMessageTypeByName(field.containing_type.full_name)
    return bool(official.fields_by_name[field.name].type == FieldDescriptor.TYPE_STRING)


def _clean(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _drop_forged(attributes: Any) -> None:
    for index in reversed(range(len(attributes))):
        if attributes[index].key == CUT_CHARS.encode():
            del attributes[index]


def read_value(value: Any) -> Any:
    """An AnyValue as what its JSON text shows; bytes as base64, and no number that JSON lacks."""
    kind = value.WhichOneof("value")
    return READERS[kind](value) if kind in READERS else None


def _read_double(value: Any) -> float | str:
    return value.double_value if math.isfinite(value.double_value) else NOT_FINITE[str(value.double_value)]


READERS: dict[str, Callable[[Any], Any]] = {
    "string_value": lambda value: _clean(value.string_value),
    "bool_value": lambda value: value.bool_value,
    "int_value": lambda value: value.int_value,
    "double_value": _read_double,
    "bytes_value": lambda value: base64.b64encode(value.bytes_value).decode(),
    "array_value": lambda value: [read_value(item) for item in value.array_value.values],
    "kvlist_value": lambda value: {
        _clean(item.key): read_value(item.value) for item in value.kvlist_value.values
    },
}
