"""Every captured call reads as what was really said."""

from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.query.messages import Conversation, last_user_text, output_text, read_conversation

from tests.unit.query.messages.captured import (
    CASES,
    Expected,
    content_of,
    expected_spans,
    other_kinds,
    served_calls,
    spans_of,
)
from tests.unit.query.messages.schema import check_conversation

SYSTEM_PROMPTS = ("You are Ada, a concise travel assistant.", "You are an expert Q&A system")
"""Of the application, and LlamaIndex' own."""
BEFORE_THE_CALL = "Let me check."
"""What the served Anthropic model says before it calls a tool; the truth has the call alone."""


def read(case: Path, expected: Expected) -> Conversation:
    operation = expected.values["operation"] or "chat"
    kind = "embedding" if operation == "embeddings" else "llm"
    return read_conversation(content_of(case, expected.key, kind, operation))


def tool_calls(conversation: Conversation) -> list[dict[str, Any]]:
    return [
        {"name": part["name"], "arguments": part["arguments"]}
        for message in conversation.output_messages
        for part in message["parts"]
        if part["type"] == "tool_call"
    ]


READERS = {"last_user_message": last_user_text, "output_text": output_text, "tool_calls": tool_calls}


@pytest.mark.parametrize("field", READERS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_captured_call_reads_as_expected(case: Path, field: str) -> None:
    wrong = [
        (expected.name, expected.values[field], found)
        for expected in expected_spans(case)
        if expected.values[field] is not None
        and (found := READERS[field](read(case, expected))) != expected.values[field]
    ]
    assert wrong == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_captured_call_never_reads_as_something_that_was_not_said(case: Path) -> None:
    """One instrumentation keeps the end of an answer only: it is still the end."""
    served = served_calls(case)
    for expected in expected_spans(case):
        conversation = read(case, expected)
        answer = output_text(conversation)
        assert answer in ("", BEFORE_THE_CALL) or any(call["output_text"].endswith(answer) for call in served)
        for called in tool_calls(conversation):
            assert called["arguments"] in [call["tool_call"] for call in served]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_finish_reason_is_the_expected_one_or_left_out(case: Path) -> None:
    for expected in expected_spans(case):
        if reason := expected.values["finish_reason"]:
            messages = read(case, expected).output_messages
            assert {message.get("finish_reason", reason) for message in messages} <= {reason}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_captured_span_reads_as_the_conventions_demand(case: Path) -> None:
    kinds = {expected.key[1]: "llm" for expected in expected_spans(case)} | other_kinds(case)
    for key in spans_of(case):
        check_conversation(read_conversation(content_of(case, key, kinds.get(key[1], ""))))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_system_prompt_is_said_once(case: Path) -> None:
    for expected in expected_spans(case):
        conversation = read(case, expected)
        apart = [part["content"] for part in conversation.system_instructions]
        within = [
            part["content"]
            for message in conversation.input_messages
            if message["role"] == "system"
            for part in message["parts"]
        ]
        assert len(apart) + len(within) <= 1
        assert all(text.startswith(SYSTEM_PROMPTS) for text in (*apart, *within))


@pytest.mark.parametrize(
    "case", [case for case in CASES if "tools" in case.name or "agent" in case.name], ids=str
)
def test_a_captured_tool_has_its_arguments_and_its_result(case: Path) -> None:
    for key in spans_of(case):
        if other_kinds(case).get(key[1]) != "tool":
            continue
        conversation = read_conversation(content_of(case, key, "tool"))
        assert conversation.tool_arguments == {"city": "Zürich", "unit": "celsius"}
        assert "light rain" in str(conversation.tool_result)
        assert conversation.input_messages == conversation.output_messages == []
