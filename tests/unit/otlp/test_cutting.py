"""Cutting long text: what has structure keeps it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.otlp.cutting import cut_text

from tests.otlp.requests import seeded

documents = st.recursive(
    st.text(max_size=60) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def shape(document: Any) -> Any:
    """The document with every text replaced by its type."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    if isinstance(document, list):
        return [shape(item) for item in document]
    return str if isinstance(document, str) else document


def texts(document: Any) -> list[str]:
    if isinstance(document, str):
        return [document]
    items = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    )
    return [text for item in items for text in texts(item)]


def test_text_within_the_limit_stays_as_it_is() -> None:
    assert cut_text('{"a":  1}', 9) == ('{"a":  1}', 0)


def test_plain_text_is_cut_at_a_character() -> None:
    assert cut_text("aéé", 4) == ("aé", 1)
    assert cut_text("aéé", 2) == ("a", 2)


def test_messages_stay_whole_json_and_the_longest_text_is_cut() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "why? " * 1_000},
        {"role": "assistant", "content": "because " * 10},
    ]
    text, cut = cut_text(json.dumps(messages), 2_000)
    kept = json.loads(text)
    assert [message["role"] for message in kept] == ["system", "user", "assistant"]
    assert (kept[0], kept[2]) == (messages[0], messages[2])
    assert kept[1]["content"] == messages[1]["content"][: len(kept[1]["content"])]
    assert cut == 5_000 - len(kept[1]["content"])
    assert 1_950 < len(text) <= 2_000


def test_an_image_is_cut_and_the_question_about_it_is_not() -> None:
    image = base64.b64encode(bytes(3 << 20)).decode()
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": image}}]
    text, cut = cut_text(json.dumps([{"role": "user", "content": parts}]), 1 << 20)
    [message] = json.loads(text)
    assert message["content"][0]["text"] == "What is this?"
    assert cut == len(image) - len(message["content"][1]["image_url"]["url"])


def test_json_inside_json_stays_whole_too() -> None:
    inner = json.dumps({"messages": [{"role": "user", "content": "x" * 5_000}], "model": "gpt-4o"})
    text, cut = cut_text(json.dumps({"body": inner, "id": 7}), 1_000)
    kept = json.loads(json.loads(text)["body"])
    assert kept["model"] == "gpt-4o"
    assert cut == 5_000 - len(kept["messages"][0]["content"])


@pytest.mark.parametrize("text", ["[" + "1," * 500 + "1]", "{" + "x" * 500, "[" * 5_000])
def test_what_has_no_text_to_cut_or_is_no_json_is_cut_at_its_end(text: str) -> None:
    assert cut_text(text, 100) == (text[:100], len(text) - 100)


@pytest.mark.parametrize(
    "text", ["\x00" * 300, "é" * 300, "🦉" * 300, '"' * 300, "\\" * 300, "a" * 150 + "\x00" * 150]
)
@pytest.mark.parametrize("limit", range(40, 70))
def test_text_that_is_escaped_is_cut_at_a_character(text: str, limit: int) -> None:
    kept, cut = cut_text(json.dumps({"role": "user", "content": text}), limit)
    content = json.loads(kept)["content"]
    assert (content, cut) == (text[: len(content)], len(text) - len(content))
    assert limit - 6 <= len(kept.encode()) <= limit


def test_a_document_that_would_take_too_much_memory_is_cut_at_its_end() -> None:
    text = "[" + "{}," * 200_000 + '"x"]'
    assert cut_text(text, 1_000) == (text[:1_000], len(text) - 1_000)


def test_documents_inside_documents_end_somewhere() -> None:
    text = "x" * 10_000
    for _ in range(8):
        text = json.dumps([text, "y" * 100])
    kept, cut = cut_text(text, 5_000)
    assert len(kept.encode()) <= 5_000
    assert json.loads(kept)[1] == "y" * 100
    assert cut > 0


def test_numbers_beyond_64_bits_do_not_hinder() -> None:
    text, _ = cut_text('{"n": 123456789012345678901234567890, "t": "' + "x" * 500 + '"}', 100)
    assert json.loads(text)["t"].startswith("xxx")


@seeded
@given(documents, st.integers(10, 200))
def test_any_document_keeps_its_shape_and_says_what_it_lost(document: Any, limit: int) -> None:
    original = json.dumps([document])
    text, cut = cut_text(original, limit)
    assert len(text.encode()) <= limit
    try:
        kept = json.loads(text)
    except ValueError:
        assert original.startswith(text)
        assert cut == len(original) - len(text)
        return
    assert shape(kept) == shape([document])
    assert cut == sum(map(len, texts([document]))) - sum(map(len, texts(kept)))
    assert all(before.startswith(after) for before, after in zip(texts([document]), texts(kept), strict=True))
