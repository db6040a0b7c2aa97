"""Embeddings: one content or many, by the Gemini API's methods and by Vertex AI's older one."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.providers.google_genai.contents import read_content
from watchkeeper.providers.google_genai.members import member
from watchkeeper.providers.google_genai.usage import read_usage
from watchkeeper.reading import (
    Attributes,
    Message,
    Reader,
    Request,
    Response,
    Usage,
    count,
    mapping,
    mappings,
    message,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

DIMENSIONS = "gen_ai.embeddings.dimension.count"


def read_request(body: Plain) -> Request:
    body = mapping(body)
    given = [body, *mappings(body.get("requests"))]
    attributes: Attributes = {}
    settings = [*(member(item, "embedContentConfig") for item in given), body.get("parameters"), *given]
    for dimensions in (member(item, "outputDimensionality") for item in map(mapping, settings)):
        if isinstance(dimensions, int):
            attributes[DIMENSIONS] = dimensions
    return Request(model=text(body.get("model")), attributes=attributes, messages=list(_messages(body)))


def _messages(body: Mapping[str, Any]) -> Iterable[Message]:
    for item in (body, *mappings(body.get("requests"))):
        if content := mapping(item.get("content")):
            yield read_content(content)
    for instance in mappings(body.get("instances")):
        yield message("user", text_part(str(instance.get("content", ""))))


def read_response(body: Plain) -> Response:
    body = mapping(body)
    predicted = [mapping(item.get("embeddings")) for item in mappings(body.get("predictions"))]
    vectors = [mapping(body.get("embedding")), *mappings(body.get("embeddings")), *predicted]
    usage = read_usage(body.get("usageMetadata"))
    if usage.input_tokens is None:
        usage = Usage(input_tokens=_counted(vectors))
    return Response(usage=usage, attributes=_attributes(vectors))


def _counted(vectors: Iterable[Mapping[str, Any]]) -> int | None:
    """Vertex AI counts the tokens of each text."""
    statistics = (mapping(vector.get("statistics")) for vector in vectors)
    counts = [count(member(item, "tokenCount")) for item in statistics]
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def _attributes(vectors: Iterable[Mapping[str, Any]]) -> Attributes:
    values = next((values for vector in vectors if isinstance(values := vector.get("values"), list)), None)
    return {DIMENSIONS: len(values)} if values else {}


EMBEDDINGS = Reader("embeddings", read_request, read_response)
