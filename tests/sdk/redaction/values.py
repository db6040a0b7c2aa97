"""Made-up values of every kind that detectors find, in the spellings of many countries."""

import string
from collections.abc import Callable, Mapping
from random import Random

NAMES = (
    "ana", "ben", "chloé", "dmitri", "emre", "fatima", "günther", "hye-jin", "ivan", "jürgen", "kofi",
    "lucía", "magnus", "nguyen", "olu", "priya", "quentin", "rosa", "søren", "tomáš", "ulla",
    "víctor", "wang", "ximena", "yusuf", "zoë", "o'brien", "van.dijk",
)  # fmt: skip
HOSTS = (
    "example.com", "mail.example.org", "firma.de", "societe.fr", "empresa.com.br", "corp.co.uk",
    "posta.it", "e-mail.pl", "sub.domain.co.jp", "uni-köln.de", "пример.рф", "company.internal",
    "a.io", "xn--bcher-kva.example", "museum.travel", "acme-labs.ai", "163.com",
)  # fmt: skip
CARDS: Mapping[str, tuple[str, int]] = {
    "visa": ("4", 16),
    "mastercard": ("53", 16),
    "mastercard new": ("2408", 16),
    "amex": ("37", 15),
    "diners": ("36", 14),
    "discover": ("6011", 16),
    "jcb": ("3540", 16),
    "unionpay": ("62", 16),
    "visa long": ("4", 19),
}
IBANS: Mapping[str, str] = {
    "AT": "16n", "BE": "12n", "CH": "5n12c", "CZ": "20n", "DE": "18n", "DK": "14n", "ES": "20n", "FI": "14n",
    "FR": "10n11c2n", "GB": "4a14n", "GR": "7n16c", "HU": "24n", "IE": "4a14n", "IT": "1a10n12c", "LT": "16n",
    "LU": "3n13c", "LV": "4a13c", "MT": "4a5n18c", "NL": "4a10n", "NO": "11n", "PL": "24n", "PT": "21n",
    "RO": "4a16c", "SE": "20n", "SK": "20n", "TR": "5n1n16c", "AE": "3n16n", "SA": "2n18c", "IL": "19n",
    "BR": "23n1a1c", "UA": "6n19c", "KZ": "3n13c",
}  # fmt: skip
PHONES = (
    "+1 (2NN) 5NN-NNNN", "+1-2NN-5NN-NNNN", "+12NN5NNNNNN", "+44 20 7NNN NNNN", "+44 7NNN NNNNNN",
    "+447NNNNNNNNN", "+44 (0)1632 96NNNN", "+49 30 NNNNNNN", "+49 (0)151 NNNNNNNN", "+49-89-NNNNNN",
    "+33 6 NN NN NN NN", "+33 (0)1 NN NN NN NN", "+34 6NN NNN NNN", "+39 06 NNNNNNNN",
    "+39 3NN NNN NNNN", "+31 6 NNNNNNNN", "+32 4NN NN NN NN", "+41 44 NNN NN NN", "+43 664 NNNNNNN",
    "+45 NN NN NN NN", "+46 70 NNN NN NN", "+47 4NN NN NNN", "+358 40 NNNNNNN", "+48 6NN NNN NNN",
    "+420 6NN NNN NNN", "+36 30 NNN NNNN", "+40 7NN NNN NNN", "+30 69N NNNNNNN", "+351 91N NNN NNN",
    "+353 8N NNN NNNN", "+7 (9NN) NNN-NN-NN", "+380 67 NNN NN NN", "+90 5NN NNN NN NN",
    "+972 54-NNN-NNNN", "+971 50 NNN NNNN", "+91 98NNN NNNNN", "+919NNNNNNNNN", "+86 138 NNNN NNNN",
    "+81 90-NNNN-NNNN", "+82 10-NNNN-NNNN", "+61 4NN NNN NNN", "+64 21 NNN NNNN", "+27 82 NNN NNNN",
    "+234 803 NNN NNNN", "+254 7NN NNNNNN", "+55 11 9NNNN-NNNN", "+52 55 NNNN NNNN", "+54 11 NNNN-NNNN",
    "+57 3NN NNN NNNN", "+63 917 NNN NNNN", "+62 812-NNNN-NNNN", "+84 90 NNN NN NN", "0049 30 NNNNNNN",
    "001-2NN-5NN-NNNN", "0033 6 NN NN NN NN", "(2NN) 5NN-NNNN", "2NN-5NN-NNNN", "2NN.5NN.NNNN",
    "2NN 5NN NNNN", "1-800-5NN-NNNN", "(2NN)5NN-NNNNx1NN", "2NN-5NN-NNNN ext. 4N", "020 7NNN NNNN",
    "07NNN NNNNNN", "(01632) 96NNNN", "030 NNNNNNN", "0151-NNNNNNNN", "030/NNNNNNN", "06 NN NN NN NN",
    "01.NN.NN.NN.NN", "(02) 9NNN NNNN", "04NN NNN NNN", "(11) 9NNNN-NNNN", "090-NNNN-NNNN",
    "010-NNNN-NNNN", "8 (495) NNN-NN-NN", "0981 NNN NNNN",
)  # fmt: skip
BARE_PHONES = (
    "2NN5NNNNNN", "07NNNNNNNNN", "5NN-NNNN", "NN NN NN NN", "6NN NNN NNN", "138NNNNNNNN",
    "9NNNNNNNNN", "8NNNNNNNN",
)  # fmt: skip
"""What is only known for a telephone number by a word beside it."""


