"""What a policy makes of names and values."""

import json
from typing import Any

import pytest
from watchkeeper_collector.redaction.policy import read_policy
from watchkeeper_collector.redaction.screen import DROP, Hits, Screen
from watchkeeper_collector.redaction.structure import is_structure, user_names

ALL = dict.fromkeys(("secret", "email", "iban", "card", "ssn", "ip", "phone"), "mask")
KEY = "sk-proj-" + "Tq8vLm2ZxN5pRk7WcYb4" * 2
MAIL = "joe@example.com"
CARD = 4111111111111111


def screen(key: str = "salt", longest: int = 2 << 20, **policy: Any) -> Screen:
    return Screen("7", read_policy(policy or {"detectors": ALL}), key, longest_text=longest)


def read(value: Any, name: str = "input.value", **policy: Any) -> Any:
    return screen(**policy).attribute(name, value, Hits())


def test_content_of_every_kind_is_redacted() -> None:
    assert read(f"Mail {MAIL}") == "Mail [EMAIL]"
    assert read(CARD) == "[CARD]"
    assert read(float(CARD)) == "[CARD]"
    assert read([MAIL, "ok", CARD, True, None]) == ["[EMAIL]", "ok", "[CARD]", True, None]
    assert read({"a": {MAIL: [MAIL]}}) == {"a": {"[EMAIL]": ["[EMAIL]"]}}


@pytest.mark.parametrize("value", ["Hello", 12, 1e300, True, None, [], {}, ["a", 1], {"a": [1.5, None]}, ""])
def test_what_holds_nothing_stays(value: Any) -> None:
    hits = Hits()
    assert screen().attribute("x", value, hits) == value
    assert hits == {}


def test_json_stays_json_and_its_form_stays() -> None:
    document = {
        "messages": [{"role": "user", "parts": [{"type": "text", "content": f"I am {MAIL}"}]}],
        "n": 1,
    }
    redacted = json.loads(read(json.dumps(document)))
    assert redacted["messages"][0]["parts"][0] == {"type": "text", "content": "I am [EMAIL]"}
    assert redacted["n"] == 1


def test_members_names_speak_for_values_and_can_be_values() -> None:
    assert json.loads(read('{"password": "swordfish"}')) == {"password": "[SECRET]"}
    assert json.loads(read(json.dumps({MAIL: 1}))) == {"[EMAIL]": 1}


def test_of_two_members_with_one_name_none_is_left() -> None:
    assert MAIL not in read(f'{{"a": "{MAIL}", "a": "x"}}')
    assert MAIL not in read(f'{{"a": "x", "a": "{MAIL}"}}')


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": {"[" * 3000}"{MAIL}"{"]" * 3000}}}',
        f'{"[" * 600}"{MAIL}"{"]" * 600}',
        f'{{"a": "{MAIL}"',
        f'{{"a": {"9" * 5000}, "b": "{MAIL}"}}',
        f'{{"a": 1e999, "b": "{MAIL}"}}',
        f'"{MAIL}"',
        f' {{"a": "{MAIL}"}}',
        json.dumps({"a": json.dumps({"b": json.dumps({"c": MAIL})})}),
        json.dumps({"a": MAIL}).replace("@", "\\u0040"),
    ],
)
def test_json_of_any_depth_and_form_is_read(text: str) -> None:
    redacted = read(text)
    assert "[EMAIL]" in redacted
    assert MAIL not in redacted
    assert "\\u0040" not in redacted


def test_infinity_does_not_break_json() -> None:
    assert json.loads(read(f'{{"a": 1e999, "b": "{MAIL}"}}'), parse_constant=pytest.fail)["a"] == "1e999"


def test_ids_and_models_are_only_searched_for_secrets_and_own_patterns() -> None:
    policy = {"detectors": ALL, "patterns": {"employee": r"EMP-\d{6}"}}
    assert read("chatcmpl-4111111111111111", "gen_ai.response.id", **policy) == "chatcmpl-4111111111111111"
    assert read(CARD, "gen_ai.usage.input_tokens", **policy) == CARD
    assert read("1.2.3.4", "service.version", **policy) == "1.2.3.4"
    assert read(f"{KEY} EMP-123456", "gen_ai.request.model", **policy) == "[SECRET] [EMPLOYEE]"
    assert read(["stop", KEY], "gen_ai.response.finish_reasons", **policy) == ["stop", "[SECRET]"]


def test_a_long_text_is_no_id() -> None:
    assert MAIL not in read("x " * 200 + MAIL, "gen_ai.request.model")


def test_names_are_searched_for_personal_data_where_the_policy_says_so() -> None:
    hits = Hits()
    assert screen().name(f"mail {MAIL} {KEY}", hits) == f"mail {MAIL} [SECRET]"
    assert screen(detectors=ALL, names=True).name(f"mail {MAIL} {KEY}", hits) == "mail [EMAIL] [SECRET]"
    assert hits == {"secret": 2, "email": 1}


def test_names_of_attributes_are_searched() -> None:
    assert screen().key(MAIL, Hits()) == "[EMAIL]"
    assert screen().key("gen_ai.input.messages", Hits()) == "gen_ai.input.messages"


