"""People with tokens of an OpenID Connect provider, over sockets, and tokens that somebody made up."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import jwt
import pytest
from watchkeeper_collector.api.people import Claims, People, read_grants
from watchkeeper_collector.api.signing_keys import PAUSE_S, SigningKeys, check_address, fetch_document
from watchkeeper_collector.api.tokens import MOST_TOKEN_CHARS, Audience
from watchkeeper_collector.errors import (
    ConfigurationError,
    ForbiddenError,
    IdentityUnavailableError,
    NotFoundError,
    UnauthenticatedError,
)
from watchkeeper_collector.state.keys import Principal

from tests.oidc import CLIENT_ID, Key, Provider, unsigned

GRANTS = {
    "checkout-team": "checkout:analyst",
    "on-call": "checkout:responder search:viewer",
    "platform": "*:admin",
}
JWKS = "/jwks"
T = TypeVar("T")


@pytest.fixture(params=["RS256", "ES256", "PS256", "EdDSA"], scope="module")
def any_provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with Provider(request.param) as provider:
        yield provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as opened:
        yield opened


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def build_people(provider: Provider, clock: Clock | None = None, **claims: str) -> People:
    return People(
        Audience(provider.issuer, CLIENT_ID),
        SigningKeys(provider.issuer, fetch_document, clock or Clock()),
        Claims(read_grants(GRANTS), **claims),
        lambda: ["checkout", "payments", "search"],
    )


def run(waiting: Awaitable[T]) -> T:
    async def wait() -> T:
        return await waiting

    return asyncio.run(wait())


def ask(people: People, token: str, project: str = "") -> Principal:
    return run(people.authenticate(token, project))


def refusal(people: People, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        ask(people, token)
    assert token not in caught.value.message
    return caught.value.message


def test_a_person_is_known_by_a_token_of_each_algorithm(any_provider: Provider) -> None:
    ada = ask(build_people(any_provider), any_provider.token())
    assert (ada.project, ada.actor, ada.scopes) == ("checkout", "person:ada@example.com", {"read", "content"})


def test_roles_are_those_of_the_chosen_project_and_no_other(provider: Provider) -> None:
    people, token = build_people(provider), provider.token(groups=["on-call", "unknown"])
    assert ask(people, token).projects == ("checkout", "search")
    assert ask(people, token, "checkout").scopes == {"read", "alerts"}
    assert ask(people, token, "search").scopes == {"read"}


def test_roles_of_several_groups_add_up(provider: Provider) -> None:
    token = provider.token(groups=["on-call", "checkout-team"])
    assert ask(build_people(provider), token).scopes == {"read", "alerts", "content"}


def test_who_may_see_every_project_may_choose_any_that_there_is(provider: Provider) -> None:
    people, token = build_people(provider), provider.token(groups=["platform"])
    assert ask(people, token, "payments").projects == ("checkout", "payments", "search")
    assert ask(people, token, "payments").allows("admin")
    with pytest.raises(NotFoundError):
        ask(people, token, "none")


def test_a_project_of_others_and_one_that_is_not_are_refused_in_the_same_words(provider: Provider) -> None:
    people, messages = build_people(provider), []
    for name in ("payments", "none-ever"):
        with pytest.raises(NotFoundError) as caught:
            ask(people, provider.token(), name)
        messages.append(caught.value.message.replace(name, "…"))
    assert messages[0] == messages[1]


def test_a_person_without_a_group_of_ours_is_told_so(provider: Provider) -> None:
    for groups in ([], ["strangers"], None, "strangers", 7, {"a": 1}, [None, 3]):
        with pytest.raises(ForbiddenError, match="belongs to no project here"):
            ask(build_people(provider), provider.token(groups=groups))


def test_groups_may_be_a_text_or_lie_deeper(provider: Provider) -> None:
    assert ask(build_people(provider), provider.token(groups="x checkout-team")).project == "checkout"
    people = build_people(provider, groups="realm_access.roles")
    assert ask(people, provider.token(realm_access={"roles": ["checkout-team"]})).project == "checkout"
    people = build_people(provider, groups="https://a.example/groups")
    assert ask(people, provider.token(**{"https://a.example/groups": ["on-call"]})).project == "checkout"


def test_an_address_that_nobody_verified_names_nobody(provider: Provider) -> None:
    token = provider.token(email="boss@example.com", email_verified=False)
    assert ask(build_people(provider), token).actor == "person:0001"
    assert ask(build_people(provider, name="name"), provider.token(name="A\nB")).actor == "person:A?B"


def wrong_tokens(provider: Provider) -> Mapping[str, str]:
    now, good = int(time.time()), provider.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    head, payload, signature = good.split(".")
    public = provider.key.public_pem
    stolen = Key()
    stolen.id = provider.key.id
    symmetric = get_hmac(public, claims, provider.key.id)
    return {
        "signed by nobody": unsigned(claims),
        "signed by nobody, spelt otherwise": unsigned(claims, "NoNe"),
        "the public key as a shared secret": symmetric,
        "another algorithm of the same key": jwt.encode(
            claims, provider.key.private, "PS256", headers={"kid": provider.key.id}
        ),
        "another key of the same id": provider.token(key=stolen),
        "a key of its own in the header": provider.token(key=Key(), header={"jwk": Key().public}),
        "keys at an address of its own": provider.token(key=Key(), header={"jku": "http://127.0.0.1:9/jwks"}),
        "an id that is a path": provider.token(key=Key(), header={"kid": "../../etc/passwd"}),
        "an extension that must be understood": provider.token(header={"crit": ["x"], "x": 1}),
        "another issuer": provider.token(iss="https://evil.example"),
        "the issuer with a slash": provider.token(iss=provider.issuer + "/"),
        "another audience": provider.token(aud="somebody-else"),
        "no audience": provider.token(aud=None),
        "an audience that only begins like ours": provider.token(aud=CLIENT_ID + "-evil"),
        "made for another client": provider.token(aud=[CLIENT_ID, "other"], azp="other"),
        "expired": provider.token(exp=now - 60),
        "without an end": provider.token(exp=None),
        "an end that is no number": provider.token(exp="tomorrow"),
        "an end that is infinite": provider.token(exp=float("inf")),
        "not valid yet": provider.token(nbf=now + 600),
        "made in the future": provider.token(iat=now + 600),
        "nobody's": provider.token(sub=None),
        "changed": ".".join([head, payload[:-4] + "AAAA", signature]),
        "without its signature": f"{head}.{payload}.",
        "a header that is no object": "eyJ." + payload + "." + signature,
        "huge": provider.token(groups=["x" * MOST_TOKEN_CHARS]),
        "deep": "eyJ" + "W" * 1_900 + "." + payload + "." + signature,
    }


def get_hmac(secret: bytes, claims: Mapping[str, Any], key_id: str) -> str:
    """The library refuses to make it, so it is made by hand."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": key_id}).encode())
    said = f"{head}.{encoded(json.dumps(claims).encode())}"
    return f"{said}.{encoded(hmac.new(secret, said.encode(), hashlib.sha256).digest())}"


