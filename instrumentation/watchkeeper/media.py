"""Images, sounds and files in messages: their size, type and hash instead of their bytes."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

from watchkeeper.reading import Part
from watchkeeper.snapshot import Binary

MODALITIES = ("image", "audio", "video")


def blob_part(modality: str, data: Any, mime_type: str | None = None) -> Part:
    """A part for binary data: base64 text, bytes, or bytes that were too large to keep."""
    part: Part = {"type": "blob", "modality": modality}
    if mime_type:
        part["mime_type"] = mime_type
    if isinstance(data, Binary):
        return {**part, "size_bytes": data.size_bytes}
    content = _decoded(data) if isinstance(data, str) else data
    if isinstance(content, bytes):
        part |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return part


def url_part(modality: str, url: str) -> Part:
    """A part for an address; a ``data:`` address holds the data itself."""
    if not url.startswith("data:"):
        return {"type": "uri", "modality": modality, "uri": url}
    header, _, data = url.partition(",")
    return blob_part(modality, data, header[5:].partition(";")[0] or None)


def modality_of(mime_type: str | None, *, otherwise: str = "file") -> str:
    kind = (mime_type or "").partition("/")[0]
    return kind if kind in MODALITIES else otherwise


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return text.encode("utf-8", "replace")
