"""International bank account numbers (ISO 13616): country, length, and the check digits modulo 97."""

import re
from collections.abc import Iterator
from functools import cache

from watchkeeper.redaction.finding import Finding

COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV GW LY MZ PT ST", 26: "DZ IR IS TR", 27: "BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD",
    28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG", 29: "BR EG PS QA UA",
    30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""Countries by the length of their numbers: SWIFT's registry, and those in use beside it."""
LENGTHS = {country: length for length, countries in COUNTRIES.items() for country in countries.split()}


@cache
def _beginning() -> re.Pattern[str]:
    """With more characters than any number has: it is cut to its country's length."""
    return re.compile(
        r"(?<![A-Za-z0-9])(?=(?P<country>[A-Za-z]{2})[ -]?+\d[ ]?+\d)"
        r"(?P<number>[A-Za-z]{2}(?:[ .-]?+[A-Za-z0-9]){9,40}+)"
    )


class IbanDetector:
    """A number stands for itself in capitals without spaces."""

    name = "iban"

    def __call__(self, text: str) -> Iterator[Finding]:
        for found in _beginning().finditer(text):
            length = LENGTHS.get(found["country"].upper())
            if length is None or (size := _size(found["number"], length)) is None:
                continue
            end = found.start() + size
            value = re.sub(r"[^A-Z0-9]", "", found["number"][:size].upper())
            if not text[end : end + 1].isalnum() and is_checked(value):
                yield Finding(found.start(), end, self.name, value)


def _size(text: str, length: int) -> int | None:
    """Characters of ``text`` that hold ``length`` letters and digits; ``None`` when it has fewer."""
    for position, character in enumerate(text, 1):
        length -= character.isalnum()
        if length == 0:
            return position
    return None


def is_checked(number: str) -> bool:
    """ISO/IEC 7064, MOD 97-10."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
