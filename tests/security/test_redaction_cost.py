"""Texts that are made to keep the detectors busy, and patterns that are made to explode, end in time."""

import json
from collections.abc import Iterator

import pytest
from watchkeeper_collector.redaction.policy import read_policy
from watchkeeper_collector.redaction.screen import Hits, Screen

from tests.security.target import Target, usual

POLICY = {
    "detectors": dict.fromkeys(("secret", "email", "iban", "card", "ssn", "ip", "phone"), "mask"),
    "patterns": {"slow": "(a+)+$", "slower": "(a|a)*b", "many": "(x+x+)+y", "wide": ".*.*.*.*=.*"},
    "attributes": [{"name": "*a*a*a*a*a*a*a*b", "mode": "mask"}],
    "users": "hash",
}
PIECES = (
    "1",
    "1 ",
    "@",
    "a@b.",
    "+1",
    "(1",
    "::",
    "1.",
    "password=",
    "key=",
    "eyJ",
    "\\u0031",
    '{"a":',
    "a",
    "xx",
    "٣ ",
)
PIECE_BYTES = 48 << 10


@pytest.fixture(scope="module")
def guarded(target: Target) -> Iterator[Target]:
    """The attacker's project redacts, by patterns that others would not survive."""
    assert target.ask("/api/v1/redaction", method="PUT", body=POLICY).status == 200
    yield target
    assert target.ask("/api/v1/redaction", method="DELETE").status == 204


@pytest.mark.parametrize("piece", PIECES)
def test_a_text_takes_time_in_proportion(guarded: Target, piece: str) -> None:
    text = piece * (PIECE_BYTES // len(piece.encode()))
    body = usual(**{"input.value": text})
    guarded.check_cost(lambda: _check(guarded.send(body)), cpu_s=3.0, mib=150)


def test_names_and_documents_take_no_longer(guarded: Target) -> None:
    deep = json.dumps({"a": json.dumps({"b": json.dumps({"c": ["x@y.example " * 20] * 200})})})
    body = usual(
        **{"a" * 60_000: "x", "deep": deep, "open": "[" * 100_000, "many": json.dumps(["a"] * 5_000)}
    )
    guarded.check_cost(lambda: _check(guarded.send(body)), cpu_s=4.0, mib=150)


@pytest.mark.parametrize(
    "pattern", ["(a{1,1000}){1,1000}", "((((a*)*)*)*)*" * 50, "(?:x{0,500}){3}" * 40, r"\pL{1000}"]
)
def test_a_pattern_is_refused_or_costs_little(guarded: Target, pattern: str) -> None:
    trial = {"attributes": {"x": "a" * 20_000 + "b"}, "policy": {"patterns": {"p": pattern}}}

    def attempt() -> None:
        answer = guarded.ask("/api/v1/redaction/try", method="POST", body=trial)
        assert answer.status in (200, 400)

    guarded.check_cost(attempt, cpu_s=2.0, mib=100)


def test_what_is_remembered_is_bounded() -> None:
    screen = Screen("1", read_policy({"detectors": {"email": "mask"}}), "key")
    for number in range(20_000):
        screen.attribute(f"name-{number}", "text", Hits())
    for number in range(100):
        screen.attribute(f"{number}" * 1_000, "text", Hits())
    assert len(screen._treatments) <= 5_000
    assert len(screen._clean) <= 16_384
    assert max(map(len, screen._treatments), default=0) <= 256


def _check(status: int) -> None:
    assert status == 200
