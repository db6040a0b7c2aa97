"""What of requests and rows stands in the audit."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.state.audit_redaction import MOST_CHARS, pseudonym, redact

WORD = "correct-horse-battery"


@pytest.mark.parametrize(
    "name",
    [
        "secret_hash", "password", "smtp_password", "token", "bot_token", "api_key", "apiKey", "routing_key",
        "integration_key", "key", "signing_key", "dsn", "Authorization", "headers", "client_secret", "cookie",
        "private_key",
        "text", "comment", "content", "prompt", "input", "outputs", "input_messages", "body", "explanation",
    ],
)  # fmt: skip
def test_secrets_and_content_are_left_out_wherever_they_stand(name: str) -> None:
    for value in (
        {name: WORD},
        {"a": [{name: WORD}]},
        {name: [WORD]},
        {name: {"x": WORD}},
        {"document": json.dumps({name: WORD})},
    ):
        assert WORD not in json.dumps(redact(value))


@pytest.mark.parametrize("name", ["user_id", "session_id", "filter", "user"])
def test_ids_of_people_are_hashes_that_the_one_who_knows_them_finds(name: str) -> None:
    assert redact({name: WORD}) == {name: pseudonym(WORD)}


def test_of_an_address_only_the_host_is_told() -> None:
    found = redact({"url": "https://ada:pw@hooks.example.com/services/T0/B0/secret?x=1"})
    assert found == {"url": "https://hooks.example.com/[redacted]"}


def test_of_sql_everything_but_the_texts_in_it_is_told() -> None:
    sql = "SELECT count() FROM spans WHERE UserId = 'ada''s' AND Model = 'it\\'s' LIMIT 5"
    assert redact({"query": sql}) == {
        "query": "SELECT count() FROM spans WHERE UserId = '…' AND Model = '…' LIMIT 5"
    }


def test_what_is_neither_stands_as_it_is() -> None:
    value = {"name": "July", "limit_usd": 12.5, "scopes": ["read"], "expires_at": None, "is_on": True}
    assert redact(value) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@given(JSON)
def test_whatever_is_sent_is_small_afterwards_and_can_be_rendered(value: Any) -> None:
    json.dumps(redact(value))
    assert len(redact("x" * 10_000)) <= MOST_CHARS + 1


def test_deep_bodies_end() -> None:
    value: Any = WORD
    for _ in range(500):
        value = [value]
    assert WORD not in json.dumps(redact(value))
