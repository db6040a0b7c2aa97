"""Which addresses may be reached: none of this machine's or of private networks but those allowed.

The address is looked at that a connection is made to, not the name, which may soon mean another one.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from watchkeeper_collector.errors import ConfigurationError, ForbiddenError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
NUMERIC_END = re.compile(r"(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)\.?$")
NAT64 = ip_network("64:ff9b::/96")
UNICAST = ip_network("2000::/3")
"""All of IPv6's public addresses so far. What lies beside it may be translated to anything."""
UNKNOWN_YET = (ip_network("192.0.0.0/24"), ip_network("3fff::/20"))
"""Set apart, though Python's tables take some of it for public."""
ADVICE = "An operator can allow it by the setting egress_allow."


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """``hosts`` (``*.name``: all below it) may be at any address; ``networks`` may be reached."""

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def resolve(self, host: str, port: int) -> list[str]:
        """The host's addresses that may be reached. Raises ``ForbiddenError`` for none, and ``OSError``."""
        self.check_name(host)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise ForbiddenError(f"'{host[:253]}' is no name of a host.") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [address for address in addresses if self._is_allowed(host, address)]
        if not allowed:
            raise ForbiddenError(
                f"The host '{host[:253]}' is at {addresses[0]}, which is not on the public internet. {ADVICE}"
            )
        return allowed

    def check_name(self, host: str) -> None:
        """Raise ``ForbiddenError`` for a refused address, however its numbers are written."""
        try:
            address = str(ip_address(host))
        except ValueError:
            if NUMERIC_END.search(host):
                raise ForbiddenError(
                    f"'{host[:253]}' is no address. Expected four decimal numbers, as in 192.0.2.1."
                ) from None
            if (host == "localhost" or host.endswith(".localhost")) and not self._names(host):
                raise ForbiddenError(f"The host '{host[:253]}' is this machine. {ADVICE}") from None
            return
        if not self._is_allowed(host, address):
            raise ForbiddenError(f"The address '{address}' is not on the public internet. {ADVICE}")

    def _is_allowed(self, host: str, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        return self._names(host) or any(address in network for network in self.networks) or is_public(address)

    def _names(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self.hosts
        )


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet, as is one that it wraps."""
    if isinstance(address, IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None:
            return is_public(wrapped)
        if address not in UNICAST:
            return False
    is_apart = any(address in network for network in UNKNOWN_YET)
    return address.is_global and not address.is_multicast and not is_apart


def read_policy(allowed: Sequence[str]) -> EgressPolicy:
    """Names, ``*.names``, addresses and networks. Raises ``ConfigurationError``."""
    hosts, networks = [], []
    for text in (part.strip().lower() for part in allowed):
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:
            if not re.fullmatch(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*", text):
                raise ConfigurationError(
                    f"'{text[:100]}' in egress_allow is neither a host nor a network. Expected a name,"
                    " *.name, an address or a network such as 10.0.0.0/8."
                ) from None
            hosts.append(text)
    return EgressPolicy(tuple(hosts), tuple(networks))


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address within: mapped, of 6to4, Teredo's or NAT64's."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
