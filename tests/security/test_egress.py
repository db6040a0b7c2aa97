"""Where webhooks may go: not to this machine nor its neighbours, however the address is written."""

import pytest
from watchkeeper_collector.alerts.notify.sending.policy import read_policy
from watchkeeper_collector.errors import ForbiddenError

LITERAL = [
    "127.0.0.1",
    "127.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "::1",
    "::",
]
OTHER_NUMBERS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "0",
    "0x7f.1",
    "127.0.0.0x1",
]
WRAPPED = [
    *("::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe"),
]
SET_APART = [
    *("100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *(
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "100::1",
    ),
]
NAMES = ["localhost", "a.localhost"]
DISGUISED = ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1"]  # noqa: RUF001 - that is the disguise


@pytest.mark.parametrize("host", [*LITERAL, *OTHER_NUMBERS, *WRAPPED, *SET_APART, *NAMES, *DISGUISED])
def test_what_is_not_on_the_public_internet_is_refused(host: str) -> None:
    with pytest.raises(ForbiddenError):
        read_policy([]).resolve(host, 80)


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_reached(host: str) -> None:
    assert read_policy([]).resolve(host, 443)


def test_what_an_operator_allows_is_reached_and_nothing_beside_it() -> None:
    policy = read_policy(["10.1.0.0/16", "::1"])
    assert policy.resolve("10.1.2.3", 80) == ["10.1.2.3"]
    assert policy.resolve("::1", 80) == ["::1"]
    for host in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(ForbiddenError):
            policy.resolve(host, 80)
