"""International bank account numbers (ISO 13616): country, length, and the check digits modulo 97."""

import re
from collections.abc import Iterator
from functools import cache

from watchkeeper.redaction.context import Context, Words
from watchkeeper.redaction.finding import Finding, is_word_sign

COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV GW LY MZ PT ST", 26: "DZ IR IS TR", 27: "BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD",
    28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG", 29: "BR EG PS QA UA",
    30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""Countries by the length of their numbers: SWIFT's registry, and those in use beside it."""
SHORTEST = 14
LENGTHS = {country: length for length, countries in COUNTRIES.items() for country in countries.split()}


@cache
def _check_digits() -> re.Pattern[str]:
    """Behind two letters, with more characters after them than any number has."""
    return re.compile(r"[0-9](?<=(?<![A-Za-z0-9])[A-Za-z]{2}.)[0-9](?:[ .-]?+[A-Za-z0-9]){7,38}+")


CONTEXT = Context(
    Words(
        "iban* account* bank* konto* compte cuenta conto conta rekening* счет счёт transfer* wire",
        unspaced="账户 口座",
    ),
    Words("order* serial tracking invoice* sku part vin"),
)


class IbanDetector:
    """A number stands for itself in capitals without spaces."""

    name = "iban"

    def __call__(self, text: str) -> Iterator[Finding]:
        for found in _check_digits().finditer(text):
            start, number = found.start() - 2, text[found.start() - 2 : found.end()]
            for length in self._lengths(text, start, number):
                size = _size(number, length)
                if size is None or is_word_sign(text[start + size : start + size + 1]):
                    continue
                value = re.sub(r"[ .-]", "", number[:size]).upper()
                if _is_likely(number[:size], value) and is_checked(value):
                    yield Finding(start, start + size, self.name, value)
                    break

    @staticmethod
    def _lengths(text: str, start: int, number: str) -> Iterator[int]:
        """Its country's; where a word names it, also as long as it stands there."""
        if (length := LENGTHS.get(number[:2].upper())) is not None:
            yield length
        together = re.match("[A-Za-z0-9]+", number)
        if (
            together is not None
            and len(together[0]) >= SHORTEST
            and CONTEXT.says(text, start, start + len(number))
        ):
            yield len(together[0])


def _size(text: str, length: int) -> int | None:
    """Characters of ``text`` that hold ``length`` letters and digits; ``None`` when it has fewer."""
    for position, character in enumerate(text, 1):
        length -= character.isalnum()
        if length == 0:
            return position
    return None


def _is_likely(spelled: str, value: str) -> bool:
    """Words between numbers pass the check by chance: spaces are for capitals, or for mostly digits."""
    if spelled == spelled.upper():
        return True
    return spelled == spelled.lower() and (
        spelled.isalnum() or 2 * sum(map(str.isdigit, value)) >= len(value)
    )


def is_checked(number: str) -> bool:
    """ISO/IEC 7064, MOD 97-10."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
