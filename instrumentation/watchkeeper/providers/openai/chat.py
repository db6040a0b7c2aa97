"""OpenAI's chat completions, and the older text completions, which most other providers speak as well."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from watchkeeper.media import blob_part, url_part
from watchkeeper.providers.openai.usage import RESPONSE, read_usage
from watchkeeper.reading import (
    Attributes,
    Message,
    Part,
    Reader,
    Request,
    Response,
    count,
    decoded,
    mapping,
    mappings,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "reasoning_effort": "gen_ai.request.reasoning.level",
    "service_tier": "openai.request.service_tier",
    "user": "user.id",
    "safety_identifier": "user.id",
}
OUTPUT_TYPES = {"text": "text", "json_object": "json", "json_schema": "json"}
FINISH_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}
"""Of those who speak OpenAI's language, in the conventions' words."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes=_parameters(body),
        messages=[read_message(message) for message in mappings(body.get("messages"))],
        tools=[read_tool(tool) for tool in mappings(body.get("tools"))],
    )


def read_compatible_request(body: Plain) -> Request:
    """A request in OpenAI's language to somebody else's API."""
    request = read_request(body)
    del request.attributes["openai.api.type"]
    return request


def _parameters(body: Mapping[str, Any]) -> Attributes:
    attributes: Attributes = {"openai.api.type": "chat_completions", **present(body, PARAMETERS)}
    if isinstance(choices := body.get("n"), int) and choices != 1:
        attributes["gen_ai.request.choice.count"] = choices
    if stop := body.get("stop"):
        attributes["gen_ai.request.stop_sequences"] = (
            [stop] if isinstance(stop, str) else list(map(str, stop))
        )
    if output := output_type(body.get("response_format")):
        attributes["gen_ai.output.type"] = output
    if "audio" in (body.get("modalities") or ()):
        attributes["gen_ai.output.type"] = "speech"
    return attributes


def output_type(response_format: Any) -> str | None:
    return OUTPUT_TYPES.get(str(mapping(response_format).get("type")))


def read_message(message: Mapping[str, Any]) -> Message:
    """A message of a request or of a response, which have the same form."""
    role = text(message.get("role")) or "assistant"
    if role == "tool":
        answer = {
            "type": "tool_call_response",
            "id": message.get("tool_call_id"),
            "response": message.get("content"),
        }
        return {"role": role, "parts": [answer]}
    parts = list(_content_parts(message.get("content")))
    if reasoning := text(message.get("reasoning_content")) or text(message.get("reasoning")):
        parts.insert(0, {"type": "reasoning", "content": reasoning})
    if refusal := text(message.get("refusal")):
        parts.append({"type": "refusal", "content": refusal})
    if audio := mapping(message.get("audio")):
        parts += _audio_parts(audio)
    calls = mappings(message.get("tool_calls"))
    if legacy := mapping(message.get("function_call")):
        calls.append({"function": legacy})
    parts += [read_tool_call(call) for call in calls]
    named = {"name": name} if (name := text(message.get("name"))) else {}
    return {"role": role, "parts": parts, **named}


def _content_parts(content: Any) -> Iterable[Part]:
    if isinstance(content, str):
        yield text_part(content)
    for part in mappings(content):
        yield read_part(part)


def read_part(part: Mapping[str, Any]) -> Part:
    """One part of a message's content, of chat completions or of responses."""
    kind = text(part.get("type")) or "text"
    match kind:
        case "text" | "input_text" | "output_text":
            return text_part(str(part.get("text", "")))
        case "refusal":
            return {"type": "refusal", "content": part.get("refusal")}
        case "image_url" | "input_image":
            return _image_part(part)
        case "input_audio":
            audio = mapping(part.get("input_audio")) or part
            return blob_part("audio", audio.get("data"), f"audio/{audio.get('format', 'wav')}")
        case "file" | "input_file":
            return _file_part(mapping(part.get("file")) or part)
    return {"type": kind, "content": {key: value for key, value in part.items() if key != "type"}}


def _image_part(part: Mapping[str, Any]) -> Part:
    image = part.get("image_url")
    url = image if isinstance(image, str) else text(mapping(image).get("url"))
    if url:
        return url_part("image", url)
    return {"type": "file", "modality": "image", "file_id": part.get("file_id")}


def _file_part(file: Mapping[str, Any]) -> Part:
    named = {"name": name} if (name := text(file.get("filename"))) else {}
    if data := text(file.get("file_data")):
        return {**(url_part("file", data) if data.startswith("data:") else blob_part("file", data)), **named}
    if url := text(file.get("file_url")):
        return {**url_part("file", url), **named}
    return {"type": "file", "modality": "file", "file_id": file.get("file_id"), **named}


def _audio_parts(audio: Mapping[str, Any]) -> list[Part]:
    parts: list[Part] = []
    if transcript := text(audio.get("transcript")):
        parts.append(text_part(transcript))
    if data := audio.get("data"):
        parts.append(blob_part("audio", data))
    return parts


def read_tool_call(call: Mapping[str, Any]) -> Part:
    function = mapping(call.get("function")) or mapping(call.get("custom"))
    arguments = function.get("arguments", function.get("input"))
    part: Part = {"type": "tool_call", "name": function.get("name"), "arguments": decoded(arguments)}
    return {**part, "id": call["id"]} if call.get("id") else part


