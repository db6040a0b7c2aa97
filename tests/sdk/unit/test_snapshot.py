"""Plain copies of whatever applications hand over."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import openai
import watchkeeper
from pydantic import BaseModel
from watchkeeper import Handle
from watchkeeper.snapshot import DataSnapshot, Snapshot

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch


def test_keys_are_texts_whatever_they_were() -> None:
    given = {("node", 1): "a", 2: {frozenset({3}): "b"}, None: "c", "plain": "d"}
    copied = Snapshot().take(given)
    assert json.loads(json.dumps(copied)) == copied
    assert set(copied) == {"('node', 1)", "2", "None", "plain"}


@dataclass
class Order:
    number: int


class Customer(BaseModel):
    name: str


class State(StrEnum):
    PAID = "paid"


class Shelf(list[Any]):
    """A list with members of its own."""


def test_data_is_copied_whatever_holds_it() -> None:
    lines = (1, Shelf([2]))
    given = {"order": Order(7), "customer": Customer(name="Ada"), "state": State.PAID, "lines": lines}
    assert DataSnapshot().take(given) == {
        "order": {"number": 7},
        "customer": {"name": "Ada"},
        "state": "paid",
        "lines": [1, [2]],
    }


def test_what_is_no_data_is_named() -> None:
    given = [openai.OpenAI(api_key="private"), test_what_is_no_data_is_named, json]
    assert DataSnapshot().take(given) == ["<openai.OpenAI>", "<builtins.function>", "<builtins.module>"]


def test_a_client_that_a_step_is_given_does_not_tell_its_key(
    watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    handle = watch()

    @watchkeeper.agent
    def answer(client: openai.OpenAI, question: str) -> Any:
        return {"client": client, "said": question}

    answer(openai.OpenAI(api_key="private"), "Where is Oslo?")
    (span,) = seen(handle)
    assert span.content("input.value") == {"client": "<openai.OpenAI>", "question": "Where is Oslo?"}
    assert "private" not in span.texts()
