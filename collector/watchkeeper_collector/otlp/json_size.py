"""How many values a JSON text holds, known before it is read.

A value takes two bytes of text, and a hundred of memory once it is an object.
"""

WINDOW_BYTES = 1 << 18


def has_more_values(text: bytes, limit: int) -> bool:
    """Whether the text has more objects, arrays and commas than that, outside its strings."""
    return _count(text) > limit and _count_outside_strings(text, limit) > limit


def _count(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[") + text.count(b",")


def _count_outside_strings(text: bytes, limit: int) -> int:
    """The count, or the first one beyond the limit."""
    values, is_inside, rest = 0, 0, b""
    for at in range(0, len(text), WINDOW_BYTES):
        window = rest + text[at : at + WINDOW_BYTES]
        backslashes = len(window) - len(window.rstrip(b"\\"))
        rest = b"\\" if backslashes % 2 else b""  # its other half is in the next window
        window = window[: len(window) - len(rest)].replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = window.split(b'"')
        values += _count(b"".join(parts[is_inside::2]))
        if values > limit:
            break
        is_inside = (is_inside + len(parts) - 1) % 2
    return values
