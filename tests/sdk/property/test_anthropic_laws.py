"""Laws of Anthropic's streams."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.providers.anthropic import messages

TEXT = st.text(min_size=1, max_size=40)
KINDS = {
    "text": ({"type": "text", "text": ""}, "text_delta", "text"),
    "thinking": ({"type": "thinking", "thinking": "", "signature": ""}, "thinking_delta", "thinking"),
    "tool_use": (
        {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
        "input_json_delta",
        "partial_json",
    ),
}
BLOCKS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), TEXT), min_size=1, max_size=4)
HEAD: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}


def block(kind: str, content: str) -> dict[str, Any]:
    start = KINDS[kind][0]
    return {**start, "input": {"q": content}} if kind == "tool_use" else {**start, kind: content}


def pieces_of(index: int, kind: str, content: str, cuts: list[int], *, are_plain: bool) -> list[Any]:
    """What is recorded of a block: events, its deltas as texts or as events too."""
    start, delta, member = KINDS[kind]
    whole = json.dumps({"q": content}) if kind == "tool_use" else content
    ends = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    parts = [whole[begin:end] for begin, end in pairwise(ends)]
    deltas = [{"type": "content_block_delta", "index": index, "delta": {"type": delta, member: part}}
              for part in parts]  # fmt: skip
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *(parts if are_plain else deltas),
        {"type": "content_block_stop", "index": index},
    ]


@given(BLOCKS, st.lists(st.integers(0, 60), max_size=6), st.booleans())
def test_any_split_of_a_message_gives_the_same_call(
    blocks: list[tuple[str, str]], cuts: list[int], are_plain: bool
) -> None:
    usage = {"input_tokens": 3, "output_tokens": 7}
    pieces = [
        {"type": "message_start", "message": {**HEAD, "content": [], "usage": {**usage, "output_tokens": 1}}}
    ]
    for index, (kind, content) in enumerate(blocks):
        pieces += pieces_of(index, kind, content, cuts, are_plain=are_plain)
    pieces += [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}]
    content = [block(*given) for given in blocks]
    whole = {**HEAD, "content": content, "usage": usage, "stop_reason": "end_turn"}
    assert messages.read_response(messages.fold(pieces)) == messages.read_response(whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "message", "content", "delta", "usage", "content_block", "text", "input"]),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip
EVENT = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "error"]
)


@given(st.lists(st.tuples(EVENT, JSON) | TEXT, max_size=6))
def test_no_events_break_the_reader(events: list[Any]) -> None:
    pieces = [
        event
        if isinstance(event, str)
        else {**(event[1] if isinstance(event[1], dict) else {}), "type": event[0]}
        for event in events
    ]
    assert messages.read_response(messages.fold(pieces)).usage is not None
    assert messages.read_request(pieces[-1] if pieces else None) is not None
