"""Answers that are spread over several attributes, one for each kind of part."""

from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.query.messages.content import SpanContent
from watchkeeper_collector.query.messages.documents import Reading
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.message import read_messages


@dataclass(frozen=True, slots=True)
class AnswerAttributes:
    """Keys in order; the first that is there wins."""

    texts: tuple[str, ...]
    calls: str
    reasoning: str = ""
    finish_reason: str = ""

    def __call__(self, content: SpanContent) -> Reading | None:
        attributes = content.attributes
        messages = read_messages({
            "role": "assistant",
            "content": next((attributes[key] for key in self.texts if attributes.get(key)), None),
            "tool_calls": _read_calls(attributes.get(self.calls, "")),
            "reasoning": _read_reasoning(attributes.get(self.reasoning, "")),
            "finish_reason": attributes.get(self.finish_reason),
        })  # fmt: skip
        return Reading(messages) if any(message["parts"] for message in messages) else None


VERCEL = AnswerAttributes(
    texts=("ai.response.text", "ai.response.object"),
    calls="ai.response.toolCalls",
    reasoning="ai.response.reasoning",
    finish_reason="ai.response.finishReason",
)
VERCEL_3 = AnswerAttributes(texts=("ai.result.text", "ai.result.object"), calls="ai.result.toolCalls")
LIVEKIT = AnswerAttributes(texts=("lk.response.text",), calls="lk.response.function_calls")


def _read_calls(text: str) -> list[Any]:
    """A list of calls, or of calls that are JSON text each."""
    calls = read_json(text)
    return (
        [read_json(call) if isinstance(call, str) else call for call in calls]
        if isinstance(calls, list)
        else []
    )


def _read_reasoning(text: str) -> str:
    """Text; since version 5 the AI SDK has a list of ``{"text"}`` here."""
    value = read_json(text)
    blocks = [block for block in value if isinstance(block, dict)] if isinstance(value, list) else []
    return "\n".join(str(block["text"]) for block in blocks if "text" in block) or text
