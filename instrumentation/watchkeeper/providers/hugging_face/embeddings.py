"""Embeddings: lists of numbers, of whole texts or of each token, or in OpenAI's form."""

from collections.abc import Mapping

from watchkeeper.providers.openai import media
from watchkeeper.reading import Reader, Request, Response, items, mapping
from watchkeeper.snapshot import Plain


def read_embeddings_request(body: Plain) -> Request:
    body = mapping(body)
    return media.read_embeddings_request({**body, "input": body.get("inputs", body.get("input"))})


def read_embeddings(body: Plain) -> Response:
    """Lists of numbers in lists, or embeddings in OpenAI's form."""
    if isinstance(body, Mapping):
        return media.read_embeddings(body)
    while isinstance(body, list) and body and isinstance(body[0], list):
        body = body[0]
    dimensions = len(items(body))
    return Response(attributes={"gen_ai.embeddings.dimension.count": dimensions} if dimensions else {})


EMBEDDINGS = Reader("embeddings", read_embeddings_request, read_embeddings)
