"""Converse, whole and streamed: one form for all models. Nova speaks it in invocations as well."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.bedrock.contents import read_message, read_parts, read_tools
from watchkeeper.providers.bedrock.usage import finish_reason, read_usage
from watchkeeper.reading import (
    Attributes,
    Reader,
    Request,
    Response,
    decoded,
    mapping,
    mappings,
    present,
    text,
)
from watchkeeper.snapshot import Plain

PARAMETERS = {
    "maxTokens": "gen_ai.request.max_tokens",
    "max_new_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "topP": "gen_ai.request.top_p",
    "top_p": "gen_ai.request.top_p",
    "topK": "gen_ai.request.top_k",
    "top_k": "gen_ai.request.top_k",
}
PROFILES = ("foundation-model/", "inference-profile/")
"""Resources that end in a model's name; others, such as ``application-inference-profile/``, in a number."""
TEXT, REASONING, ARGUMENTS = "t", "r", "a"
"""First letters of kept texts: what they belong to. A block of text starts without an event."""


def read_model(body: Plain) -> str | None:
    """A model's name; where only an address is given that doesn't say it, that."""
    address = text(mapping(body).get("modelId"))
    if address and address.startswith("arn:"):
        resource = address.split(":", 5)[-1]
        return resource.partition("/")[2] if resource.startswith(PROFILES) else address
    return address


def read_request(body: Plain) -> Request:
    body = mapping(body)
    return Request(
        model=read_model(body),
        attributes=_parameters(body),
        messages=[read_message(message) for message in mappings(body.get("messages"))],
        system=read_parts(body.get("system")),
        tools=list(read_tools(mapping(body.get("toolConfig")).get("tools"))),
    )


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def _parameters(body: Mapping[str, Any]) -> Attributes:
    config = mapping(body.get("inferenceConfig"))
    attributes: Attributes = {
        **present(mapping(body.get("additionalModelRequestFields")), {"top_k": PARAMETERS["top_k"]}),
        **present(config, PARAMETERS),
        **present(mapping(body.get("guardrailConfig")), {"guardrailIdentifier": "aws.bedrock.guardrail.id"}),
        **present(mapping(body.get("serviceTier")), {"type": "aws.bedrock.request.service_tier"}),
    }
    stops = config.get("stopSequences")
    if isinstance(stops, list) and stops:
        attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    _, is_prompt, prompt = str(body.get("modelId", "")).partition(":prompt/")
    if is_prompt:
        name, _, version = prompt.partition(":")
        attributes |= {"gen_ai.prompt.name": name, "gen_ai.prompt.version": version or "DRAFT"}
    return attributes


def read_response(body: Plain) -> Response:
    body = mapping(body)
    message = mapping(mapping(body.get("output")).get("message"))
    reason = finish_reason(body.get("stopReason"))
    ended = {"finish_reason": reason} if reason else {}
    return Response(
        model=text(mapping(mapping(body.get("trace")).get("promptRouter")).get("invokedModelId")),
        finish_reasons=[reason] if reason else [],
        usage=read_usage(body.get("usage")),
        attributes=_attributes(body),
        messages=[{**read_message(message, role="assistant"), **ended}] if message else [],
        error_type=text(body.get("error")),
    )


def _attributes(body: Mapping[str, Any]) -> Attributes:
    return {
        **present(mapping(body.get("ResponseMetadata")), {"RequestId": "aws.request_id"}),
        **present(mapping(body.get("serviceTier")), {"type": "aws.bedrock.response.service_tier"}),
        **present(body, {"stopReason": "aws.bedrock.response.stop_reason"}),
    }


def read_chunk(event: Any) -> str | None:
    """The text that an event adds, with the letter of what it adds to."""
    if event.headers.get(":event-type") != "contentBlockDelta":
        return None
    return read_delta(json.loads(event.payload))


def read_delta(body: Any) -> str | None:
    delta = body["delta"]
    if isinstance(added := delta.get("text"), str):
        return TEXT + added
    if isinstance(added := mapping(delta.get("reasoningContent")).get("text"), str):
        return REASONING + added
    if isinstance(added := mapping(delta.get("toolUse")).get("input"), str):
        return ARGUMENTS + added
    return None


def fold(pieces: Sequence[Plain]) -> Plain:
    return fold_events(map(_event, pieces))


def _event(piece: Plain) -> str | tuple[str, Mapping[str, Any]]:
    """A text, or an event's name and body. One of another type than an event's says why there is no more."""
    if isinstance(piece, str):
        return piece
    headers = mapping(mapping(piece).get("headers"))
    if error := failure(headers):
        return "error", {"error": error}
    payload = mapping(piece).get("payload")
    return str(headers.get(":event-type")), mapping(json.loads(payload) if payload else None)


def failure(headers: Mapping[str, Any]) -> str | None:
    """What an event of the type ``exception`` or ``error`` tells."""
    return text(headers.get(":exception-type")) or text(headers.get(":error-code"))


def fold_events(events: Iterable[str | tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The answer that a stream's events add up to, in the form of a whole one."""
    answer: dict[str, Any] = {}
    content = Content()
    for event in events:
        if isinstance(event, str):
            content.add(event)
            continue
        match event:
            case "contentBlockStart", body:
                content.start(mapping(body.get("start")))
            case "contentBlockDelta", body if added := read_delta({"delta": mapping(body.get("delta"))}):
                content.add(added)
            case "contentBlockStop", _:
                content.stop()
            case "messageStop" | "metadata" | "error", body:
                answer |= body
    return {**answer, "output": {"message": {"role": "assistant", "content": list(content.blocks())}}}


class Content:
    """The blocks of an answer that is being streamed, one after the other."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, dict[str, Any], list[str]]] = []
        """The letter of what a block's texts are, the event that started it, the texts."""
        self._is_open = False

    def start(self, start: Mapping[str, Any]) -> None:
        self._open(ARGUMENTS, dict(start))

    def stop(self) -> None:
        self._is_open = False

    def add(self, added: str) -> None:
        letter, more = added[0], added[1:]
        if not self._is_open or self._blocks[-1][0] != letter:
            self._open(letter, {})
        self._blocks[-1][2].append(more)

    def _open(self, letter: str, start: dict[str, Any]) -> None:
        self._blocks.append((letter, start, []))
        self._is_open = True

    def blocks(self) -> Iterator[dict[str, Any]]:
        for letter, start, texts in self._blocks:
            joined = "".join(texts)
            match letter:
                case "t":
                    yield {"text": joined}
                case "r":
                    yield {"reasoningContent": {"reasoningText": {"text": joined}}}
                case _:
                    yield {**start, "toolUse": {**mapping(start.get("toolUse")), "input": decoded(joined)}}


CONVERSE = Reader("chat", read_request, read_response, model=read_model)
STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold, read_model)
