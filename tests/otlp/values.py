"""The text that a value is stored as, computed from the official messages."""

import base64
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


def to_text(value: AnyValue) -> str:
    """Text as it is, everything else as its shortest JSON, bytes as base64, nothing as nothing."""
    plain = to_python(value)
    if plain is None or isinstance(plain, str):
        return plain or ""
    if isinstance(plain, float):
        return repr(plain)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def to_python(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case None:
            return None
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "array_value":
            return [to_python(item) for item in value.array_value.values]
        case "kvlist_value":
            return {item.key: to_python(item.value) for item in value.kvlist_value.values}
        case kind:
            return getattr(value, kind)


def is_text_of(stored: Mapping[str, str], sent: Iterable[KeyValue]) -> bool:
    """Whether the stored map says what was sent. Two texts of one double are the same."""
    expected = {item.key: item.value for item in sent}
    return stored.keys() == expected.keys() and all(
        is_same(stored[key], value) for key, value in expected.items()
    )


def is_same(text: str, value: AnyValue) -> bool:
    if value.WhichOneof("value") == "double_value":
        return float(text) == value.double_value or math.isnan(value.double_value)
    return text == to_text(value)