@pytest.mark.parametrize(
    ("mode", "value", "kept"),
    [
        ("mask", "anything", "[REDACTED]"),
        ("mask", 7, "[REDACTED]"),
        ("mask", {"a": 1}, "[REDACTED]"),
        ("drop", "anything", DROP),
        ("off", MAIL, MAIL),
        ("flag", "anything", "anything"),
        ("flag", MAIL, "[EMAIL]"),
        ("mask", "", ""),
    ],
)
def test_a_rule_holds_for_all_of_an_attribute(mode: str, value: Any, kept: Any) -> None:
    policy = {"detectors": ALL, "attributes": [{"name": "http.*.header.*", "mode": mode}]}
    assert read(value, "http.request.header.cookie", **policy) == kept
    assert read("anything", "http.request.header", **policy) == "anything"


def test_the_first_rule_that_fits_counts() -> None:
    rules = [{"name": "a.b", "mode": "off"}, {"name": "a.*", "mode": "mask"}]
    assert read(MAIL, "a.b", attributes=rules, detectors=ALL) == MAIL
    assert read(MAIL, "a.c", attributes=rules, detectors=ALL) == "[REDACTED]"


def test_a_rule_for_a_member_of_a_document() -> None:
    policy = {
        "attributes": [{"name": "metadata/team", "mode": "mask"}, {"name": "metadata/x", "mode": "drop"}]
    }
    text = '{"team": "blue", "x": 1, "y": 2}'
    assert json.loads(read(text, "metadata", **policy)) == {"team": "[REDACTED]", "y": 2}
    assert read(text, "other", **policy) == text


@pytest.mark.parametrize("name", [name for name in user_names() if "/" not in name])
def test_users_ids_are_hashed_whatever_a_dialect_calls_them(name: str) -> None:
    one, two = screen(users="hash"), screen(users="hash")
    hashed = one.attribute(name, "joe", Hits())
    assert hashed.startswith("[USER:")
    assert hashed == two.attribute(name, "joe", Hits())
    assert hashed != one.attribute(name, "ann", Hits())
    assert hashed != screen("other project", users="hash").attribute(name, "joe", Hits())
    assert one.attribute(name, hashed, Hits()) == hashed


def test_long_values_have_hashes_of_their_own() -> None:
    by = screen(users="hash")
    one, two = (by.attribute("user.id", "x" * 100_000 + end, Hits()) for end in "ab")
    assert one != two
    assert one == by.attribute("user.id", "x" * 100_000 + "a", Hits())


def test_a_users_id_in_a_document_is_hashed() -> None:
    redacted = json.loads(read('{"user_id": "joe", "a": 1}', "metadata", users="hash"))
    assert redacted["user_id"].startswith("[USER:")
    assert redacted["a"] == 1


def test_hits_are_counted_each_time_and_clean_texts_are_remembered() -> None:
    same, hits = screen(), Hits()
    for _ in range(3):
        same.attribute("x", f"{MAIL} and {MAIL}", hits)
        same.attribute("x", "nothing here", hits)
    assert hits == {"email": 6}
    assert len(same._clean) == 1


def test_flagged_values_stay_and_are_counted_each_time() -> None:
    same, hits = screen(detectors={"email": "flag"}), Hits()
    for _ in range(2):
        assert same.attribute("x", MAIL, hits) == MAIL
        assert same.name(MAIL, hits) == MAIL
    assert hits == {"email": 2}


def test_a_detector_that_fails_lets_nothing_pass(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, hits = screen(), Hits()
    monkeypatch.setattr(broken._all, "find", lambda text, _="": int(text))  # whose error quotes the text
    assert broken.attribute("x", f"Mail {MAIL}", hits) == "[REDACTED]"
    assert broken.attribute("x", {"a": MAIL}, hits) == "[REDACTED]"
    assert hits == {"failed": 2}
    assert "ValueError in" in caplog.text
    assert MAIL not in caplog.text


def test_behind_the_doors_cut_a_text_is_blank() -> None:
    read_text = screen(longest=100).attribute("x", "a" * 150 + MAIL, Hits())
    assert read_text == ("a" * 100).ljust(150 + len(MAIL))
    document = json.dumps({"a": "a" * 150, "b": MAIL})
    redacted = json.loads(screen(longest=100).attribute("x", document, Hits()))
    assert redacted == {"a": ("a" * 100).ljust(150), "b": "[EMAIL]"}


def test_what_people_write_is_no_structure() -> None:
    for name in (
        "gen_ai.input.messages",
        "http.url",
        "url.full",
        "db.query.text",
        "session.id",
        *user_names(),
    ):
        assert not is_structure(name)


def test_what_a_rule_took_out_before_is_not_counted_again() -> None:
    for mode in ("mask", "hash"):
        by, hits = screen(attributes=[{"name": "x", "mode": mode}]), Hits()
        once = by.attribute("x", "anything", hits)
        assert by.attribute("x", once, hits) == once
        assert hits == {"attribute": 1}
