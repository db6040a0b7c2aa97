"""Messages as a chat.

They are in the form of the OpenTelemetry GenAI conventions, and their content is anything: all of it goes
through ``plain.html`` into a few elements of our own.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.states import note

Message = Mapping[str, Any]
LONGEST_CHARS = 24_000
MOST_MESSAGES = 60
LOOKS = {
    "user": "wk-user",
    "assistant": "wk-assistant",
    "system": "wk-system",
    "developer": "wk-system",
    "tool": "wk-tool",
}


def show_conversation(span: Mapping[str, Any]) -> None:
    """All that a span was asked and answered, as far as it is known and may be seen."""
    if span["content_hidden"]:
        note("This key does not show prompts and answers: it lacks the scope content.")
        return
    instructions = (
        [{"role": "system", "parts": span["system_instructions"]}] if span["system_instructions"] else []
    )
    turns = [*instructions, *(span["input_messages"] or ()), *(span["output_messages"] or ())]
    pieces = [render_message(message) for message in _newest(turns)]
    pieces += _tool_pieces(span)
    pieces += [_details("Documents found", _json(document)) for document in span["documents"] or ()]
    if not pieces:
        note("No prompt or answer was recorded here. The SDK samples content; errors and slow calls keep it.")
        return
    if len(turns) > MOST_MESSAGES:
        note(f"{len(turns) - MOST_MESSAGES} earlier messages are left out here: see the raw attributes.")
    st.html("".join(pieces))
    if span["tool_definitions"]:
        st.html(_details(f"Tools on offer: {len(span['tool_definitions'])}", span["tool_definitions"]))


def show_messages(messages: Iterable[tuple[Message, str]]) -> None:
    """Messages with a line about each: when it was, by which model."""
    st.html("".join(render_message(message, about) for message, about in messages))


def render_message(message: Message, about: str = "") -> str:
    """One turn as HTML."""
    role = str(message.get("role") or "message")
    finish = str(message.get("finish_reason") or "")
    heading = " · ".join(filter(None, (role, about, finish if finish not in ("", "stop") else "")))
    parts = "".join(_render_part(part) for part in message.get("parts") or ())
    look = LOOKS.get(role, "wk-assistant")
    return f'<div class="wk-turn {look}"><header>{plain.html(heading)}</header>{parts or _empty()}</div>'


def _render_part(part: Any) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    return PARTS.get(str(kind), _code)(part)


def _text(part: Mapping[str, Any]) -> str:
    content = part.get("content")
    return f'<div class="wk-text">{_cut(content)}</div>' if isinstance(content, str) else _code(part)


def _reasoning(part: Mapping[str, Any]) -> str:
    return _details("Reasoning", part.get("content"))


def _tool_call(part: Mapping[str, Any]) -> str:
    title = f"Calls {part.get('name') or 'a tool'}"
    return f'<div class="wk-text"><b>{plain.html(title)}</b></div>{_code(part.get("arguments"))}'


def _tool_response(part: Mapping[str, Any]) -> str:
    response = part.get("response", part.get("result"))
    return _code(response) if response not in (None, "") else _empty()


def _media(part: Mapping[str, Any]) -> str:
    return f'<div class="wk-text wk-note">{plain.html(_describe_media(part))}</div>'


def _describe_media(part: Mapping[str, Any]) -> str:
    """Media are named and never loaded: a picture's address would tell its host who looked."""
    kind = f"{part.get('modality') or 'file'}, {part.get('mime_type') or 'of unknown type'}"
    content = part.get("content")
    if isinstance(content, str):
        return f"[{kind}, about {units.size_bytes(len(content) * 3 / 4)}: not shown]"
    place = plain.short(part.get("uri") or part.get("file_id") or "an unknown place", 300)
    return f"[{kind}, at {place}: not loaded]"


def _tool_pieces(span: Mapping[str, Any]) -> list[str]:
    found = (("Arguments", span["tool_arguments"]), ("Result", span["tool_result"]))
    return [
        f'<div class="wk-turn wk-tool"><header>{title}</header>{_code(value)}</div>'
        for title, value in found
        if value is not None
    ]


def _newest(turns: Sequence[Message]) -> Sequence[Message]:
    return turns[-MOST_MESSAGES:]


def _code(value: Any) -> str:
    return f"<pre>{_cut(value if isinstance(value, str) else _json(value))}</pre>"


def _details(title: str, value: Any) -> str:
    text = value if isinstance(value, str) else _json(value)
    return f"<details><summary>{plain.html(title)}</summary><pre>{_cut(text)}</pre></details>"


def _cut(text: str) -> str:
    rest = len(text) - LONGEST_CHARS
    more = f"\n… {rest:,} more characters: see the raw attributes" if rest > 0 else ""
    return plain.html(text[:LONGEST_CHARS] + more)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _empty() -> str:
    return '<div class="wk-text wk-note">(empty)</div>'


PARTS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "refusal": _text,
    "reasoning": _reasoning,
    "tool_call": _tool_call,
    "server_tool_call": _tool_call,
    "tool_call_response": _tool_response,
    "server_tool_call_response": _tool_response,
    "blob": _media,
    "uri": _media,
    "file": _media,
}
"""How each type of part is drawn; any other is shown as it was sent."""
