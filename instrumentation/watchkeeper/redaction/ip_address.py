"""Addresses of the Internet Protocol, versions 4 and 6."""

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import AddressValueError, IPv6Address

from watchkeeper.redaction.context import Context, Words
from watchkeeper.redaction.finding import Finding

NOBODY = frozenset({"0.0.0.0", "127.0.0.1", "255.255.255.255", "255.255.255.0", "255.255.0.0", "255.0.0.0"})  # noqa: S104
"""Addresses that say nothing about anybody."""
UNICAST = re.compile(
    r"(?i)[23][0-9a-f]{3}:|fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:|ff[0-9a-f]{2}:|64:ff9b:|::ffff:"
)
"""Beginnings of shortened version 6 addresses that there are; others are mostly names of C++ and Rust."""
CONTEXT = Context(
    Words(
        "ip ips ipv4 ipv6 ipaddress* address* addr host* server* client* from peer remote dns gateway "
        "subnet ping* port connect* login* adresse* dirección indirizzo endereço адрес*"
    ),
    Words(
        "version* ver v release* rel build* firmware section* sec chapter* clause* paragraph article "
        "figure table appendix revision rev upgrad* updat* downgrad* package* driver bios since "
        "objectidentifier oid assembly* fileversion chrome firefox edg edge safari opera "
        "versión versione versão versie верси* abschnitt "
        "kapitel numpy jdk",
        marks="§ from",
        phrases=r"§|(?:upgrad|updat|downgrad|migrat)\w*(?: \w+){0,2} from",
        unspaced="版本 バージョン 버전",
    ),
)


@cache
def _version_4() -> re.Pattern[str]:
    return re.compile(
        r"[0-9](?<![A-Za-z0-9_.].)(?<![A-Za-z0-9]-.)(?<![=~><!^]=.)[0-9]{0,2}+(?:\.(?:0|[1-9][0-9]{0,2}+)){3}"
        r"(?![A-Za-z0-9_])(?!\.\d|-[A-Za-z])"
        r"(?!\.(?:tar|zip|t?gz|jar|war|whl|exe|msi|deb|rpm|dll|so|apk|dmg|nupkg|egg|tgz|bin|img|iso)\b)"
    )


@cache
def _version_6() -> re.Pattern[str]:
    return re.compile(
        r"(?<![A-Za-z0-9_.])(?=[0-9A-Fa-f]|::)"
        r"(?P<address>(?:[0-9A-Fa-f]{0,4}+:){2,8}+(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}+))"
        r"(?:%\w++)?(?![A-Za-z0-9_:])(?!\.\d)"
    )


COLONS = re.compile(r":(?::(?=[0-9A-Fa-f])|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:)")
"""Two together, or more groups than a time has."""


class IpDetector:
    """An address stands for its shortest spelling."""

    name = "ip"

    def __call__(self, text: str) -> Iterator[Finding]:
        if text.count(".") >= 3:
            yield from self._version_4(text)
        if ("::" in text or text.count(":") > 5) and COLONS.search(text):
            yield from self._version_6(text)

    def _version_4(self, text: str) -> Iterator[Finding]:
        for found in _version_4().finditer(text):
            address = found[0]
            if (
                address in NOBODY
                or address.startswith("0.")
                or any(int(octet) > 255 for octet in address.split("."))
            ):
                continue
            if is_like_version(address) and CONTEXT.says(text, *found.span()) is False:
                continue
            yield Finding(*found.span(), self.name, address)

    def _version_6(self, text: str) -> Iterator[Finding]:
        for found in _version_6().finditer(text):
            address = read_version_6(found["address"])
            if address is not None:
                yield Finding(found.start(), found.end(), self.name, address)


def is_like_version(address: str) -> bool:
    """Whether it has small numbers, as versions of programs and sections of books have."""
    return sum(int(octet) < 30 for octet in address.split(".")) >= 2


def read_version_6(text: str) -> str | None:
    """The address in its shortest spelling; ``None`` for times, hardware addresses and names of code."""
    if "::" in text:
        is_likely = UNICAST.match(text) is not None
    else:
        is_likely = text.count(":") >= 6 and any(len(group) > 2 for group in text.split(":"))
    try:
        return str(IPv6Address(text)) if is_likely else None
    except AddressValueError:
        return None
