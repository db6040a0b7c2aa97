"""Texts are told apart, and why is said so that people see it."""

import numpy as np
import pytest
from watchkeeper_collector.drift.classifier import LEAST_TEXTS, build_evidence, tell_apart
from watchkeeper_collector.drift.explanation import explain
from watchkeeper_collector.drift.halves import split_halves
from watchkeeper_collector.drift.texts import Said

from benchmarks.drift_data import JUNE, MARCH, load_cells

WORDS = [
    "the",
    "model",
    "answers",
    "with",
    "words",
    "that",
    "come",
    "from",
    "a",
    "small",
    "list",
    "of",
    "things",
    "people",
    "say",
    "about",
    "code",
    "and",
    "data",
]


@pytest.fixture(scope="module")
def cells():
    return load_cells()


def said(texts, questions=None) -> list[Said]:
    questions = questions or [f"question {place}" for place in range(len(texts))]
    return [
        Said(f"trace{place}", f"span{place}", question, text)
        for place, (question, text) in enumerate(zip(questions, texts, strict=True))
    ]


def sentences(seed: int, count: int, ending: str = "") -> list[str]:
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, 20)) + ending for _ in range(count)]


def test_the_code_fence_is_the_reason_for_gpt_4_on_leetcode(cells) -> None:
    before, after = (cells["leetcode", model["gpt-4"]].said for model in (MARCH, JUNE))
    judgement = tell_apart(before, after)
    assert judgement.area > 0.8
    strongest = explain(judgement, before, after).more[0]
    assert strongest.text.startswith("```")
    assert (strongest.name, strongest.before) == ("code fence", 0.0)
    assert strongest.after > 0.8


def test_refusals_are_the_reason_for_gpt_4_on_sensitive_questions(cells) -> None:
    before, after = (cells["sensitiveq", model["gpt-4"]].said for model in (MARCH, JUNE))
    more = explain(tell_apart(before, after), before, after).more
    assert "can't assist" in more[0].text


def test_examples_answer_the_same_question_where_there_is_one(cells) -> None:
    before, after = (cells["sensitiveq", model["gpt-4"]].said for model in (MARCH, JUNE))
    (pair, *_) = explain(tell_apart(before, after), before, after).examples
    assert pair.is_same_question
    assert pair.before.question == pair.after.question


def test_texts_of_one_kind_are_not_told_apart() -> None:
    areas = [
        tell_apart(said(sentences(seed, 100)), said(sentences(seed + 1_000, 100))).p_value
        for seed in range(8)
    ]
    assert sum(p_value < 0.01 for p_value in areas) == 0


def test_one_question_lies_in_one_half() -> None:
    questions = [f"question {place % 40}" for place in range(80)]
    before, after = said(["x"] * 80, questions), said(["y"] * 80, questions)
    first, second = split_halves(before, after)
    asked = [
        {before[place].question for place in half.before} | {after[place].question for place in half.after}
        for half in (first, second)
    ]
    assert not asked[0] & asked[1]
    assert len(first.before) == len(second.before) == 40


def test_a_question_that_everybody_asks_is_in_both_halves() -> None:
    before, after = said(["x"] * 60, ["hello"] * 60), said(["y"] * 50, ["hello"] * 50)
    first, second = split_halves(before, after)
    assert (len(first.before), len(second.before)) == (30, 30)
    assert (len(first.after), len(second.after)) == (25, 25)


def test_every_text_is_in_one_half_exactly() -> None:
    before, after = said(sentences(1, 55)), said(sentences(2, 44), [""] * 44)
    halves = split_halves(before, after)
    assert sorted(place for half in halves for place in half.before) == list(range(55))
    assert sorted(place for half in halves for place in half.after) == list(range(44))


@pytest.mark.parametrize("texts", [[""] * 50, ["a"] * 50, [f"\u4e00{place}" for place in range(50)]])
def test_texts_that_teach_nothing_are_no_evidence(texts) -> None:
    judgement = tell_apart(said(texts), said(texts))
    evidence = build_evidence(judgement, 50, 50)
    assert evidence.p_value > 0.01


def test_too_few_texts_are_no_evidence() -> None:
    few = said(sentences(1, LEAST_TEXTS - 1))
    assert tell_apart(few, said(sentences(2, 100))) is None
    assert build_evidence(None, 5, 5).before_units == 0


def test_what_few_wrote_is_shown_to_nobody() -> None:
    secret = " my password is hunter2"
    after = [text + (secret if place < 4 else " done") for place, text in enumerate(sentences(4, 60))]
    explanation = explain(
        tell_apart(said(sentences(3, 60)), said(after)), said(sentences(3, 60)), said(after)
    )
    assert explanation.more
    assert not any("hunter2" in string.text for string in explanation.more)
