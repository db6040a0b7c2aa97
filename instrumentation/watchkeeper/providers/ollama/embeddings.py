"""Embeddings, by the newer operation and the older one."""

from watchkeeper.providers.ollama.usage import read_usage
from watchkeeper.reading import (
    Attributes,
    Reader,
    Request,
    Response,
    items,
    mapping,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain, Vector


def read_embeddings_request(body: Plain) -> Request:
    """``input`` of the newer operation, ``prompt`` of the older."""
    body = mapping(body)
    given = body.get("input", body.get("prompt"))
    texts = given if isinstance(given, list) else [given]
    return Request(
        model=text(body.get("model")),
        attributes=present(body, {"dimensions": "gen_ai.embeddings.dimension.count"}),
        messages=[message("user", text_part(said)) for said in texts if isinstance(said, str)],
    )


def read_embeddings(body: Plain) -> Response:
    body = mapping(body)
    vectors = items(body.get("embeddings")) or [body.get("embedding")]
    attributes: Attributes = {}
    if isinstance(vector := vectors[0], Vector | list):
        attributes["gen_ai.embeddings.dimension.count"] = (
            len(vector) if isinstance(vector, list) else vector.length
        )
    return Response(model=text(body.get("model")), usage=read_usage(body), attributes=attributes)


EMBEDDINGS = Reader("embeddings", read_embeddings_request, read_embeddings)
