"""The ``.proto`` files that are handed to the store, and the column types that fit them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

COLUMN_TYPES = {
    "string": "String",
    "bytes": "String",
    "bool": "Bool",
    "int64": "Int64",
    "sfixed64": "Int64",
    "sint32": "Int32",
    "double": "Float64",
    "uint32": "UInt32",
    "fixed32": "UInt32",
    "uint64": "UInt64",
    "fixed64": "UInt64",
}
LINE = re.compile(
    r"message (?P<message>\w+) {|oneof (?P<oneof>\w+) {|(?P<end>})"
    r"|(?:(?P<label>repeated|optional) )?(?P<type>\w+) (?P<name>\w+) = (?P<number>\d+);"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. ``label`` is ``repeated``, ``optional`` or empty, ``oneof`` its group."""

    name: str
    number: int
    type: str
    label: str
    oneof: str


def schema_path(signal: str) -> Path:
    return Path(str(files("watchkeeper_schemas").joinpath("otlp", f"{signal}.proto")))


@cache
def load_messages(signal: str) -> Mapping[str, list[Field]]:
    """The fields of each message in a signal's file."""
    messages: dict[str, list[Field]] = {}
    message = oneof = ""
    for found in LINE.finditer(re.sub(r"//.*", "", schema_path(signal).read_text("utf-8"))):
        if found["message"]:
            message = found["message"]
            messages[message] = []
        elif found["oneof"]:
            oneof = found["oneof"]
        elif found["end"]:
            oneof, message = "", message if oneof else ""
        else:
            label = found["label"] or ""
            messages[message].append(Field(found["name"], int(found["number"]), found["type"], label, oneof))
    return messages


def render_columns(signal: str) -> str:
    """Columns of a table that holds ``Record`` messages as they are."""
    messages = load_messages(signal)
    return ",\n    ".join(f"{field.name} {_render_field(messages, field)}" for field in messages["Record"])


def render_type(signal: str, message: str) -> str:
    """The type of a column that holds one message."""
    return _render_message(load_messages(signal), message)


def _render_message(messages: Mapping[str, list[Field]], name: str) -> str:
    parts = ", ".join(f"{part.name} {_render_field(messages, part)}" for part in messages[name])
    return f"Tuple({parts})"


def _render_field(messages: Mapping[str, list[Field]], field: Field) -> str:
    if field.type in messages:
        kind = _render_message(messages, field.type)
    else:
        kind = COLUMN_TYPES[field.type]
        kind = f"Nullable({kind})" if field.oneof or field.label == "optional" else kind
    return f"Array({kind})" if field.label == "repeated" else kind
