"""The values of one statement, apart from its text."""

from typing import Any, Literal

Kind = Literal[
    "String",
    "Float64",
    "Int64",
    "UInt32",
    "UInt64",
    "Date",
    "Array(String)",
    "Array(Date)",
    "Array(UInt32)",
    "Array(Int64)",
    "Array(Array(String))",
]


class Bindings:
    """Collects values and gives the placeholder that stands for each in the text: ``{p0:String}``.

    Values go to the engine beside the text, never in it; equal ones share a placeholder.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._names: dict[tuple[Kind, str], str] = {}

    def bind(self, value: Any, kind: Kind = "String") -> str:
        name = self._names.setdefault((kind, repr(value)), f"p{len(self.values)}")
        self.values[name] = value
        return f"{{{name}:{kind}}}"
