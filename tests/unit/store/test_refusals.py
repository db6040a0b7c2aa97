"""Whether an answer declines: sentences of many kinds, and the labelled answers of LLMDrift."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.conventions import refusals

from tests.answers import other_answers
from tests.answers import refusals as declining

LLMDRIFT = Path(__file__).parents[2] / "data" / "llmdrift"
CUE = refusals.cue(refusals.beginning("text"))
STATEMENT = f"SELECT {CUE} FROM (SELECT arrayJoin({{texts:Array(String)}}) AS text)"


@pytest.fixture(scope="module")
def store(engine_dsn: str) -> Iterator[Store]:
    with closing(Store(engine_dsn)) as opened:
        yield opened


def cues(store: Store, texts: Sequence[str]) -> list[str]:
    return [cue for (cue,) in store.query(STATEMENT, {"texts": list(texts)}).rows]


def cue(store: Store, text: str) -> str:
    return cues(store, [text])[0]


def test_hundreds_of_answers_that_decline_are_told(store: Store) -> None:
    texts = declining()
    assert len(texts) > 150
    missed = [text for text, found in zip(texts, cues(store, texts), strict=True) if not found]
    assert missed == []


def test_hundreds_of_answers_with_the_same_words_do_not_decline(store: Store) -> None:
    texts = other_answers()
    assert len(texts) > 150
    told = [text for text, found in zip(texts, cues(store, texts), strict=True) if found]
    assert told == []


def test_labelled_answers_are_told_with_precision_and_recall(store: Store) -> None:
    labelled = [(text, call["answered"]) for text, call in load_answers() if call["task"] == "sensitiveq"]
    found = zip(cues(store, [text for text, _ in labelled]), labelled, strict=True)
    told = [is_answered for cue, (_, is_answered) in found if cue]
    hits, false = told.count(0), told.count(1)
    declined = [is_answered for _, is_answered in labelled].count(0)
    assert (len(labelled), declined) == (400, 364)
    assert hits / (hits + false) >= 0.98
    assert hits / declined >= 0.95


def test_answers_about_primes_and_code_never_decline(store: Store) -> None:
    texts = [text for text, call in load_answers() if call["task"] != "sensitiveq"]
    assert len(texts) > 4_000
    assert not any(cues(store, texts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm sorry, but I can't help with that.", "cannot_help"),
        ("I won't write that.", "will_not"),
        ("This goes against my guidelines.", "guidelines"),
        ("As an AI, I must clarify that it is wrong to say so.", "as_an_ai"),
        ("It is incorrect and unfair to say that all homeless people are criminals.", "judgement"),
        ("Lo siento, no puedo ayudarte con eso.", "cannot_help_es"),
        ("", ""),
        ("\x00\xff{}[]\\'", ""),
    ],
)
def test_the_cue_says_how_it_declines(store: Store, text: str, expected: str) -> None:
    assert cue(store, text) == expected


def test_what_declines_late_in_a_long_answer_is_not_looked_at(store: Store) -> None:
    assert cue(store, "Water boils at 100 degrees. " * 20 + "I can't help with that.") == ""


def test_an_offer_takes_back_what_is_said_softly_and_not_what_is_said_firmly(store: Store) -> None:
    soft = "As an AI, I don't have personal opinions. "
    firm = "I can't help with that. "
    offer = "However, I can share what others say."
    assert cues(store, [soft, soft + offer, firm + offer]) == ["capability", "", "cannot_help"]


def load_answers() -> list[tuple[str, dict[str, Any]]]:
    answers, calls = (load_lines(LLMDRIFT / f"{name}.jsonl.gz") for name in ("answers", "calls"))
    return list(zip(answers, calls, strict=True))


def load_lines(path: Path) -> list[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
