"""Embeddings, documents that are read, and answers in the form of OpenAI's responses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.mistral.contents import read_part
from watchkeeper.providers.openai import media
from watchkeeper.reading import (
    Attributes,
    Reader,
    Request,
    Response,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

PAGES = {
    "pages_processed": "mistral_ai.ocr.usage.pages_processed",
    "doc_size_bytes": "mistral_ai.ocr.usage.doc_size_bytes",
}
"""What reading documents is billed by, under the names of the client's own spans."""


def read_embeddings_request(body: Plain) -> Request:
    body = mapping(body)
    given = {**body, "input": body.get("inputs"), "dimensions": body.get("output_dimension")}
    return media.read_embeddings_request(given)


def read_embeddings(body: Plain) -> Response:
    return replace(media.read_embeddings(body), id=text(mapping(body).get("id")))


def read_document_request(body: Plain) -> Request:
    body = mapping(body)
    document = mapping(body.get("document"))
    attributes: Attributes = {"gen_ai.output.type": "text"}
    return Request(
        model=text(body.get("model")),
        attributes=attributes,
        messages=[message("user", read_part(document))] if document else [],
    )


def read_document(body: Plain) -> Response:
    body = mapping(body)
    pages = [text(page.get("markdown")) or "" for page in mappings(body.get("pages"))]
    return Response(
        model=text(body.get("model")),
        attributes=present(mapping(body.get("usage_info")), PAGES),
        messages=[message("assistant", *map(text_part, pages))],
    )


def framed(reader: Reader) -> Reader:
    """A reader of OpenAI's form for Mistral's client, which has a stream's events as the data of frames."""

    def read_request(body: Plain) -> Request:
        request = reader.request(body)
        request.attributes.pop("openai.api.type", None)
        return request

    def read_chunk(frame: Any) -> str | None:
        return reader.chunk(frame.data)

    def fold(pieces: Sequence[Plain]) -> Plain:
        return reader.fold(
            [mapping(piece).get("data", piece) if isinstance(piece, dict) else piece for piece in pieces]
        )

    return replace(reader, request=read_request, chunk=read_chunk, fold=fold)


EMBEDDINGS = Reader("embeddings", read_embeddings_request, read_embeddings)
DOCUMENTS = Reader("generate_content", read_document_request, read_document)
