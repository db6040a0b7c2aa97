"""promtool's notation: ``1x3`` is 1 1 1 1, ``0+2x3`` is 0 2 4 6, ``_`` has no value, ``stale`` ends it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchkeeper_collector.errors import InvalidRequestError

MOST_VALUES = 200_000
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
ITEM = re.compile(rf"({NUMBER})(?:([+-](?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{{1,3}})?))?(?:x(\d{{1,6}}))?")
MISSING = re.compile(r"_(?:x(\d{1,6}))?")
SERIES = re.compile(r"\s*([A-Za-z_:][\w:.]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)
LABEL = re.compile(r'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stale:
    """From here on there is no series."""


STALE = Stale()
Value = float | Stale | None
"""``None``: nothing new, so that the value before stands for a while."""


def read_values(text: str) -> list[Value]:
    """Raises ``InvalidRequestError``."""
    found: list[Value] = []
    for item in text.split():
        found += _read_item(item)
        if len(found) > MOST_VALUES:
            raise InvalidRequestError(f"There are more than {MOST_VALUES:,} values.")
    return found


def read_numbers(text: str) -> list[float]:
    """Values of which none is missing, and at least one is there."""
    found = [value for value in read_values(text) if isinstance(value, float)]
    if not found or len(found) != len(read_values(text)):
        raise InvalidRequestError(f"'{text[:60]}' are no numbers. Expected some, such as '0.01x299 0.2x299'.")
    return found


def read_series(text: str) -> tuple[str, Mapping[str, str]]:
    """The measure, and the labels."""
    found = SERIES.fullmatch(text)
    if found is None:
        raise InvalidRequestError(
            f"'{text[:60]}' is no series. Expected one such as error_rate{{model=\"x\"}}."
        )
    labels: dict[str, str] = {}
    rest = (found[2] or "").strip()
    while rest:
        pair = LABEL.match(rest)
        if pair is None:
            raise InvalidRequestError(f"'{rest[:60]}' are no labels. Expected pairs such as model=\"x\".")
        labels[pair[1]] = re.sub(r"\\(.)", r"\1", pair[2])
        rest = rest[pair.end() :].strip()
    return found[1], labels


def _read_item(item: str) -> Iterator[Value]:
    if item == "stale":
        yield STALE
        return
    missing = MISSING.fullmatch(item)
    if missing is not None:
        yield from [None] * int(missing[1] or 1)
        return
    found = ITEM.fullmatch(item)
    if found is None:
        raise InvalidRequestError(f"'{item[:60]}' is no value. Expected 1, 1x3, 0+2x3, _ or stale.")
    first, step = float(found[1]), float(found[2] or 0)
    yield from (first + step * place for place in range(int(found[3] or 0) + 1))
