"""Whom a request acts as, with keys and without any."""

from collections.abc import Mapping

import pytest
from watchkeeper_collector.api.gate import Gate
from watchkeeper_collector.errors import ForbiddenError, UnauthenticatedError
from watchkeeper_collector.otlp.caller import read_secrets
from watchkeeper_collector.state.keys import SCOPES, Principal

SHOP = Principal("shop", "key-1", frozenset({"read"}))


class Keys:
    """Keys by their text."""

    def __init__(self, known: Mapping[str, Principal]) -> None:
        self.known = known

    def authenticate(self, key_text: str) -> Principal | None:
        return self.known.get(key_text)

    def has_any(self) -> bool:
        return bool(self.known)


def build_gate(*, has_keys: bool = False, open_project: str = "default", is_local: bool = True) -> Gate:
    keys = Keys({"secret": SHOP} if has_keys else {})
    return Gate(keys, read_secrets, open_project=open_project, is_local=is_local)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer secret"},
        {"authorization": "Basic cHVibGljOnNlY3JldA=="},
        {"x-api-key": "secret"},
        {"api_key": "secret"},
        {"authorization": "Bearer of-another-product", "x-api-key": "secret"},
        {"x-api-key": "secret", "host": "watch.example.com", "x-forwarded-for": "192.0.2.7"},
    ],
)
def test_a_key_opens_wherever_it_stands(headers: dict[str, str]) -> None:
    assert build_gate(has_keys=True).authenticate(headers) == SHOP


def test_once_a_key_exists_loopback_needs_one_too() -> None:
    with pytest.raises(UnauthenticatedError, match="has no API key"):
        build_gate(has_keys=True).authenticate({"host": "127.0.0.1:4318"})


def test_an_unknown_key_is_refused_without_being_repeated() -> None:
    with pytest.raises(UnauthenticatedError, match="unknown, expired or revoked") as caught:
        build_gate(has_keys=True).authenticate({"x-api-key": "guess-1234"})
    assert "guess-1234" not in caught.value.message


def test_where_strangers_reach_the_collector_no_key_opens_nothing() -> None:
    """All keys were revoked while it runs: the doors do not open by themselves."""
    with pytest.raises(UnauthenticatedError):
        build_gate(open_project="").authenticate({})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "127.0.0.1:4318"},
        {"host": "localhost"},
        {"host": "LOCALHOST:4318"},
        {"host": "[::1]:4318"},
        {"host": "127.0.0.1:4318", "origin": "http://localhost:3000"},
        {"host": "127.0.0.1:4318", "x-api-key": "left over from another product"},
    ],
)
def test_without_keys_programs_of_this_machine_own_the_default_project(headers: dict[str, str]) -> None:
    principal = build_gate().authenticate(headers)
    assert (principal.project, principal.key_id) == ("default", "")
    assert all(principal.allows(scope) for scope in SCOPES)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "rebound.example.com:4318"}, id="a web page whose name was made to point here"),
        pytest.param({"host": "127.0.0.1.example.com"}, id="a name that begins like this machine"),
        pytest.param({"host": "localhost.example.com"}, id="another one"),
        pytest.param({"host": "127.0.0.1:4318", "origin": "https://example.com"}, id="a web page's script"),
        pytest.param({"host": "127.0.0.1:4318", "origin": "null"}, id="a script in a sandbox"),
        pytest.param({"host": "example.com@localhost:bad:port["}, id="rubbish"),
        pytest.param({"host": ""}, id="nothing"),
        pytest.param({"host": "127.0.0.1:4318", "x-forwarded-for": "192.0.2.7"}, id="a proxy's client"),
        pytest.param({"host": "127.0.0.1:4318", "forwarded": "for=192.0.2.7"}, id="another proxy's client"),
    ],
)
def test_without_keys_web_pages_and_proxies_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ForbiddenError, match="only this machine is served"):
        build_gate().authenticate(headers)


def test_insecure_serves_everybody() -> None:
    principal = build_gate(is_local=False).authenticate({"host": "watch.example.com"})
    assert principal.project == "default"
