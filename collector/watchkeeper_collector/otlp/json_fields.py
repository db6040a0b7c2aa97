"""Writes JSON objects as protobuf messages, along the official descriptors.

The mapping is proto3's, except that ids are hexadecimal. What is plain and harmless is accepted beyond
it: snake_case names, enums by name or number, numbers as text, ids in base64. Unknown names are skipped.
A value of the wrong type raises ``ValueError``.
"""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from watchkeeper_collector.otlp.json_scalars import Write, scalar_writer, show
from watchkeeper_collector.otlp.wire import DELIMITED, FIXED32, FIXED64, VARINT, write_varint

SHORT_VARINTS = tuple(write_varint(number) for number in range(1 << 12))
WIRE_TYPES = {
    FieldDescriptor.TYPE_DOUBLE: FIXED64,
    FieldDescriptor.TYPE_FIXED64: FIXED64,
    FieldDescriptor.TYPE_SFIXED64: FIXED64,
    FieldDescriptor.TYPE_FIXED32: FIXED32,
    FieldDescriptor.TYPE_STRING: DELIMITED,
    FieldDescriptor.TYPE_BYTES: DELIMITED,
    FieldDescriptor.TYPE_MESSAGE: DELIMITED,
}  # all others are varints


class MessageWriters:
    """Builds one writer per message type; types that contain themselves are built once."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, Write]] = {}

    def build(self, message: Descriptor) -> Write:
        """A function from a JSON object to the message's bytes."""
        fields = self._fields.get(message.full_name)
        if fields is None:
            fields = self._fields[message.full_name] = {}
            for field in message.fields:
                fields[field.json_name] = fields[field.name] = self._build_field(field)

        def write(value: Any) -> bytes:
            if type(value) is not dict:
                raise ValueError(f"{message.name} must be an object, got {show(value)}")
            return b"".join(
                [fields[name](item) for name, item in value.items() if name in fields and item is not None]
            )

        return write

    def _build_field(self, field: FieldDescriptor) -> Write:
        payload = scalar_writer(field) if field.message_type is None else self.build(field.message_type)
        kind = WIRE_TYPES.get(field.type, VARINT)
        if field.is_repeated:
            is_packed = kind != DELIMITED
            return (
                _delimited(field, _repeated(field, payload))
                if is_packed
                else _repeated(field, _delimited(field, payload))
            )
        if kind == DELIMITED:
            return _delimited(field, payload)
        tag = write_varint(field.number << 3 | kind)
        return lambda value: tag + payload(value)


def _delimited(field: FieldDescriptor, payload: Write) -> Write:
    tag = write_varint(field.number << 3 | DELIMITED)

    def write(value: Any) -> bytes:
        data = payload(value)
        size = len(data)
        return tag + (SHORT_VARINTS[size] if size < len(SHORT_VARINTS) else write_varint(size)) + data

    return write


def _repeated(field: FieldDescriptor, one: Write) -> Write:
    def write(value: Any) -> bytes:
        if type(value) is not list:
            raise ValueError(
                f"{field.containing_type.name}.{field.json_name} must be an array, got {show(value)}"
            )
        return b"".join([one(item) for item in value])

    return write