def read_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's definition, flat, as the conventions have it."""
    inner = mapping(tool.get("function")) or mapping(tool.get("custom"))
    return {"type": tool.get("type", "function"), **(inner or {k: v for k, v in tool.items() if k != "type"})}


def read_response(body: Plain) -> Response:
    body = mapping(body)
    choices = mappings(body.get("choices"))
    reasons = [str(reason) for choice in choices if (reason := choice.get("finish_reason"))]
    return Response(
        model=text(body.get("model")),
        id=text(body.get("id")),
        finish_reasons=reasons,
        usage=read_usage(body.get("usage")),
        attributes=present(body, RESPONSE),
        messages=[_choice_message(choice) for choice in choices],
    )


def with_reasons(body: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """A response whose choices say in the conventions' words why they ended."""
    choices = [dict(choice) for choice in mappings(body.get("choices"))]
    for choice in choices:
        reason = text(choice.get("finish_reason"))
        choice["finish_reason"] = words.get(reason, reason) if reason else None
    return {**body, "choices": choices}


def _choice_message(choice: Mapping[str, Any]) -> Message:
    if "text" in choice:  # of a text completion
        message: Message = {"role": "assistant", "parts": [text_part(str(choice["text"]))]}
    else:
        message = read_message({"role": "assistant", **mapping(choice.get("message"))})
    reason = choice.get("finish_reason")
    return {**message, "finish_reason": reason} if reason else message


def read_chunk(chunk: Any) -> str | None:
    """The text of a chunk that has nothing but text for the one choice there is."""
    choices = chunk.choices
    if len(choices) != 1:
        return None
    choice = choices[0]
    delta = choice.delta
    content = delta.content
    if not content or choice.finish_reason is not None or delta.tool_calls is not None or choice.index:
        return None
    if chunk.usage is not None or getattr(delta, "refusal", None) is not None:
        return None
    return content  # type: ignore[no-any-return]


def fold(pieces: Sequence[Plain]) -> Plain:
    """The completion that a stream's chunks add up to."""
    body: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        if isinstance(piece, str):
            _choice(choices, 0)["message"]["content"].append(piece)
            continue
        chunk = mapping(piece)
        body |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        for choice in mappings(chunk.get("choices")):
            _add_choice(_choice(choices, count(choice.get("index")) or 0), choice)
    return {**body, "choices": [_joined(choices[index]) for index in sorted(choices)]}


def _choice(choices: dict[int, dict[str, Any]], index: int) -> dict[str, Any]:
    return choices.setdefault(index, {"index": index, "message": {"content": [], "tool_calls": {}}})


def _add_choice(choice: dict[str, Any], piece: Mapping[str, Any]) -> None:
    if reason := piece.get("finish_reason"):
        choice["finish_reason"] = reason
    if isinstance(piece.get("text"), str):
        choice["message"]["content"].append(piece["text"])
    message = choice["message"]
    for key, value in mapping(piece.get("delta")).items():
        if key == "tool_calls":
            _add_tool_calls(message["tool_calls"], mappings(value))
        elif key == "content" or (isinstance(value, str) and key != "role"):
            message.setdefault(key, [])
            message[key] += [value] if isinstance(value, str) else []
        elif key == "audio":
            _add_audio(message.setdefault("audio", {}), mapping(value))
        elif value is not None:
            message[key] = value


def _add_tool_calls(calls: dict[int, dict[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> None:
    for position, piece in enumerate(pieces):
        function = mapping(piece.get("function")) or mapping(piece.get("custom"))
        index = count(piece.get("index", position))
        call = calls.setdefault(position if index is None else index, {"arguments": []})
        call["id"] = call.get("id") or piece.get("id")
        call["name"] = call.get("name") or function.get("name")
        call["arguments"] += [
            value for key in ("arguments", "input") if isinstance(value := function.get(key), str)
        ]


def _add_audio(audio: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for key, value in piece.items():
        audio[key] = audio.get(key, "") + value if isinstance(value, str) and key != "id" else value


def _joined(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice with its lists of texts put together."""
    message = dict(choice["message"])
    calls = [
        {"id": call["id"], "function": {"name": call["name"], "arguments": "".join(call["arguments"])}}
        for _, call in sorted(message.pop("tool_calls").items())
    ]
    texts = {key: "".join(value) if _is_texts(value) else value for key, value in message.items()}
    joined = {key: value for key, value in texts.items() if value != ""}
    return {**choice, "message": {**joined, "tool_calls": calls} if calls else joined}


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


COMPLETIONS = Reader("chat", read_request, read_response, read_chunk, fold)


def read_text_request(body: Plain) -> Request:
    """A text completion's request: prompts instead of messages."""
    request = read_request(body)
    prompt = mapping(body).get("prompt")
    prompts = [prompt] if isinstance(prompt, str) else prompt if isinstance(prompt, list) else []
    request.attributes.pop("openai.api.type")
    request.messages = [
        {"role": "user", "parts": [text_part(item)]} for item in prompts if isinstance(item, str)
    ]
    return request


TEXT_COMPLETIONS = Reader("text_completion", read_text_request, read_response, fold=fold)
