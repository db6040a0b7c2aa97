"""Redaction of messages, arguments and JSON texts: the form stays, and nothing hides in it."""

import json
from collections import Counter
from typing import Any

import pytest
from watchkeeper.redaction import Redaction, read_policy

ALL = Redaction(read_policy(True))


def text_part(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def test_the_form_of_messages_stays() -> None:
    call = {"type": "tool_call", "id": "call_1", "name": "find", "arguments": {"to": ["joe@x.org"], "n": 3}}
    message = {"role": "assistant", "parts": [text_part("to joe@x.org"), call], "finish_reason": "tool_call"}
    assert ALL.apply([message]) == [
        {
            "role": "assistant",
            "parts": [text_part("to [EMAIL]"), {**call, "arguments": {"to": ["[EMAIL]"], "n": 3}}],
            "finish_reason": "tool_call",
        }
    ]


def test_members_named_like_the_form_are_content_in_arguments() -> None:
    arguments = {"id": "joe@x.org", "type": "+49 30 1234567", "role": {"id": "ann@x.org"}}
    assert ALL.apply(arguments) == {"id": "[EMAIL]", "type": "[PHONE]", "role": {"id": "[EMAIL]"}}


def test_a_member_s_name_speaks_for_its_value() -> None:
    given = {
        "password": "swordfish",
        "ssn": 123456789,
        "phone": "60568591",
        "userPhone": [60568591],
        "n": 60568591,
    }
    assert ALL.apply(given) == {
        "password": "swordfish",
        "ssn": "[SSN]",
        "phone": "[PHONE]",
        "userPhone": ["[PHONE]"],
        "n": 60568591,
    } | {"password": "[SECRET]"}


def test_numbers_that_are_values_become_their_masks() -> None:
    assert ALL.apply({"card": 4111111111111111, "n": 1.5, "yes": True}) == {
        "card": "[CARD]",
        "n": 1.5,
        "yes": True,
    }


def test_names_of_members_are_redacted_and_none_is_lost() -> None:
    assert ALL.apply({"a@x.org": 1, "b@x.org": 2}) == {"[EMAIL]": 1, "[EMAIL] ": 2}


@pytest.mark.parametrize("cut", range(1, 18))
def test_a_value_split_between_two_parts_is_found(cut: int) -> None:
    card, hits = "4111 1111 1111 1111", Counter[str]()
    parts = [text_part("pay " + card[:cut]), text_part(card[cut:] + " now")]
    (message,) = ALL.apply([{"role": "user", "parts": parts}], hits)
    assert [part["content"] for part in message["parts"]] == ["pay [CARD]", " now"]
    assert hits == {"card": 1}


def test_messages_of_other_forms_keep_theirs() -> None:
    parts = [{"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111 joe@x.org"}]
    (message,) = ALL.apply([{"role": "user", "content": parts}])
    assert [part["text"] for part in message["content"]] == ["[CARD]", " [EMAIL]"]
    crossed = Redaction(lambda text: "X" * len(text)).apply([{"role": "user", "content": "abc", "id": "m1"}])
    assert crossed == [{"role": "user", "content": "XXX", "id": "m1"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"to": "joe@x.org", "n": 1}', '{"to": "[EMAIL]", "n": 1}'),
        (r'{"to": "\u006aoe\u0040x.org"}', '{"to": "[EMAIL]"}'),
        (r'["line one\njoe@x.org"]', r'["line one\n[EMAIL]"]'),
        ('{"card": 4111111111111111, "x": 0.10}', '{"card": "[CARD]", "x": 0.10}'),
        ('{"a":"joe@x.org","a":"ok"}', '{"a":"[EMAIL]","a":"ok"}'),
        ('{"joe@x.org": 1}', '{"[EMAIL]": 1}'),
        (r'{"inner": "{\"card\": 4111111111111111}"}', r'{"inner": "{\"card\": \"[CARD]\"}"}'),
        ('{"password": "swordfish"}', '{"password": "[SECRET]"}'),
        ('"joe@x.org"', '"[EMAIL]"'),
    ],
)
def test_json_stays_json(text: str, expected: str) -> None:
    assert ALL.apply(text) == expected
    json.loads(expected)


def test_a_dropped_json_text_is_json() -> None:
    assert Redaction(read_policy({"email": "drop"})).apply('{"to": "joe@x.org"}') == '"[REDACTED]"'


def test_broken_json_is_redacted_too() -> None:
    assert ALL.apply('{"to": "joe@x.org", "b') == '{"to": "[EMAIL]", "b'
    assert ALL.apply("[INFO] card 4111111111111111 charged") == "[INFO] card [CARD] charged"
