"""Reads documents that a search found or a re-ranker sorted."""

from math import isfinite
from typing import Any

from watchkeeper_collector.query.messages.json_text import read_nested
from watchkeeper_collector.query.messages.shapes.langchain import unwrap
from watchkeeper_collector.query.messages.shapes.shape import Document, first_of, inner

FIELDS = {
    "id": ("id", "id_", "document_id", "doc_id", "_id"),
    "score": ("score", "relevance_score", "similarity"),
    "content": ("content", "page_content", "pageContent", "text", "chunk"),
}
"""The fields of a document, and how senders call them."""
RENAMED = {key for keys in FIELDS.values() for key in keys}
LISTS = ("documents", "source_documents", "docs", "results", "nodes", "output", "data")
WRAPPED_IN = ("document", "node", "payload")


def read_documents(value: Any) -> list[Document]:
    """``{"id"?, "score"?, "content"?, …}`` for each; nothing where the value is no list of documents."""
    if isinstance(value, dict):
        lists = (value[key] for key in LISTS if isinstance(value.get(key), list))
        return next((found for several in lists if (found := read_documents(several))), [])
    if not isinstance(value, list) or not value:
        return []
    found = [document for one in value if (document := _read_document(one))]
    return found if len(found) == len(value) else []


def _read_document(value: Any) -> Document | None:
    """LlamaIndex' ``{"node": {…}, "score"}`` and Cohere's ``{"document": {…}, …}`` are two levels of one."""
    if not isinstance(value, dict):
        return None
    outer = unwrap(value)
    fields = next((fields for key in WRAPPED_IN if (fields := inner(outer, key))), {})
    merged = {**unwrap(fields), **{key: one for key, one in outer.items() if key not in WRAPPED_IN}}
    document = {
        field: found for field, keys in FIELDS.items() if (found := first_of(merged, *keys)) is not None
    }
    if "content" not in document and not {"id", "score"} <= document.keys():
        return None
    kept = {key: read_nested(one) for key, one in merged.items() if key not in RENAMED and one is not None}
    return {**document, **_scored(document), **kept}


def _scored(document: Document) -> Document:
    """The score as a number: attributes are text."""
    try:
        score = float(document.get("score", ""))
    except (TypeError, ValueError):
        return {}
    return {"score": score} if isfinite(score) else {}
