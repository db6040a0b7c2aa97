"""OpenAI's responses, also those that run in the background and are fetched later."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.providers.openai.chat import PARAMETERS, output_type, read_part, read_tool
from watchkeeper.providers.openai.usage import RESPONSE, read_usage
from watchkeeper.reading import (
    Attributes,
    Message,
    Part,
    Reader,
    Request,
    Response,
    Usage,
    count,
    decoded,
    mapping,
    mappings,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

REQUEST = {**PARAMETERS, "max_output_tokens": "gen_ai.request.max_tokens",
           "previous_response_id": "gen_ai.request.previous_response.id"}  # fmt: skip
FINISH_REASONS = {"completed": "stop", "failed": "error", "cancelled": "error", "max_output_tokens": "length"}
"""By a response's status, or by why it is incomplete; others stay as they are."""
PENDING = frozenset({"queued", "in_progress"})
ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
"""Events that hold the whole response; after them the stream is over."""
TEXT_DELTA = "response.output_text.delta"


def read_request(body: Plain) -> Request:
    body = mapping(body)
    given = body.get("input")
    messages = [_user(given)] if isinstance(given, str) else [read_item(item) for item in mappings(given)]
    instructions = body.get("instructions")
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes=_parameters(body),
        messages=messages,
        system=[text_part(instructions)] if isinstance(instructions, str) else [],
        tools=[read_tool(tool) for tool in mappings(body.get("tools"))],
    )


def _parameters(body: Mapping[str, Any]) -> Attributes:
    attributes: Attributes = {"openai.api.type": "responses", **present(body, REQUEST)}
    if level := text(mapping(body.get("reasoning")).get("effort")):
        attributes["gen_ai.request.reasoning.level"] = level
    if output := output_type(mapping(body.get("text")).get("format")):
        attributes["gen_ai.output.type"] = output
    conversation = body.get("conversation")
    if name := text(conversation) or text(mapping(conversation).get("id")):
        attributes["gen_ai.conversation.id"] = name
    if prompt := mapping(body.get("prompt")):
        attributes |= present(prompt, {"id": "gen_ai.prompt.name", "version": "gen_ai.prompt.version"})
    if body.get("background") is True:
        attributes["openai.request.background"] = True
    return attributes


def _user(content: str) -> Message:
    return {"role": "user", "parts": [text_part(content)]}


def read_item(item: Mapping[str, Any]) -> Message:
    """One item of a request's input or of a response's output, as a message."""
    kind = text(item.get("type")) or "message"
    if kind == "message":
        content = item.get("content")
        parts = [text_part(content)] if isinstance(content, str) else list(map(read_part, mappings(content)))
        return {"role": text(item.get("role")) or "user", "parts": parts}
    if kind.endswith("_call_output"):
        answer = {"type": "tool_call_response", "id": item.get("call_id"), "response": item.get("output")}
        return {"role": "tool", "parts": [answer]}
    return {"role": "assistant", "parts": list(_item_parts(kind, item))}


def _item_parts(kind: str, item: Mapping[str, Any]) -> Iterator[Part]:
    match kind:
        case "reasoning":
            for entry in (*mappings(item.get("summary")), *mappings(item.get("content"))):
                yield {"type": "reasoning", "content": entry.get("text")}
        case "function_call" | "custom_tool_call":
            arguments = item.get("arguments", item.get("input"))
            yield {
                "type": "tool_call",
                "id": item.get("call_id"),
                "name": item.get("name"),
                "arguments": decoded(arguments),
            }
        case "image_generation_call":
            yield blob_part("image", item.get("result"), f"image/{item.get('output_format') or 'png'}")
        case "compaction":
            yield {"type": "compaction", "id": item.get("id")}
        case _:
            details = {key: value for key, value in item.items() if key not in ("id", "type")}
            yield {
                "type": "server_tool_call",
                "id": item.get("id"),
                "name": kind,
                "server_tool_call": details,
            }


def read_response(body: Plain) -> Response:
    body = mapping(body)
    status = text(body.get("status"))
    error = mapping(body.get("error"))
    return Response(
        model=text(body.get("model")),
        id=None if status in PENDING else text(body.get("id")),
        finish_reasons=list(_finish_reasons(body, status)),
        usage=read_usage(body.get("usage")),
        attributes=_response_attributes(body, status),
        messages=_output(body),
        error_type=text(error.get("code")) or ("failed" if status == "failed" else None),
        is_pending=status in PENDING,
    )


def _finish_reasons(body: Mapping[str, Any], status: str | None) -> Iterator[str]:
    if status is None or status in PENDING:
        return
    reason = text(mapping(body.get("incomplete_details")).get("reason")) or status
    if status == "completed" and any(
        item.get("type") == "function_call" for item in mappings(body.get("output"))
    ):
        reason = "tool_call"
    yield FINISH_REASONS.get(reason, reason)


def _response_attributes(body: Mapping[str, Any], status: str | None) -> Attributes:
    attributes: Attributes = present(body, RESPONSE)
    if status in PENDING:  # the id belongs to the call that has the answer, which is still to come
        attributes |= present(body, {"status": "openai.response.status", "id": "openai.response.pending.id"})
    return attributes


def _output(body: Mapping[str, Any]) -> list[Message]:
    """One message: a response is one answer, whose items are its parts."""
    messages = [read_item({"role": "assistant", **item}) for item in mappings(body.get("output"))]
    parts = [part for message in messages for part in message["parts"]]
    return [{"role": "assistant", "parts": parts}] if parts else []


def read_chunk(event: Any) -> str | None:
    return event.delta if event.type == TEXT_DELTA else None


def fold(pieces: Sequence[Plain]) -> Plain:
    """The response that a stream ended with; of one that was broken off, what had come until then."""
    body: Mapping[str, Any] = {}
    items: dict[int, Mapping[str, Any]] = {}
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        event = mapping(piece)
        kind = text(event.get("type"))
        body = mapping(event.get("response")) or body
        if kind in ENDS:
            return body
        if kind == "error":
            body = {**body, "status": "failed", "error": {key: event.get(key) for key in ("code", "message")}}
        if kind == "response.output_item.done":
            index = count(event.get("output_index"))
            items[len(items) if index is None else index] = mapping(event.get("item"))
            texts = [] if mapping(event.get("item")).get("type") == "message" else texts
        elif kind == TEXT_DELTA and isinstance(event.get("delta"), str):
            texts.append(event["delta"])
    partial = [{"type": "message", "content": "".join(texts)}] if texts else []
    return {**body, "output": [*(items[index] for index in sorted(items)), *partial]}


def read_fetched(body: Plain) -> Response:
    """A stored response that is read again: its tokens were counted by the call that made it.

    One that ran in the background has its answer and its tokens only now, so this is where they count.
    """
    response = read_response(body)
    if mapping(body).get("background") is True and not response.is_pending:
        response.attributes["gen_ai.operation.name"] = "chat"
        return response
    response.usage, response.messages = Usage(), []
    return response


def read_fetch(body: Plain) -> Request:
    body = mapping(body)
    return Request(attributes={"openai.api.type": "responses"}, is_stream=body.get("stream") is True)


RESPONSES = Reader("chat", read_request, read_response, read_chunk, fold)
FETCHED = Reader("fetch_response", read_fetch, read_fetched, read_chunk, fold)
