"""Reads the ``.proto`` files that are handed to the store, for comparison and for tables that fit them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Field:
    name: str
    number: int
    type: str
    label: str
    oneof: str


def schema_path(signal: str) -> Path:
    return Path(str(files("watchkeeper_schemas").joinpath("otlp", f"{signal}.proto")))


def read_schema(signal: str) -> dict[str, list[Field]]:
    """The messages of the file by name."""
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


def render_columns(messages: Mapping[str, list[Field]]) -> str:
    """Columns of a table that holds ``Record`` messages as they are."""
    return ", ".join(f"{field.name} {_render_type(messages, field)}" for field in messages["Record"])


def _render_type(messages: Mapping[str, list[Field]], field: Field) -> str:
    if field.type in messages:
        inner = ", ".join(f"{part.name} {_render_type(messages, part)}" for part in messages[field.type])
        kind = f"Tuple({inner})"
    else:
        kind = COLUMN_TYPES[field.type]
        kind = f"Nullable({kind})" if field.oneof or field.label == "optional" else kind
    return f"Array({kind})" if field.label == "repeated" else kind
