"""How much is found, and how little that is not there: over labelled sentences of others, and of our own."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest
from watchkeeper.redaction import read_policy
from watchkeeper.redaction.redactor import Redactor

from tests.sdk.redaction.sentences import NOTHING, Sentence, labelled, named_phones, nothing
from tests.sdk.redaction.values import MAKERS

DATA = Path(__file__).parents[2] / "data"
KINDS = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "PHONE_NUMBER": "phone",
}
RECALL, PRECISION = 0.95, 0.98
EACH = 600


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(read_policy(True))


def figures(
    redactor: Redactor, sentences: Iterable[tuple[str, list[Sentence]]]
) -> dict[str, tuple[float, float]]:
    """Recall and precision of each kind; a value counts as found when nothing of it is left."""
    found, wanted, right, made = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for text, labels in sentences:
        findings = redactor.find(text)
        made.update(finding.detector for finding in findings)
        wanted.update(label.kind for label in labels)
        for label in labels:
            over = [one for one in findings if one.start <= label.start and one.end >= label.end]
            found[label.kind] += bool(over)
            right.update(one.detector for one in over if one.detector == label.kind)
    return {kind: (found[kind] / wanted[kind], right[kind] / max(1, made[kind])) for kind in wanted}


def presidio() -> Iterable[tuple[str, list[Sentence]]]:
    for example in json.loads(gzip.decompress((DATA / "pii" / "synth_dataset_v2.json.gz").read_bytes())):
        text = example["full_text"]
        yield (
            text,
            [
                Sentence(text, KINDS[span["entity_type"]], span["start_position"], span["end_position"])
                for span in example["spans"]
                if span["entity_type"] in KINDS
            ],
        )


def test_the_labelled_sentences_of_presidio_research(redactor: Redactor) -> None:
    reached = figures(redactor, presidio())
    assert set(reached) == set(KINDS.values())
    assert reached.pop("phone") >= (0.80, PRECISION)
    assert {kind: pair for kind, pair in reached.items() if pair[0] < RECALL or pair[1] < PRECISION} == {}


def test_answers_of_models_without_personal_data_are_left_alone(redactor: Redactor) -> None:
    lines = gzip.decompress((DATA / "llmdrift" / "answers.jsonl.gz").read_bytes()).splitlines()
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 4600
    assert sum(len(redactor.find(answer)) for answer in answers) <= len(answers) / 1000


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_found_in_sentences_of_many_languages(redactor: Redactor, kind: str, seed: int) -> None:
    sentences = [(one.text, [one]) for one in labelled(kind, EACH, Random(seed))]
    recall, precision = figures(redactor, sentences)[kind]
    assert recall >= RECALL
    assert precision >= PRECISION


def test_numbers_that_could_be_anything_are_telephones_beside_a_word(redactor: Redactor) -> None:
    sentences = [(one.text, [one]) for one in named_phones(EACH, Random(3))]
    assert figures(redactor, sentences)["phone"] >= (RECALL, PRECISION)


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_of_other_kinds_are_left_alone(redactor: Redactor, seed: int) -> None:
    sentences = list(nothing(len(NOTHING) * 40, Random(seed)))
    wrong = [
        (text[finding.start : finding.end], text) for text in sentences for finding in redactor.find(text)
    ]
    assert len(wrong) <= len(sentences) / 500, wrong


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 130))
def test_many_more_sentences(redactor: Redactor, seed: int) -> None:
    random = Random(seed)
    sentences = [(one.text, [one]) for kind in MAKERS for one in labelled(kind, EACH, random)]
    sentences += [(text, []) for text in nothing(len(NOTHING) * 40, random)]
    low = {kind: pair for kind, pair in figures(redactor, sentences).items() if min(pair) < PRECISION}
    assert low == {}
