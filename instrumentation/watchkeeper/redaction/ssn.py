"""US social security numbers, and the tax numbers (ITIN) of the same form."""

import re
from collections.abc import Iterator
from functools import cache

from watchkeeper.redaction.context import Context, Words
from watchkeeper.redaction.finding import Finding

CONTEXT = Context(
    Words(
        "ssn* itin itins taxpayer",
        marks="so tax ss",
        phrases=r"social[ _-]?sec|soc\.? ?sec|\bss ?(?:#|no\b|num)|tax[ _-]?id",
    ),
    Words("order* invoice* ref reference* ticket* tracking serial phone* tel fax case part sku zip batch"),
)


@cache
def _number() -> re.Pattern[str]:
    return re.compile(
        r"(?P<area>[0-9](?<![A-Za-z0-9].)(?<!\d[.-].)\d{2})"
        r"(?P<separator>[ .-]?| - )(?P<group>\d{2})(?P=separator)(?P<serial>\d{4})"
        r"(?![A-Za-z0-9])(?![.-]\d)"
    )


class SsnDetector:
    """A number stands for its digits. Without hyphens it has to be named by a word before it."""

    name = "ssn"

    def __call__(self, text: str) -> Iterator[Finding]:
        for found in _number().finditer(text):
            if not is_issued(found["area"], found["group"], found["serial"]):
                continue
            said = CONTEXT.says(text, *found.span())
            is_hyphened = "-" in found["separator"]
            if said or (said is None and is_hyphened):
                value = found["area"] + found["group"] + found["serial"]
                yield Finding(*found.span(), self.name, value)


def is_issued(area: str, group: str, serial: str) -> bool:
    """By the rules of the Social Security Administration since 2011; areas from 900 are tax numbers."""
    return area not in ("000", "666") and group != "00" and serial != "0000"
