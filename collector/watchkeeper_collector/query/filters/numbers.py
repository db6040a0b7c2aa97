"""Numbers with units, as people write them in a filter."""

import re

from watchkeeper_collector.query.filters.fields import NumberField, NumberKind
from watchkeeper_collector.query.filters.parsing import fault
from watchkeeper_collector.query.filters.syntax import Value

NUMBER = re.compile(r"(-?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}))([a-zA-Zµ]*)", re.ASCII)
DURATION_NS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9}
SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
UNITS: dict[NumberKind, dict[str, float]] = {
    "duration_ns": {unit: float(ns) for unit, ns in DURATION_NS.items()},
    "duration_ms": {unit: ns / 1e6 for unit, ns in DURATION_NS.items()},
    "usd": SCALES,
    "count": SCALES,
}
EXAMPLES: dict[NumberKind, str] = {
    "duration_ns": "a duration such as 2s, 350ms or 1.5m",
    "duration_ms": "a duration such as 2s or 350ms",
    "usd": "an amount such as 0.10 or $5",
    "count": "a number such as 800, 10k or 1.5M",
}


def read_number(text: str, field: NumberField, value: Value) -> float:
    """The number in the unit of the field's column."""
    bare = text.removeprefix("$") if field.kind == "usd" else text
    found = NUMBER.fullmatch(bare)
    scale = UNITS[field.kind].get(found[2]) if found else None
    if found is None or scale is None:
        expected = EXAMPLES[field.kind]
        raise fault(
            f"'{text[:60]}' is no value for '{field.name}'. Expected {expected}.", value.column, expected
        )
    return float(found[1]) * scale


def read_range(field: NumberField, value: Value) -> tuple[float | None, float | None] | None:
    """Both ends of ``10..20``, each of which may be left out; ``None`` if the value is no range."""
    low, dots, high = value.text.partition("..")
    if not dots or value.is_quoted:
        return None
    if not low and not high:
        raise fault("a range needs an end: 10..20, 10.. or ..20.", value.column, EXAMPLES[field.kind])
    return (
        read_number(low, field, value) if low else None,
        read_number(high, field, value) if high else None,
    )
