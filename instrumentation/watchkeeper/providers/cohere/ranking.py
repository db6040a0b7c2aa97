"""Documents ranked by how well they answer a query, in both forms of the API."""

from typing import Any

from watchkeeper.providers.cohere.usage import read_units, read_usage
from watchkeeper.reading import (
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
from watchkeeper.snapshot import Plain


def read_request(body: Plain) -> Request:
    """The query, and each document as a part of its own."""
    body = mapping(body)
    documents = [_text(document) for document in items(body.get("documents"))]
    query = text(body.get("query")) or ""
    return Request(
        model=text(body.get("model")),
        attributes=present(body, {"top_n": "gen_ai.retrieval.top_k"}),
        messages=[message("user", text_part(query), *map(text_part, documents))],
    )


def _text(document: Any) -> str:
    said = mapping(document).get("text", document)
    return said if isinstance(said, str) else str(said)


def read_response(body: Plain) -> Response:
    """Places of the documents in the request, best first."""
    body = mapping(body)
    ranks = [
        {"index": result.get("index"), "score": result.get("relevance_score")}
        for result in mappings(body.get("results"))
    ]
    return Response(
        id=text(body.get("id")),
        usage=read_usage(body.get("meta")),
        attributes=read_units(body.get("meta")),
        messages=[message("assistant", {"type": "ranking", "content": ranks})],
    )


RANKING = Reader("rerank", read_request, read_response)
