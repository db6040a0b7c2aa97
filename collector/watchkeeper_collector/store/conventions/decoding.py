"""The SQL that decodes OTLP's own types, as the records of the spool's segments have them."""

SCALAR = (
    "multiIf({v}.string_value IS NOT NULL, {string}, {v}.int_value IS NOT NULL, toString({v}.int_value),"
    " {v}.double_value IS NOT NULL, {double}, {v}.bool_value IS NOT NULL, toString({v}.bool_value), {rest})"
)


def time(nanoseconds: str) -> str:
    """A time since 1970; what lies beyond the type's range becomes its end."""
    return f"fromUnixTimestamp64Nano(toInt64(least({nanoseconds}, 9223372036854775807)))"


def attributes(pairs: str) -> str:
    """A list of attributes as a map of texts. Of equal names the first is found; OTLP forbids them."""
    return f"mapFromArrays({pairs}.key, arrayMap(v -> {value('v')}, {pairs}.value))"


def value(any_value: str) -> str:
    """A value as text: bytes in base64, a list as JSON, nothing as empty."""
    item = SCALAR.format(
        v="i", string="toJSONString(i.string_value)", double="toJSONString(i.double_value)", rest="'null'"
    )
    listed = (
        f"concat('[', arrayStringConcat(arrayMap(i -> {item}, {any_value}.array_value.values), ','), ']')"
    )
    rest = (
        f"multiIf(notEmpty({any_value}.array_value.values), {listed},"
        f" ifNull(base64Encode({any_value}.bytes_value), ''))"
    )
    scalar = SCALAR.format(
        v=any_value,
        string=f"{any_value}.string_value",
        double=f"toString({any_value}.double_value)",
        rest=rest,
    )
    return f"assumeNotNull({scalar})"