def test_wrong_tokens_are_refused(provider: Provider) -> None:
    people = build_people(provider)
    assert ask(people, provider.token()).project == "checkout"
    taken = []
    for name, token in wrong_tokens(provider).items():
        with suppress(UnauthenticatedError):
            ask(people, token)
            taken.append(name)
    assert taken == []


def test_a_clock_that_is_a_little_off_does_no_harm(provider: Provider) -> None:
    now = int(time.time())
    assert ask(build_people(provider), provider.token(exp=now - 5, iat=now + 10, nbf=now + 10))


def test_a_new_key_is_found_when_it_is_first_used(provider: Provider) -> None:
    clock = Clock()
    people = build_people(provider, clock)
    old = provider.token()
    assert ask(people, old)
    clock.now_s += PAUSE_S
    provider.rotate("ES256")
    assert ask(people, provider.token())
    assert "a key that the provider does not have" in refusal(people, old)


def test_unknown_keys_do_not_make_us_ask_the_provider_time_after_time(provider: Provider) -> None:
    people = build_people(provider)
    for _ in range(20):
        refusal(people, provider.token(key=Key("ES256")))
    assert provider.asked[JWKS] == 1


def test_a_provider_that_is_away_stops_nobody_whose_key_is_known(provider: Provider) -> None:
    clock = Clock()
    people = build_people(provider, clock)
    token = provider.token()
    assert ask(people, token)
    provider.documents[JWKS] = b"<html>"
    clock.now_s += 3_600
    assert ask(people, token)
    clock.now_s += 100_000
    with pytest.raises(IdentityUnavailableError):
        ask(people, token)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (JWKS, b"x" * 300_000),
        (JWKS, b"[1, 2]"),
        (JWKS, b'{"keys": 7}'),
        (JWKS, b"[" * 100_000),
        ("/.well-known/openid-configuration", b'{"issuer": "https://evil.example", "jwks_uri": "x"}'),
        ("/.well-known/openid-configuration", b"{}"),
    ],
)
def test_documents_that_are_wrong_are_not_believed(provider: Provider, path: str, document: bytes) -> None:
    provider.documents[path] = document
    with pytest.raises(IdentityUnavailableError):
        ask(build_people(provider), provider.token())


@pytest.mark.parametrize("place", ["http://169.254.169.254/keys", "file:///etc/passwd", "ftp://x/y", "//x"])
def test_keys_come_from_no_address_that_anybody_could_answer_at(provider: Provider, place: str) -> None:
    about = {"issuer": provider.issuer, "jwks_uri": place}
    provider.documents["/.well-known/openid-configuration"] = json.dumps(about).encode()
    with pytest.raises(IdentityUnavailableError):
        ask(build_people(provider), provider.token())
    with pytest.raises(ConfigurationError):
        check_address(place)


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": 5},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    ],
)
def test_keys_that_are_too_weak_or_none_are_not_used(provider: Provider, key: dict[str, Any]) -> None:
    provider.documents[JWKS] = json.dumps({"keys": [{**key, "kid": provider.key.id}]}).encode()
    refusal(build_people(provider), provider.token())


@pytest.mark.parametrize("grant", ["checkout", "checkout:owner", ":viewer", "a/b:viewer", "", "x:sender"])
def test_a_grant_that_nobody_can_read_is_told(grant: str) -> None:
    with pytest.raises(ConfigurationError, match="team: "):
        read_grants({"team": grant, "other": "checkout:viewer"})
