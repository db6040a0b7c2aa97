"""Plain copies of what clients take and return, made while the application waits.

Applications change their ``messages`` after a call, so containers are copied at once; texts cannot change
and are shared. Everything slow (JSON, redaction, prices) works on the copy, later, on the exporting thread.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

Plain = Any
"""``None``, ``bool``, ``int``, ``float``, ``str``, ``bytes``, ``Vector``, or lists and dicts of these."""

MAX_DEPTH = 24
MAX_NODES = 50_000
MAX_NUMBERS = 32
"""A longer list of numbers is an embedding, or tokens, of which only the length is kept."""
MAX_BINARY_BYTES = 8 << 20
"""Larger binary values are kept by their size alone."""
COLLECTIONS = (list, tuple, set, frozenset)
NODE_BYTES = 64
"""What a value costs in memory beside its text, about."""


class Vector:
    """Numbers that stay away from spans, such as an embedding: only how many they were."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length


class Binary:
    """Bytes too large to keep."""

    __slots__ = ("size_bytes",)

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes


class Snapshot:
    """Copies values and adds up what the copies weigh."""

    __slots__ = ("nodes", "size_bytes")

    def __init__(self) -> None:
        self.nodes = 0
        self.size_bytes = 0

    def take(self, value: Any, depth: int = 0) -> Plain:
        """The plain copy of a value; ``None`` members of objects are left out."""
        kind = type(value)
        self.nodes += 1
        if kind is str:
            self.size_bytes += len(value)
            return value
        if value is None or kind is bool or kind is int or kind is float:
            return value
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            return None
        if kind is dict:
            return {
                key if type(key) is str else str(key): self.take(item, depth + 1)
                for key, item in value.items()
            }
        if kind is list or kind is tuple:
            return self._items(value, depth)
        return self._other(value, depth)

    def _items(self, values: Any, depth: int) -> Plain:
        if len(values) > MAX_NUMBERS and type(values[0]) in (int, float) and type(values[-1]) in (int, float):
            return Vector(len(values))
        return [self.take(item, depth + 1) for item in values]

    def _other(self, value: Any, depth: int) -> Plain:
        if (members := getattr(value, "__dict__", None)) is not None and not isinstance(value, type):
            return self._members(value, members, depth)
        if isinstance(value, str):
            self.size_bytes += len(value)
            return str.__str__(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._binary(value)
        if isinstance(value, Mapping):
            return {str(key): self.take(item, depth + 1) for key, item in list(value.items())}
        if isinstance(value, COLLECTIONS):
            return self._items(tuple(value), depth)
        return None

    def _members(self, value: Any, members: dict[str, Any], depth: int) -> Plain:
        """Of a pydantic model, a dataclass, an enumeration's member, any object."""
        if isinstance(value, str):  # a member of a StrEnum
            return str.__str__(value)
        if isinstance(value, Mapping):
            return {str(key): self.take(item, depth + 1) for key, item in list(value.items())}
        if isinstance(value, COLLECTIONS):
            return self._items(tuple(value), depth)
        plain = {
            key: self.take(item, depth + 1)
            for key, item in members.items()
            if item is not None and not key.startswith("_")
        }
        if extra := getattr(value, "__pydantic_extra__", None):
            plain.update((key, self.take(item, depth + 1)) for key, item in extra.items() if item is not None)
        return plain

    def _binary(self, value: bytes | bytearray | memoryview) -> Plain:
        size_bytes = len(value)
        if size_bytes > MAX_BINARY_BYTES:
            return Binary(size_bytes)
        self.size_bytes += size_bytes
        return bytes(value)

    @property
    def weight_bytes(self) -> int:
        return self.size_bytes + self.nodes * NODE_BYTES


KINDS_OF_DATA = (str, Mapping, Enum, *COLLECTIONS)
DATA_MARKS = ("__pydantic_fields__", "__dataclass_fields__", "__attrs_attrs__")
"""What classes that are made to hold data have."""


class DataSnapshot(Snapshot):
    """Copies what is data, and names all else by its class: a client has its key among its members, an open
    file the world.
    """

    __slots__ = ()

    def _members(self, value: Any, members: dict[str, Any], depth: int) -> Plain:
        kind = type(value)
        if isinstance(value, KINDS_OF_DATA) or any(hasattr(kind, mark) for mark in DATA_MARKS):
            return super()._members(value, members, depth)
        return f"<{kind.__module__}.{kind.__qualname__}>"
