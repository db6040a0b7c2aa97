"""Writes single JSON values as protobuf scalars, without tag and length. ``ValueError`` on the wrong type."""

import base64
import binascii
import struct
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from watchkeeper_collector.otlp.wire import write_varint

Write = Callable[[Any], bytes]

ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
UNREADABLE_ID = b"?"  # no valid id: its span is refused, not the whole request
UINT64 = (1 << 64) - 1
DOUBLE = struct.Struct("<d").pack


class Integer(NamedTuple):
    """One of protobuf's integer types: its range and its encoding."""

    low: int
    high: int
    write: Callable[[int], bytes]


SIGNED_VARINT = Integer(-1 << 31, (1 << 31) - 1, lambda number: write_varint(number & UINT64))
INTEGERS = {
    FieldDescriptor.TYPE_FIXED64: Integer(0, UINT64, struct.Struct("<Q").pack),
    FieldDescriptor.TYPE_SFIXED64: Integer(-1 << 63, UINT64 >> 1, struct.Struct("<q").pack),
    FieldDescriptor.TYPE_FIXED32: Integer(0, (1 << 32) - 1, struct.Struct("<I").pack),
    FieldDescriptor.TYPE_UINT64: Integer(0, UINT64, write_varint),
    FieldDescriptor.TYPE_UINT32: Integer(0, (1 << 32) - 1, write_varint),
    FieldDescriptor.TYPE_INT64: SIGNED_VARINT._replace(low=-1 << 63, high=UINT64 >> 1),
    FieldDescriptor.TYPE_INT32: SIGNED_VARINT,
    FieldDescriptor.TYPE_ENUM: SIGNED_VARINT,
    FieldDescriptor.TYPE_SINT32: SIGNED_VARINT._replace(write=lambda n: write_varint((n << 1) ^ (n >> 31))),
}


def scalar_writer(field: FieldDescriptor) -> Write:
    """The writer of the field's values. Raises ``KeyError`` for a type that OTLP does not use."""
    path = f"{field.containing_type.name}.{field.json_name}"
    if field.type == FieldDescriptor.TYPE_STRING:
        return partial(_write_text, path)
    if field.type == FieldDescriptor.TYPE_BYTES:
        size = ID_BYTES.get(field.name)
        return partial(_write_id, size) if size else partial(_write_bytes, path)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return partial(_write_bool, path)
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return partial(_write_double, path)
    names = {value.name: value.number for value in field.enum_type.values} if field.enum_type else {}
    return partial(_write_integer, path, names, INTEGERS[field.type])


def show(value: Any) -> str:
    """The value as an error message quotes it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = repr(value[:40] if isinstance(value, str) else value)
    return text if len(text) <= 44 else f"{text[:40]}…"


def _write_text(path: str, value: Any) -> bytes:
    if type(value) is not str:
        raise ValueError(f"{path} must be a string, got {show(value)}")
    try:
        return value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: text that was cut in the middle of a character
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _write_bytes(path: str, value: Any) -> bytes:
    try:
        return _read_base64(value)
    except (TypeError, AttributeError, binascii.Error):
        raise ValueError(f"{path} must be base64 text, got {show(value)}") from None


def _read_base64(value: Any) -> bytes:
    text = value.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _write_id(size: int, value: Any) -> bytes:
    """Hexadecimal; base64 where its length shows that it is."""
    try:
        data = bytes.fromhex(value) if len(value) == 2 * size else _read_base64(value)
    except (TypeError, AttributeError, ValueError):
        return UNREADABLE_ID
    return data if len(data) in (0, size) else UNREADABLE_ID


def _write_bool(path: str, value: Any) -> bytes:
    if value is True or value == "true":
        return b"\x01"
    if value is False or value == "false":
        return b"\x00"
    raise ValueError(f"{path} must be true or false, got {show(value)}")


def _write_double(path: str, value: Any) -> bytes:
    try:
        if type(value) is bool:
            raise TypeError
        return DOUBLE(float(value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{path} must be a number, got {show(value)}") from None


def _write_integer(path: str, names: dict[str, int], kind: Integer, value: Any) -> bytes:
    if type(value) is not int:
        value = _read_integer(path, names, value)
    if not kind.low <= value <= kind.high:
        raise ValueError(f"{path} must be between {kind.low} and {kind.high}, got {show(value)}")
    return kind.write(value)


def _read_integer(path: str, names: dict[str, int], value: Any) -> int:
    try:
        if type(value) is str:
            return names[value] if value in names else int(value)
        if type(value) is float and value.is_integer():
            return int(value)
    except ValueError:
        pass
    raise ValueError(f"{path} must be an integer, got {show(value)}")
