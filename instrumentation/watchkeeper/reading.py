"""What a reader makes of a provider's request, response and chunks: the vocabulary every provider speaks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.snapshot import Plain

SCALARS = (str, int, float)
Value = str | bool | int | float | Sequence[str]
Attributes = dict[str, Value]
Part = dict[str, Any]
Message = dict[str, Any]
"""In the form of OpenTelemetry's GenAI conventions: ``{"role", "parts": [{"type", …}]}``."""


@dataclass(slots=True)
class Usage:
    """What a provider bills. ``input_tokens`` includes cached ones, ``output_tokens`` reasoning; unknown is
    ``None``.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    """Those of the written ones that are kept for an hour, which has a price of its own."""
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    cache_audio_read_tokens: int | None = None
    input_image_tokens: int | None = None
    output_image_tokens: int | None = None
    input_text_tokens: int | None = None
    output_text_tokens: int | None = None
    web_searches: int | None = None


@dataclass(slots=True)
class Request:
    """``attributes`` are the request's parameters under their conventional names."""

    model: str | None = None
    is_stream: bool = False
    attributes: Attributes = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    system: list[Part] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Response:
    """``is_pending``: the provider took the request and has yet to answer, as with background responses."""

    model: str | None = None
    id: str | None = None
    finish_reasons: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    attributes: Attributes = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    error_type: str | None = None
    """Of an answer that says by itself that it failed."""
    is_pending: bool = False


def no_text(chunk: Any) -> str | None:  # noqa: ARG001 - the signature of a chunk reader
    """For operations whose chunks are all kept."""
    return None


def read_model(body: Plain) -> str | None:
    """The model that most requests name."""
    return text(mapping(body).get("model"))


def last_piece(pieces: Sequence[Plain]) -> Plain:
    """For streams whose last chunk says everything."""
    return next((piece for piece in reversed(pieces) if isinstance(piece, dict)), {})


@dataclass(frozen=True, slots=True)
class Reader:
    """One operation of a provider, as pure functions over plain data; ``chunk`` alone sees the client's own
    object.

    ``chunk`` is called while the application waits, once per chunk, and returns the text of an ordinary one:
    anything else is kept as a plain copy. ``fold`` makes the response of these pieces, in the form that
    ``response`` reads. ``model`` names the span before the request goes out.
    """

    operation: str
    request: Callable[[Plain], Request]
    response: Callable[[Plain], Response]
    chunk: Callable[[Any], str | None] = no_text
    fold: Callable[[Sequence[Plain]], Plain] = last_piece
    model: Callable[[Plain], str | None] = read_model


def text_part(content: str) -> Part:
    return {"type": "text", "content": content}


def message(role: str, *parts: Part) -> Message:
    return {"role": role, "parts": list(parts)}


def present(body: Mapping[str, Any], names: Mapping[str, str]) -> Attributes:
    """The scalar members of ``body`` under the names that ``names`` gives them."""
    return {
        name: value
        for key, name in names.items()
        if isinstance(value := body.get(key), SCALARS) and value != ""
    }


def decoded(value: Any) -> Any:
    """JSON in a text, such as a tool call's arguments; a text that is none stays as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a mapping, else an empty one: providers send what they like."""
    if isinstance(value, dict):  # asked first, because the abstract class takes ten times as long
        return value
    return value if value is not None and isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings among the items of a list."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, (dict, Mapping))]


def count(value: Any) -> int | None:
    """A token count, or ``None`` where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
