r"""One spelling for what looks the same: detectors read a folded text, findings are told of the real one.

Folded are: digits, letters, spaces, hyphens and signs of any script that stand for ASCII ones; characters
without width, which go; and characters written as escapes of JSON (``\u0040``), URLs (``%40``) and HTML
(``&#64;``).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from unicodedata import category, decimal, normalize

NESTED = 3
"""How deep escapes within escapes are read: JSON in a string of JSON in a string."""
GONE = "\u200b"
"""What characters without width become, before they go."""
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
HYPHENS = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u30fc\ufe58\ufe63\uff0d")
DOTS = frozenset("\u3002\uff61\u2024")
INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
)


class Layer(NamedTuple):
    """Where positions of a folded text are in the text that it was made of, from one break to the next."""

    folded: Sequence[int]
    original: Sequence[int]

    def start(self, position: int) -> int:
        place = bisect_right(self.folded, position) - 1
        return self.original[place] + position - self.folded[place]

    def end(self, position: int) -> int:
        place = bisect_left(self.folded, position)
        if place == len(self.folded) or self.folded[place] != position:
            place -= 1
        return self.original[place] + position - self.folded[place]


class Folded(NamedTuple):
    """``layers`` are in the order in which they were folded; none when every position stayed."""

    text: str
    layers: Sequence[Layer] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the real text that a part of the folded one stands for. Never cuts an escape."""
        for layer in reversed(self.layers):
            start, end = layer.start(start), layer.end(end)
        return start, end


def fold(text: str) -> Folded:
    """``text`` as detectors read it."""
    if not text.isascii():
        text = text.translate(_LOOKALIKES)
    if not _needs_layers(text):
        return Folded(text)
    layers = []
    for _ in range(NESTED):
        folded, layer = _decoded(text)
        if layer is None:
            break
        layers.append(layer)
        text = folded
    return Folded(text, layers)


def _needs_layers(text: str) -> bool:
    return "\\" in text or "%" in text or "&#" in text or GONE in text


@cache
def _escape() -> re.Pattern[str]:
    """Begins with a set of signs, which the engine skips to."""
    return re.compile(
        rf"[{GONE}\\%&](?:(?<={GONE})"
        r"|(?<=\\)(?:u(?P<json>[0-9a-fA-F]{4})|x(?P<hex>[0-9a-fA-F]{2})|(?P<sign>[\W_nrtbf]))"
        r"|(?<=%)(?P<url>40|2[BbDd0Ee]|3[Aa])|(?<=&)#(?:x(?P<xml>[0-9a-fA-F]{2,4})|(?P<html>\d{2,4}));)"
    )


def _decoded(text: str) -> tuple[str, Layer | None]:
    """One layer less of escapes; no layer when there were none."""
    pieces: list[str] = []
    folded, original = [0], [0]
    length = end = 0
    for found in _escape().finditer(text):
        sign = _character(found)
        pieces += (text[end : found.start()], sign)
        length += found.start() - end
        end = found.end()
        folded += (length, length + len(sign))
        original += (found.start(), end)
        length += len(sign)
    if end == 0:
        return text, None
    pieces.append(text[end:])
    return "".join(pieces), Layer(folded, original)


def _character(found: re.Match[str]) -> str:
    """What an escape stands for, folded."""
    if (sign := found["sign"]) is not None:
        return ESCAPES.get(sign, sign)
    code = found["json"] or found["hex"] or found["url"] or found["xml"]
    number = int(code, 16) if code else int(found["html"] or 0)
    character = _LOOKALIKES[number] if number > 127 else chr(number)
    return "" if character == GONE or number == 0 else character


class _Lookalikes(dict[int, str]):
    """A table for ``str.translate``, one character each, that learns the characters it meets."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = folded = character if code < 128 else _folded(character)
        return folded


_LOOKALIKES = _Lookalikes()


def _folded(character: str) -> str:
    kind = category(character)
    if kind == "Nd":
        return str(decimal(character))
    if kind in ("Zs", "Zl", "Zp"):
        return " "
    if kind == "Cf" or character in INVISIBLE:
        return GONE
    if character in HYPHENS or kind == "Pd":
        return "-"
    if character in DOTS:
        return "."
    plain = normalize("NFKC", character)
    return plain if len(plain) == 1 and plain.isascii() else character
