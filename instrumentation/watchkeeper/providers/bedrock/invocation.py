"""Invocations: JSON in the model's own form, which its family defines (``families``)."""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.anthropic import events
from watchkeeper.providers.bedrock import converse, embeddings, families, images
from watchkeeper.providers.bedrock.body import BODY, HEADERS
from watchkeeper.providers.bedrock.converse import failure, read_model
from watchkeeper.providers.bedrock.usage import read_header_usage, read_metrics
from watchkeeper.providers.openai import chat
from watchkeeper.reading import Reader, Request, Response, Usage, mapping, present, text
from watchkeeper.snapshot import Plain

ATTRIBUTES = {
    "guardrailIdentifier": "aws.bedrock.guardrail.id",
    "serviceTier": "aws.bedrock.request.service_tier",
}
METRICS = "amazon-bedrock-invocationMetrics"
GUARDED = "amazon-bedrock-guardrailAction"
IMAGE_MODELS = ("image", "canvas", "stability.")
"""What the names of models have in them that make images."""


def find_invocation(parameters: Mapping[str, Any]) -> Reader:
    """The reader for a model, by its name; where it has none, or an unknown one, it is a chat's."""
    model = str(read_model(parameters))
    if "embed" in model:
        return EMBEDDINGS
    return IMAGES if any(name in model for name in IMAGE_MODELS) else INVOCATION


def decode(value: Any) -> Mapping[str, Any]:
    """A body's JSON; empty for what is none, such as a file that the client was given."""
    try:
        return mapping(json.loads(value)) if isinstance(value, str | bytes) else {}
    except ValueError:
        return {}


def read_request(body: Plain) -> Request:
    body = mapping(body)
    return _completed(families.read_request(decode(body.get("body"))), body)


def read_stream_request(body: Plain) -> Request:
    return replace(read_request(body), is_stream=True)


def _read_embeddings_request(body: Plain) -> Request:
    body = mapping(body)
    return _completed(embeddings.read_request(decode(body.get("body"))), body)


def _read_images_request(body: Plain) -> Request:
    body = mapping(body)
    return _completed(images.read_request(decode(body.get("body"))), body)


def _completed(request: Request, parameters: Mapping[str, Any]) -> Request:
    """With what stands beside the body."""
    attributes = request.attributes | present(parameters, ATTRIBUTES)
    return replace(request, model=read_model(parameters), attributes=attributes)


def read_response(body: Plain) -> Response:
    """Of an answer whose headers and body were noted, or of what a stream added up to."""
    body = mapping(body)
    answer = decode(body.get(BODY)) if HEADERS in body else body
    response = families.read_response(answer)
    response.usage = _known(response.usage, answer, mapping(body.get(HEADERS)))
    if answer.get(GUARDED) == "INTERVENED":
        response.finish_reasons = ["content_filter"]
    response.error_type = response.error_type or text(body.get("error"))
    return response


def _known(usage: Usage, answer: Mapping[str, Any], headers: Mapping[str, Any]) -> Usage:
    """The family's own counts, else those that Bedrock adds."""
    candidates = (usage, read_metrics(answer.get(METRICS)), read_header_usage(headers))
    return next((known for known in candidates if known.input_tokens is not None), usage)


def read_chunk(event: Any) -> str | None:
    """The text of a chunk that has nothing else in it."""
    if event.headers.get(":event-type") != "chunk":
        return None
    body = json.loads(b64decode(json.loads(event.payload)["bytes"]))
    return _anthropic_text(body) if "type" in body else families.read_text(body)


def _anthropic_text(event: Mapping[str, Any]) -> str | None:
    if event["type"] != "content_block_delta":
        return None
    delta = event["delta"]
    member = events.TEXTS.get(delta["type"])
    return delta[member] if member else None


def fold(pieces: Sequence[Plain]) -> Plain:
    """The answer that a stream's chunks add up to, in its family's form."""
    chunks = [piece if isinstance(piece, str) else _chunk(piece) for piece in pieces]
    known: dict[str, Any] = {}
    for chunk in chunks:
        known |= chunk if isinstance(chunk, Mapping) else {}
    said = {key: known[key] for key in (METRICS, GUARDED, "error") if key in known}
    if "message" in known or "content_block" in known:
        return {**said, **mapping(events.fold(chunks))}
    if known.keys() & {"messageStart", "contentBlockDelta", "contentBlockStop"}:
        return {**said, **converse.fold_events(_named(chunk) for chunk in chunks)}
    if "choices" in known:
        return {**said, **mapping(chat.fold(chunks))}
    return families.fold(chunks, known)


def _chunk(piece: Plain) -> Mapping[str, Any]:
    """The JSON in an event; of an exception, its type."""
    if error := failure(mapping(mapping(piece).get("headers"))):
        return {"error": error}
    payload = decode(mapping(piece).get("payload"))
    return decode(b64decode(str(payload.get("bytes", ""))))


def _named(chunk: str | Mapping[str, Any]) -> str | tuple[str, Mapping[str, Any]]:
    if isinstance(chunk, str):
        return chunk
    name = next(iter(chunk), "")
    return name, mapping(chunk.get(name))


INVOCATION = Reader("chat", read_request, read_response, model=read_model)
STREAM = Reader("chat", read_stream_request, read_response, read_chunk, fold, read_model)
EMBEDDINGS = Reader("embeddings", _read_embeddings_request, read_response, model=read_model)
IMAGES = Reader("generate_content", _read_images_request, read_response, model=read_model)
