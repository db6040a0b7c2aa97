"""The text of keys, and what it is held against."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.state.keys import (
    KEY_TEXT,
    KeyLock,
    Principal,
    build_key_id,
    build_secret,
    hash_secret,
    read_key,
    render_key,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRINCIPAL = Principal("shop", "id", frozenset({"ingest"}))


def test_key_reads_back_as_it_was_rendered() -> None:
    key_id, secret = build_key_id(), build_secret()
    assert read_key(render_key(key_id, secret)) == (key_id, secret)


def test_keys_are_all_different() -> None:
    assert len({build_key_id() for _ in range(1000)} | {build_secret() for _ in range(1000)}) == 2000


@pytest.mark.parametrize(
    "text",
    ["", "wk_", "wk_abc.def", "Bearer", "sk-lf-1234", "wk_" + "a" * 12 + "." + "b" * 43 + "\n"],
)
def test_text_of_another_kind_is_no_key(text: str) -> None:
    assert read_key(text) is None


@given(st.text())
def test_no_text_makes_reading_a_key_fail(text: str) -> None:
    parts = read_key(text)
    assert parts is None or render_key(*parts) == text


@given(st.from_regex(KEY_TEXT, fullmatch=True))
def test_guessed_key_does_not_open(text: str) -> None:
    parts = read_key(text)
    assert parts is not None
    assert not KeyLock(hash_secret(build_secret()), PRINCIPAL, None).opens_for(parts[1], NOON)


def test_lock_opens_until_its_expiry() -> None:
    lock = KeyLock(hash_secret("secret"), PRINCIPAL, NOON)
    assert lock.opens_for("secret", NOON.replace(hour=11))
    assert not lock.opens_for("secret", NOON)
    assert not lock.opens_for("Secret", NOON.replace(hour=11))


def test_principal_without_a_key_has_what_it_was_given() -> None:
    assert Principal("default", "", frozenset({"ingest"})).allows("ingest")
    assert not Principal("default", "", frozenset({"ingest"})).allows("admin")
