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
)


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


def found(conversation: Conversation, field: str) -> Any:
    readers = {"last_user_message": last_user_text, "output_text": output_text, "tool_calls": tool_calls}
    return readers[field](conversation)


@pytest.mark.parametrize("field", ["last_user_message", "output_text", "tool_calls"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_captured_call_reads_as_expected(case: Path, field: str) -> None:
    wrong = [
        (expected.name, value, found(read(case, expected), field))
        for expected in expected_spans(case)
        if (value := expected.values[field]) is not None and value != found(read(case, expected), field)
    ]
    assert wrong == []
