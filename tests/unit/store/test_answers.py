"""The features of answers, over texts of every kind."""

# ruff: noqa: RUF001 - other scripts are meant

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.conventions import answers
from watchkeeper_collector.store.conventions.template import load_features

STAGES = load_features()
FEATURES = answers.features(STAGES, "text", "false")
STATEMENT = f"""
SELECT {answers.columns(STAGES, "answer")}
FROM (SELECT {FEATURES} AS answer FROM (SELECT arrayJoin({{texts:Array(String)}}) AS text))
"""
STORY = "The quick brown fox jumps over the lazy dog while nobody looks at it. "


@pytest.fixture(scope="module")
def store(engine_dsn: str) -> Iterator[Store]:
    with closing(Store(engine_dsn)) as opened:
        yield opened


def features(store: Store, text: str) -> dict[str, Any]:
    return store.query(STATEMENT, {"texts": [text]}).dicts()[0]


CASES: list[tuple[str, dict[str, Any]]] = [
    ("", {"OutputWords": 0, "OutputHash": 0, "IsBlank": True, "OutputScript": "", "OutputScriptShare": 0}),
    (" \n\t ", {"OutputWords": 0, "OutputHash": 0, "IsBlank": True, "OutputShingles": []}),
    ("One", {"OutputWords": 1, "OutputShingles": [], "RepeatedShare": 0, "IsBlank": False}),
    ("One two", {"OutputWords": 2, "OutputShingles": [], "OutputScript": "Latn", "OutputScriptShare": 1}),
    ("123 + 456", {"OutputScript": "", "OutputScriptShare": 0}),
    ('{"a": [1, 2]}', {"IsJson": True, "LooksLikeJson": True}),
    (' [{"a": 1}]\n', {"IsJson": True, "LooksLikeJson": True}),
    ('{"a": [1, 2', {"IsJson": False, "LooksLikeJson": True}),
    ("[1] See the first source.", {"IsJson": False, "LooksLikeJson": False}),
    ("{name} is a placeholder.", {"IsJson": False, "LooksLikeJson": False}),
    ("42", {"IsJson": False, "LooksLikeJson": False}),
    ("```json\n{}\n```", {"IsJson": False, "LooksLikeJson": False, "HasCodeFence": True}),
    ("# A\n\n- b\n- c\n  1. d\n#no heading\n", {"HeadingCount": 1, "ListItemCount": 3}),
    ("-not an item\n10) an item", {"HeadingCount": 0, "ListItemCount": 1}),
    ("Which of the two?", {"IsQuestion": True}),
    ("Which **one?**", {"IsQuestion": True}),
    ("Which? The first.", {"IsQuestion": False}),
    ("哪一个？", {"IsQuestion": True, "OutputScript": "Hani", "OutputWords": 4}),
    ("Sorry for the delay. It is done.", {"IsApology": True, "RefusalCue": ""}),
    ("Es tut mir leid, das war falsch.", {"IsApology": True, "RefusalCue": ""}),
    ("No apology here: nothing to regret." * 20 + " Sorry.", {"IsApology": True}),
    (STORY * 5 + " Sorry.", {"IsApology": False}),
    ("Привет, как дела", {"OutputScript": "Cyrl", "OutputScriptShare": 1}),
    ("これは日本語です", {"OutputScript": "Jpan"}),
    ("안녕하세요 여러분", {"OutputScript": "Kore", "OutputWords": 2}),
    ("مرحبا بالعالم", {"OutputScript": "Arab"}),
    ("Schöne Grüße — bis bald 🙂", {"OutputScript": "Latn", "OutputScriptShare": 1}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_an_answer_is_like_this(store: Store, text: str, expected: dict[str, Any]) -> None:
    found = features(store, text)
    assert {name: found[name] for name in expected} == expected


def test_of_mixed_letters_the_share_of_the_main_script_is_told(store: Store) -> None:
    found = features(store, "приветabcd")
    assert (found["OutputScript"], found["OutputScriptShare"]) == ("Cyrl", pytest.approx(0.6))


def test_one_that_loops_repeats_itself(store: Store) -> None:
    assert features(store, STORY)["RepeatedShare"] == 0
    assert features(store, STORY * 30)["RepeatedShare"] > 0.95
    assert features(store, "no " * 50)["RepeatedShare"] == pytest.approx(47 / 48)


def test_space_around_an_answer_and_the_case_of_words_are_no_difference(store: Store) -> None:
    one, other = features(store, STORY), features(store, f"\n {STORY}\n\n")
    assert one == other
    assert features(store, STORY.upper())["OutputShingles"] == one["OutputShingles"]


def test_answers_have_the_more_shingles_in_common_the_more_alike_they_are(store: Store) -> None:
    first, *others = (
        set(features(store, text)["OutputShingles"])
        for text in (
            STORY * 2 + "It rains.",
            STORY * 2 + "It snows.",
            "Something else altogether, or so.",
        )
    )
    assert len(first) == 8
    alike, unlike = (len(first & other) for other in others)
    assert alike >= 5
    assert unlike == 0


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=20))
def test_no_text_breaks_them(store: Store, texts: list[str]) -> None:
    """Texts of one insert are worked out together: a length that is off shows in their sum only."""
    rows = store.query(STATEMENT, {"texts": texts}).dicts()
    assert len(rows) == len(texts)
    for row in rows:
        assert 0 <= row["RepeatedShare"] < 1
        assert 0 <= row["OutputScriptShare"] <= 1
        assert len(row["OutputShingles"]) <= 8


def test_what_is_valid_json_is_what_python_reads(store: Store) -> None:
    texts = ['{"a": 1}', "{'a': 1}", "[]", "[1, 2,]", "{}", "{} {}", '{"a": [1, {"b": null}]}']
    for text in texts:
        assert features(store, text)["IsJson"] == _reads(text), text


def _reads(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
