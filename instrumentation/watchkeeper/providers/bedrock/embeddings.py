"""Embeddings by Titan, Nova and Cohere."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.reading import Attributes, Request, Response, Usage, count, mapping, message, text, text_part

DIMENSIONS = "gen_ai.embeddings.dimension.count"


def read_request(body: Mapping[str, Any]) -> Request:
    dimensions = body.get("dimensions", body.get("output_dimension"))
    given = [body.get("inputText"), *(body["texts"] if isinstance(body.get("texts"), list) else ())]
    return Request(
        attributes={DIMENSIONS: dimensions} if isinstance(dimensions, int) else {},
        messages=[message("user", text_part(said)) for item in given if (said := text(item))],
    )


def read_response(body: Mapping[str, Any]) -> Response:
    vector = _first(body.get("embedding") or body.get("embeddings"))
    attributes: Attributes = {DIMENSIONS: len(vector)} if vector else {}
    return Response(
        id=text(body.get("id")),
        usage=Usage(input_tokens=count(body.get("inputTextTokenCount"))),
        attributes=attributes,
    )


def _first(value: Any) -> list[Any]:
    """The first vector of a vector, a list of them, or lists by the type of their numbers."""
    if by_type := mapping(value):
        return _first(next(iter(by_type.values())))
    if not isinstance(value, list) or not value:
        return []
    return _first(value[0]) if isinstance(value[0], list | Mapping) else value
