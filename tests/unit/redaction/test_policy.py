"""Which policies can be set, and what is said of the others."""

import json
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.redaction.policy import LONGEST_PATTERN, MOST_PATTERNS, ProjectPolicy, read_policy

FULL: dict[str, Any] = {
    "detectors": {"secret": "mask", "email": "hash", "employee": "flag"},
    "patterns": {"employee": r"EMP-\d{6}"},
    "attributes": [{"name": "http.request.header.*", "mode": "drop"}],
    "users": "hash",
    "names": True,
    "phone_regions": ["DE"],
}


def test_a_policy_is_read_as_it_was_rendered() -> None:
    policy = read_policy(FULL)
    assert read_policy(policy.render()) == policy
    assert json.loads(policy.render()) == FULL


def test_equal_policies_have_one_document() -> None:
    turned = dict(reversed(FULL.items()))
    assert read_policy(turned).render() == read_policy(FULL).render()


@pytest.mark.parametrize(
    ("document", "is_on"),
    [
        ({}, False),
        ({"detectors": {"email": "off"}, "users": "off"}, False),
        ({"attributes": [{"name": "x", "mode": "off"}]}, False),
        ({"detectors": {"email": "flag"}}, True),
        ({"patterns": {"employee": "E"}}, True),
        ({"patterns": {"employee": "E"}, "detectors": {"employee": "off"}}, False),
        ({"users": "drop"}, True),
        ({"attributes": [{"name": "x", "mode": "mask"}]}, True),
    ],
)
def test_a_policy_is_on_where_there_is_something_to_do(document: dict[str, Any], is_on: bool) -> None:
    assert read_policy(document).is_on is is_on


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"detectors": {"e-mail": "mask"}}, "names the detector 'e-mail', but there are secret, email"),
        (
            {"detectors": {"email": "delete"}},
            "detectors.email: Input should be 'mask', 'hash', 'drop', 'flag' or",
        ),
        ({"patterns": {"x": "("}}, "RE2 refuses"),
        ({"patterns": {"x": r"(a)\1"}}, "RE2 refuses"),
        ({"patterns": {"x": "(a{1000}){1000}"}}, "RE2 refuses"),
        ({"patterns": {"email": "a"}}, "not a detector's"),
        ({"patterns": {"user": "a"}}, "'user' can't name a pattern"),
        ({"patterns": {"A B": "a"}}, "small letters"),
        ({"patterns": {"x": "a" * (LONGEST_PATTERN + 1)}}, "at most 1000 characters"),
        ({"patterns": {f"x{'a' * n}": "a" for n in range(MOST_PATTERNS + 1)}}, "at most 32 items"),
        ({"attributes": [{"name": "x", "mode": "mask"}] * 201}, "at most 200 items"),
        ({"attributes": [{"name": "", "mode": "mask"}]}, "attributes.0.name"),
        ({"phone_regions": ["Germany"]}, "'Germany' is no country"),
        ({"users": "mask", "sessions": "mask"}, "sessions: Extra inputs"),
        ("{", "Invalid JSON"),
    ],
)
def test_what_can_not_be_followed_is_refused(document: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match="The redaction policy can't be used: ") as refusal:
        read_policy(document)
    assert said in refusal.value.message


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        read_policy({"users": "x", "names": "perhaps", "patterns": {"x": ""}})
    assert all(name in refusal.value.message for name in ("users", "names", "patterns.x"))


def test_no_policy_is_the_empty_one() -> None:
    assert read_policy({}) == ProjectPolicy()
