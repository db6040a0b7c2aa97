"""Documents that are read, page by page."""

from watchkeeper.providers.mistral.contents import read_part
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


DOCUMENTS = Reader("generate_content", read_document_request, read_document)
