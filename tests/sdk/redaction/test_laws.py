# ruff: noqa: RUF001 - full-width digits are what it is about
"""Laws of redaction, over generated texts; and texts that were made to be slow."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper.redaction import Redaction, read_policy

from tests.sdk.redaction.values import MAKERS

ALL = Redaction(read_policy(True))
HASHED = Redaction(read_policy(dict.fromkeys((*MAKERS, "secret"), "hash"), "key"))
PIECES = [
    *(make(Random(seed)) for make in MAKERS.values() for seed in range(12)),
    *(
        "password=",
        "token: abcdef123456ghijk",
        "sk-abcdef0123456789",
        "call me ",
        "card ",
        "[EMAIL]",
        "[PHONE]",
        "ssn ",
    ),
    *(
        " ",
        "\n",
        ", ",
        "-",
        ".",
        "/",
        "(",
        ")",
        '"',
        "{",
        "}",
        "[",
        "]",
        ":",
        "\\",
        "\\u0040",
        "%40",
        "\u200b",
        "１",
        "x1",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(text=TEXTS)
@pytest.mark.parametrize("redaction", [ALL, HASHED], ids=["mask", "hash"])
def test_redacting_twice_is_redacting_once(redaction: Redaction, text: str) -> None:
    once = redaction.apply(text)
    hits = Counter[str]()
    assert redaction.apply(once, hits) == once
    assert hits == {}


@QUICK
@given(value=VALUES)
def test_json_of_any_value_stays_json_of_the_same_shape(value: Any) -> None:
    text = json.dumps(value)
    redacted = json.loads(ALL.apply(text))
    assert shape(redacted) == shape(value) or "[" in json.dumps(redacted)


@QUICK
@given(
    seed=st.integers(0, 1 << 32),
    kind=st.sampled_from(list(MAKERS)),
    before=st.sampled_from(["", "x ", '{"a": "']),
)
def test_nothing_is_left_of_a_value(seed: int, kind: str, before: str) -> None:
    value = MAKERS[kind](Random(seed))
    assert value not in ALL.apply(f"{before}{value} and more")


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {"{}": [shape(item) for item in value.values()]}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "piece",
    [
        "1", "1 ", "@", "a.", "a@", "a@b.", "+", "+1", "(1", ":", "::", "1.", "password=",
        'password: "', "key=", "eyJ", "-", "://", "a://b:", "\\", "\\u0031", "%40", "\u200b", "{",
        '{"a":', '"', "4111 1111 1111 1111 ", "-----BEGIN PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_hostile_texts_take_time_in_proportion_to_their_length(piece: str) -> None:
    """Anything worse than linear would take more than the time that there is."""
    assert ALL.apply(piece * ((1 << 16) // len(piece))) is not None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("item", ['"a@b.co"', '"[EMAIL] a@b.co"', "4111111111111111", '"\\"a@b.co"'])
def test_many_values_take_time_in_proportion_to_their_number(item: str) -> None:
    text = "[" + ",".join([item] * 4000) + "]"
    hits = Counter[str]()
    assert len(json.loads(ALL.apply(text, hits))) == 4000
    assert hits.total() == 4000