def filled(pattern: str, random: Random) -> str:
    """``N`` is any digit but zero, so that no pattern is a number of another kind by chance."""
    return "".join(random.choice("23456789") if letter == "N" else letter for letter in pattern)


def email(random: Random) -> str:
    local = (
        random.choice(NAMES)
        + random.choice(("", ".", "_", "+"))
        + random.choice(("smith", "2024", "x", "news"))
    )
    return f"{local}@{random.choice(HOSTS)}"


def luhn_digit(digits: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def card(random: Random) -> str:
    prefix, length = random.choice(list(CARDS.values()))
    digits = prefix + "".join(random.choices(string.digits, k=length - len(prefix) - 1))
    return grouped_card(digits + luhn_digit(digits), random.choice(("", "", " ", "-")))


def grouped_card(digits: str, separator: str) -> str:
    sizes = {15: (4, 6, 5), 14: (4, 6, 4)}.get(len(digits), (4, 4, 4, 4, 3))
    groups, start = [], 0
    for size in sizes:
        groups.append(digits[start : start + size])
        start += size
    return separator.join(filter(None, groups))


def iban(random: Random) -> str:
    country = random.choice(list(IBANS))
    body = ""
    count = ""
    for letter in IBANS[country]:
        if letter.isdigit():
            count += letter
            continue
        digits, capitals = string.digits, string.ascii_uppercase
        # letters may stand in an account number, and hardly ever do
        kinds = {"n": digits, "a": capitals, "c": digits * 9 + capitals}
        body += "".join(random.choices(kinds[letter], k=int(count)))
        count = ""
    number = int("".join(str(int(character, 36)) for character in body + country + "00"))
    whole = f"{country}{98 - number % 97:02}{body}"
    spelled = " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))
    return random.choice((whole, whole, spelled, whole.lower()))


def ssn(random: Random) -> str:
    area = random.choice([*range(1, 666), *range(667, 900)])
    return f"{area:03}-{random.randint(1, 99):02}-{random.randint(1, 9999):04}"


def ip(random: Random) -> str:
    if random.random() < 0.6:
        return ".".join(str(random.randint(1, 254)) for _ in range(4))
    groups = [f"{random.randrange(1 << 16):x}" for _ in range(8)]
    groups[0] = random.choice(("2001", "2a02", "fe80", "fd12", "2606"))
    return ":".join(groups) if random.random() < 0.5 else f"{groups[0]}:{groups[1]}::{groups[2]}"


def phone(random: Random) -> str:
    return filled(random.choice(PHONES), random)


def bare_phone(random: Random) -> str:
    return filled(random.choice(BARE_PHONES), random)


MAKERS: Mapping[str, Callable[[Random], str]] = {
    "email": email,
    "card": card,
    "iban": iban,
    "ssn": ssn,
    "ip": ip,
    "phone": phone,
}
