"""The events of a streamed message, and the message that they add up to."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.reading import decoded, mapping, mappings
from watchkeeper.snapshot import Plain

TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Deltas that are nothing but a text, and the member that has it."""
GROWING = {"text": "text", "thinking": "thinking"}
"""Members that texts are added to, by the type of the block; of all others it is the input's JSON."""
UNTIL_THE_END = ("output_tokens", "output_tokens_details")
"""Counts that a message starts with as placeholders."""


def read_chunk(event: Any) -> str | None:
    """The text of a delta. Blocks come one after the other, so it belongs to the one that started last."""
    if event.type != "content_block_delta":
        return None
    delta = event.delta
    member = TEXTS.get(delta.type)
    return getattr(delta, member) if member else None


def fold(pieces: Sequence[Plain]) -> Plain:
    """The message of a stream; of one that was broken off, what had come until then."""
    message: dict[str, Any] = {}
    blocks: list[_Block] = []
    for piece in pieces:
        if isinstance(piece, str):
            _last(blocks).texts.append(piece)
            continue
        event = mapping(piece)
        match event.get("type"):
            case "message_start":
                message = _started(mapping(event.get("message")))
            case "content_block_start":
                blocks.append(_Block(mapping(event.get("content_block"))))
                message |= _handed_over(blocks[-1].start)
            case "content_block_delta":
                _last(blocks).add(mapping(event.get("delta")))
            case "message_delta":
                message = _continued(message, event)
            case "error":  # the client raises it; whoever reads the bytes sees it as an event
                message = {**message, "error": event.get("error")}
    content = [*mappings(message.get("content")), *(block.joined() for block in blocks)]
    return {**message, "content": content} if message or content else {}


class _Block:
    """A block of the message, with what its deltas added."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.start = start
        self.texts: list[str] = []
        self.more: dict[str, Any] = {}

    def add(self, delta: Mapping[str, Any]) -> None:
        kind = delta.get("type")
        if isinstance(text := delta.get(TEXTS.get(str(kind), "")), str):
            self.texts.append(text)
        elif kind == "citations_delta":
            self.more.setdefault("citations", []).append(delta.get("citation"))
        else:
            self.more |= {key: value for key, value in delta.items() if key != "type" and value is not None}

    def joined(self) -> dict[str, Any]:
        joined = "".join(self.texts)
        kind = str(self.start.get("type", "text"))
        block = {**self.start, **self.more, "type": kind}
        if member := GROWING.get(kind):
            block[member] = f"{self.start.get(member) or ''}{joined}"
        elif joined:
            block["input"] = decoded(joined)
        return block


def _last(blocks: list[_Block]) -> _Block:
    """The block that is being streamed; a stream that is read from its middle on starts with one of text."""
    if not blocks:
        blocks.append(_Block({}))
    return blocks[-1]


def _started(message: Mapping[str, Any]) -> dict[str, Any]:
    usage = {key: value for key, value in mapping(message.get("usage")).items() if key not in UNTIL_THE_END}
    return {**message, "usage": usage}


def _handed_over(block: Mapping[str, Any]) -> dict[str, Any]:
    """The model that goes on where another one declined."""
    model = mapping(block.get("to")).get("model")
    return {"model": model} if block.get("type") == "fallback" and model else {}


def _continued(message: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The message with what its end says, whose counts are totals."""
    usage = {**mapping(message.get("usage")), **_said(event.get("usage"))}
    return {**message, **_said(event.get("delta")), "usage": usage}


def _said(value: Any) -> dict[str, Any]:
    return {key: item for key, item in mapping(value).items() if item is not None}
