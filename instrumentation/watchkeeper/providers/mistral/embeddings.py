"""Embeddings, whose members have names of Mistral's own."""

from dataclasses import replace

from watchkeeper.providers.openai import media
from watchkeeper.reading import Reader, Request, Response, mapping, text
from watchkeeper.snapshot import Plain


def read_embeddings_request(body: Plain) -> Request:
    body = mapping(body)
    given = {**body, "input": body.get("inputs"), "dimensions": body.get("output_dimension")}
    return media.read_embeddings_request(given)


def read_embeddings(body: Plain) -> Response:
    return replace(media.read_embeddings(body), id=text(mapping(body).get("id")))


EMBEDDINGS = Reader("embeddings", read_embeddings_request, read_embeddings)
