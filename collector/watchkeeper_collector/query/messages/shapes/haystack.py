"""Haystack's chat messages, of which the older write ``_role`` and ``_content``."""

from collections.abc import Sequence

from watchkeeper_collector.query.messages.parts import (
    Part,
    reasoning_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes.shape import Answer, Document, Shape, first_of, inner


def read_tool_call(block: Document) -> list[Part] | None:
    call = inner(block, "tool_call")
    return [tool_call_part(call.get("tool_name"), call.get("arguments"), call.get("id"))] if call else None


def read_tool_result(block: Document) -> list[Part] | None:
    result = inner(block, "tool_call_result")
    return [tool_response_part(result.get("result"), inner(result, "origin").get("id"))] if result else None


def read_reasoning(block: Document) -> list[Part] | None:
    text = inner(block, "reasoning").get("reasoning_text")
    return reasoning_parts(text) if isinstance(text, str) else None


def read_response(document: Document) -> Sequence[Answer]:
    replies = document.get("replies")
    return [_read_reply(reply) for reply in replies] if isinstance(replies, list) else ()


def _read_reply(reply: object) -> Answer:
    meta = first_of(reply, "meta", "_meta") if isinstance(reply, dict) else None
    return Answer(reply, meta.get("finish_reason") if isinstance(meta, dict) else None)


SHAPE = Shape(
    keys={
        "tool_call": read_tool_call,
        "tool_call_result": read_tool_result,
        "reasoning": read_reasoning,
    },
    response=read_response,
)
