"""Numbers of payment cards: Luhn's check digit, the networks' prefixes and lengths, usual groups."""

import re
from collections.abc import Iterator
from functools import cache

from watchkeeper.redaction.context import Context, Words
from watchkeeper.redaction.finding import Finding

NETWORKS: tuple[tuple[tuple[int, int], frozenset[int]], ...] = (
    ((4, 4), frozenset({16, 19})),  # Visa
    ((51, 55), frozenset({16})),  # Mastercard
    ((2221, 2720), frozenset({16})),
    ((34, 34), frozenset({15})),  # American Express
    ((37, 37), frozenset({15})),
    ((300, 305), frozenset({14, 16})),  # Diners Club
    ((3095, 3095), frozenset({14, 16})),
    ((36, 36), frozenset({14, 16})),
    ((38, 39), frozenset({14, 16})),
    ((6011, 6011), frozenset({16, 19})),  # Discover
    ((644, 659), frozenset({16, 19})),
    ((3528, 3589), frozenset({16, 19})),  # JCB
    ((2131, 2131), frozenset({15})),
    ((1800, 1800), frozenset({15})),
    ((62, 62), frozenset({16, 17, 18, 19})),  # UnionPay
    ((81, 81), frozenset({16})),
    ((500, 508), frozenset({16, 18, 19})),  # Maestro, Dankort, Verve, Elo
    ((560, 589), frozenset({16, 18, 19})),  # Maestro
    ((600, 609), frozenset({16})),  # RuPay, Hipercard
    ((610, 619), frozenset({16, 18, 19})),
    ((630, 639), frozenset({16, 18, 19})),  # Maestro, Elo
    ((670, 679), frozenset({16, 18, 19})),
    ((2200, 2205), frozenset({16})),  # Mir
    ((9792, 9792), frozenset({16})),  # Troy
    ((8600, 8600), frozenset({16})),  # Uzcard
    ((9860, 9860), frozenset({16})),  # Humo
)
"""First digits and numbers of digits of cards in use that are told without any word beside them."""
SHORTEST, LONGEST = 12, 19
"""Cards that a word beside the number has to name: any network's, since old ones have 12 or 13 digits."""

CONTEXT = Context(
    Words(
        "card* cc ccn pan visa mastercard amex maestro discover jcb diners unionpay credit debit payment "
        "charge karte* kreditkarte* carte* tarjeta* cartão cartões cartao carta kort* kredit* kaart* "
        "creditcard* kortti* karta karty kartę kartu kártya* карт* κάρτα*",
        unspaced="卡 カード 카드 بطاقة כרטיס कार्ड บัตร",
    ),
    Words(
        "order* invoice* tracking isbn ean upc gtin barcode imei serial parcel shipment ticket* timestamp "
        "ts time created reference ref epoch trace span request hash sku"
    ),
)


@cache
def _digits() -> re.Pattern[str]:
    """Up to 23 digits in groups; what is longer is no card."""
    return re.compile(
        r"(?<![A-Za-z0-9])(?<!\d[.,])\d(?:(?:[ .-]|(?: - ))?+\d){11,22}+(?![A-Za-z0-9])(?![.,]\d)"
    )


class CardDetector:
    """A card stands for its digits."""

    name = "card"

    def __call__(self, text: str) -> Iterator[Finding]:
        for found in _digits().finditer(text):
            yield from self._cards(text, found)

    def _cards(self, text: str, found: re.Match[str]) -> Iterator[Finding]:
        """The first run of whole groups that is a card; behind a card may follow its date or code."""
        groups = [(group.start(), group.end()) for group in re.finditer(r"\d+", found[0])]
        first = 0
        while first < len(groups):
            last = next(
                (end for end in _ends(groups, first) if self._is_card(text, found, groups, first, end)), None
            )
            if last is not None:
                start, end = found.start() + groups[first][0], found.start() + groups[last][1]
                yield Finding(start, end, self.name, re.sub(r"\D", "", text[start:end]))
            first = first + 1 if last is None else last + 1

    def _is_card(
        self, text: str, found: re.Match[str], groups: list[tuple[int, int]], first: int, last: int
    ) -> bool:
        sizes = [end - start for start, end in groups[first : last + 1]]
        digits = "".join(found[0][start:end] for start, end in groups[first : last + 1])
        if not is_grouped_as_card(sizes) or not has_luhn_digit(digits):
            return False
        if is_of_network(digits):
            return True
        return CONTEXT.says(text, found.start() + groups[first][0], found.start() + groups[last][1]) is True


def _ends(groups: list[tuple[int, int]], first: int) -> Iterator[int]:
    """Last groups of runs from ``first`` that have as many digits as cards have, the longest first."""
    ends, digits = [], 0
    for last in range(first, len(groups)):
        digits += groups[last][1] - groups[last][0]
        if SHORTEST <= digits <= LONGEST:
            ends.append(last)
    return reversed(ends)


def is_grouped_as_card(sizes: list[int]) -> bool:
    """One group; fours with a rest; American Express' and Diners' 4-6-5 and 4-6-4; halves of eight."""
    if len(sizes) == 1 or sizes in ([4, 6, 5], [4, 6, 4], [8, 8], [4, 4, 5], [6, 13], [4, 5, 6]):
        return True
    return all(size == 4 for size in sizes[:-1]) and 1 <= sizes[-1] <= 4 and len(sizes) >= 3


def is_of_network(digits: str) -> bool:
    """Whether a network issues numbers that begin so and are as long."""
    return any(
        low <= int(digits[: len(str(low))]) <= high and len(digits) in lengths
        for (low, high), lengths in NETWORKS
    )


def has_luhn_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B. Numbers of one digit repeated pass by accident, and are none."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[::-2]))) % 10 == 0 and len(set(digits)) > 1
