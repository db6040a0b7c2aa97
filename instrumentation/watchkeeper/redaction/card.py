"""Numbers of payment cards: Luhn's check digit, the networks' prefixes and lengths, usual groups."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from watchkeeper.redaction.context import Context, Words
from watchkeeper.redaction.finding import Finding, is_word_sign

Networks = Sequence[tuple[int, int, tuple[int, ...]]]
"""The first and the last prefix of a range, and how many digits its numbers have."""

NETWORKS: Networks = (
    (4, 4, (16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (300, 305, (14, 16)),  # Diners Club
    (3095, 3095, (14, 16)),
    (36, 36, (14, 16)),
    (38, 39, (14, 16)),
    (6011, 6011, (16, 19)),  # Discover
    (644, 659, (16, 19)),
    (3500, 3599, (16, 19)),  # JCB
    (2131, 2131, (15,)),
    (1800, 1800, (15,)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (81, 81, (16,)),
    (500, 509, (16, 18, 19)),  # Maestro, Dankort, Verve, Elo
    (560, 589, (16, 18, 19)),
    (600, 639, (16, 18, 19)),  # Maestro, RuPay, Elo, Hipercard
    (670, 679, (16, 18, 19)),
    (2200, 2205, (16,)),  # Mir
    (9792, 9792, (16,)),  # Troy
    (8600, 8600, (16,)),  # Uzcard
    (9860, 9860, (16,)),  # Humo
)
OLD_NETWORKS: Networks = (
    (4, 4, (13,)),  # Visa
    (500, 509, (12, 13, 14, 15)),  # Maestro
    (560, 589, (12, 13, 14, 15)),
    (6304, 6304, (12, 13)),
    (6390, 6390, (12, 13)),
    (670, 679, (12, 13, 14, 15)),
)
"""Shorter numbers, in one group, which a word beside them must not deny."""
Spans = Sequence[tuple[int, int]]
FIRST_GROUP = 4
SHORTEST, LONGEST = 12, 19
"""Digits of cards of any network, where a word beside the number names them."""

CONTEXT = Context(
    Words(
        "card* cc ccn pan visa mastercard amex maestro discover jcb diners unionpay credit debit payment "
        "charge karte* kreditkarte* carte* tarjeta* cartão cartões cartao carta kort* kredit* kaart* "
        "creditcard* kortti* karta karty kartę kartu kártya* карт* κάρτα*",
        unspaced="卡 カード 카드 بطاقة כרטיס कार्ड บัตร",
    ),
    Words(
        "id ids uid "
        "order* invoice* tracking isbn ean upc gtin barcode imei serial parcel shipment ticket* timestamp "
        "ts time created reference ref epoch trace span request hash sku"
    ),
)


@cache
def _stretches() -> re.Pattern[str]:
    """Groups of digits with as many as the shortest card has; several cards may follow each other."""
    return re.compile(r"[0-9](?:(?:[ .-]|(?: - ))?+[0-9]){11,}+")


@cache
def _group() -> re.Pattern[str]:
    return re.compile(r"[0-9]+")


class CardDetector:
    """A card stands for its digits."""

    name = "card"

    def __call__(self, text: str) -> Iterator[Finding]:
        for stretch in _stretches().finditer(text):
            spans = [group.span() for group in _group().finditer(text, *stretch.span())]
            first = 0
            while first < len(spans):
                last = next(
                    (last for last in _ends(spans, first) if _is_card(text, spans[first : last + 1])), None
                )
                if last is not None:
                    start, end = spans[first][0], spans[last][1]
                    yield Finding(start, end, self.name, _joined(text, spans[first : last + 1]))
                first = first + 1 if last is None else last + 1


def _ends(spans: Spans, first: int) -> Iterator[int]:
    """Last groups of runs from ``first`` that have as many digits as cards have, the longest first: behind a
    number may follow its date or code.
    """
    ends: list[int] = []
    digits = 0
    if spans[first][1] - spans[first][0] < FIRST_GROUP:
        return iter(ends)
    for last in range(first, len(spans)):
        digits += spans[last][1] - spans[last][0]
        if digits > LONGEST:
            break
        if digits >= SHORTEST:
            ends.append(last)
    return reversed(ends)


def _joined(text: str, spans: Spans) -> str:
    return "".join([text[start:end] for start, end in spans])


def _is_card(text: str, spans: Spans) -> bool:
    digits = _joined(text, spans)
    if not is_grouped_as_card([end - start for start, end in spans]) or not has_luhn_digit(digits):
        return False
    start, end = spans[0][0], spans[-1][1]
    if (
        is_word_sign(text[start - 1 : start])
        or is_word_sign(text[end : end + 1])
        or _is_fraction(text, spans)
    ):
        return False
    if is_of(NETWORKS, digits):
        return True
    said = CONTEXT.says(text, start, end)
    return said is True or (said is None and len(spans) == 1 and is_of(OLD_NETWORKS, digits))


def _is_fraction(text: str, spans: Spans) -> bool:
    """Digits behind a decimal point, or before one."""
    start, end = spans[0][0], spans[-1][1]
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    is_behind = before[:1].isdigit() and (before.endswith(".") or before == "0,")
    return len(spans) == 1 and (is_behind or (after.startswith(".") and after[1:].isdigit()))


def is_grouped_as_card(sizes: list[int]) -> bool:
    """One group; fours with a rest; American Express' and Diners' 4-6-5 and 4-6-4; halves of eight."""
    if len(sizes) == 1 or sizes in ([4, 6, 5], [4, 6, 4], [8, 8], [4, 4, 5], [6, 13], [4, 5, 6]):
        return True
    return all(size == 4 for size in sizes[:-1]) and 1 <= sizes[-1] <= 4 and len(sizes) >= 3


def is_of(networks: Networks, digits: str) -> bool:
    """Whether one of the networks issues numbers that begin so and are as long."""
    return any(
        len(digits) in lengths and low <= int(digits[: len(str(low))]) <= high
        for low, high, lengths in networks
    )


def has_luhn_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B. Numbers of one digit repeated pass by accident, and are none."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[::-2]))) % 10 == 0 and len(set(digits)) > 1
