"""Embeddings of texts and images, in both forms of the API."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.media import url_part
from watchkeeper.providers.cohere.turns import read_parts
from watchkeeper.providers.cohere.usage import read_units, read_usage
from watchkeeper.reading import (
    Message,
    Reader,
    Request,
    Response,
    items,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain, Vector

DIMENSIONS = "gen_ai.embeddings.dimension.count"
NUMBERS = ("float", "float_", "int8", "uint8")
"""Types of embeddings with a number for each dimension; others pack several bits into one."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    names = {"output_dimension": DIMENSIONS, "input_type": "cohere.request.input_type"}
    attributes = present(body, names)
    if isinstance(types := body.get("embedding_types"), list) and types:
        attributes["gen_ai.request.encoding_formats"] = list(map(str, types))
    return Request(model=text(body.get("model")), attributes=attributes, messages=list(_messages(body)))


def _messages(body: Mapping[str, Any]) -> Iterator[Message]:
    for said in items(body.get("texts")):
        yield message("user", text_part(str(said)))
    for image in items(body.get("images")):
        yield message("user", url_part("image", str(image)))
    for given in mappings(body.get("inputs")):
        yield message("user", *read_parts(given.get("content")))


def read_response(body: Plain) -> Response:
    body = mapping(body)
    length = _length(body.get("embeddings"))
    return Response(
        id=text(body.get("id")),
        usage=read_usage(body.get("meta")),
        attributes={**read_units(body.get("meta")), **({DIMENSIONS: length} if length else {})},
    )


def _length(embeddings: Any) -> int | None:
    """Of the first embedding, in a list or in the first list by type that tells."""
    by_type = mapping(embeddings)
    lists = [by_type[name] for name in NUMBERS if by_type.get(name)] or [embeddings]
    first = lists[0][0] if isinstance(lists[0], list) and lists[0] else None
    if isinstance(first, Vector):
        return first.length
    return len(first) if isinstance(first, list) else None


EMBEDDINGS = Reader("embeddings", read_request, read_response)
