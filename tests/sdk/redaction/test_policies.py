"""What the setting ``redact`` stands for, and what each mode does."""

import ast
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from watchkeeper import redaction
from watchkeeper.redaction import (
    BUILT_IN,
    PERSONAL,
    Policy,
    PolicyError,
    Redaction,
    read_policy,
    without_secrets,
)
from watchkeeper.settings import SettingError, read_settings

TEXT = "joe@x.org, 4111 1111 1111 1111, key sk-abcdef0123456789"


def redact(given: Any, text: str = TEXT, key: str = "") -> str:
    redacted: str = Redaction(read_policy(given, key)).apply(text)
    return redacted


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "joe@x.org, 4111 1111 1111 1111, key [SECRET]"),
        (True, "[EMAIL], [CARD], key [SECRET]"),
        ("default", "[EMAIL], [CARD], key [SECRET]"),
        (False, TEXT),
        ("none", TEXT),
        (["email"], "[EMAIL], 4111 1111 1111 1111, key [SECRET]"),
        ("email, card=flag", "[EMAIL], 4111 1111 1111 1111, key [SECRET]"),
        ({"card": "mask", "secret": "off"}, "joe@x.org, [CARD], key sk-abcdef0123456789"),
        ({"card": "drop"}, "[REDACTED]"),
        ({"order": r"k[e]y"}, "joe@x.org, 4111 1111 1111 1111, [ORDER] [SECRET]"),
        ([re.compile("joe")], "[PATTERN]@x.org, 4111 1111 1111 1111, key [SECRET]"),
        (lambda text: text.replace("joe", "J"), "J@x.org, 4111 1111 1111 1111, key [SECRET]"),
        (Policy(modes={"email": "mask"}), "[EMAIL], 4111 1111 1111 1111, key sk-abcdef0123456789"),
    ],
)
def test_the_setting_stands_for_a_policy(given: Any, expected: str) -> None:
    assert redact(given) == expected


def test_hashes_join_spellings_of_a_value_under_one_key() -> None:
    spellings = ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"]
    hashed = {redact("card=hash", spelling, "k1") for spelling in spellings}
    assert len(hashed) == 1
    assert re.fullmatch(r"\[CARD:[a-z]{16}\]", hashed.pop())
    assert redact("card=hash", spellings[0], "k2") != redact("card=hash", spellings[0], "k1")
    assert redact("email=hash", "Joe@X.org", "k1") == redact("email=hash", "joe@x.org", "k1")


def test_flagged_values_are_counted_and_stay() -> None:
    hits = Counter[str]()
    assert Redaction(read_policy("email=flag")).apply("a@x.org, b@x.org", hits) == "a@x.org, b@x.org"
    assert hits == {"email": 2}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("emial", "redact names the detector 'emial', but there are secret, email"),
        ({"email": "blur"}, "redact has 'blur' for 'email', but one of mask, hash, drop, flag, off"),
        ("email=hash", "needs a key: set redact_key"),
        ({"order": "(x"}, "The pattern 'order' is '(x', which RE2 refuses: missing ): (x."),
        ({"order": r"(a)\1"}, "RE2 refuses"),
        ({"No Name": "x"}, "needs a name of small letters"),
        (3, "redact is 3, but True, False"),
        ([3], "redact lists 3"),
    ],
)
def test_a_policy_that_cannot_be_understood_is_told(given: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        read_policy(given)


def test_patterns_without_re2_are_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(PolicyError, match=re.escape('pip install "watchkeeper[redaction]"')):
        read_policy({"order": "x"})


def test_detectors_work_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    monkeypatch.setattr("watchkeeper.redaction.phone.find_spec", lambda _: None)
    assert redact(True, "+49 30 1234567 and +14155550123") == "[PHONE] and [PHONE]"


def test_the_settings_read_the_environment() -> None:
    settings = read_settings({}, {"WATCHKEEPER_REDACT": "card=hash", "WATCHKEEPER_REDACT_KEY": "k"})
    assert settings.redact == Policy(modes={"secret": "mask", "card": "hash"}, key="k")
    assert read_settings({}, {}).redact == Policy()
    assert tuple(read_settings({"redact": True}, {}).redact.active) == BUILT_IN == ("secret", *PERSONAL)
    with pytest.raises(SettingError, match="WATCHKEEPER_REDACT is 'x', but this is no policy"):
        read_settings({}, {"WATCHKEEPER_REDACT": "x"})


def test_no_key_is_in_a_repr() -> None:
    assert "hunter2" not in repr(Policy(key="hunter2"))


def test_failures_lose_their_secrets_whatever_the_policy() -> None:
    text = "401: Bearer sk-abcdef0123456789"
    assert Redaction(read_policy(False)).failure(text) == without_secrets(text) == "401: Bearer [SECRET]"


def test_the_package_stands_alone() -> None:
    """The collector redacts with the same detectors, without the rest of the SDK."""
    folder = Path(redaction.__file__).parent
    allowed = {*sys.stdlib_module_names, "re2", "phonenumbers"}
    imported = {
        (path.name, name)
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = [
        (path, name)
        for path, name in imported
        if name.partition(".")[0] not in allowed and not name.startswith("watchkeeper.redaction")
    ]
    assert foreign == []
