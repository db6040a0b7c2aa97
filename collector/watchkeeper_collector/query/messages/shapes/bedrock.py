"""Amazon Bedrock's Converse: blocks without a type, told apart by their only key."""

from collections.abc import Sequence

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    media_part,
    reasoning_parts,
    text_parts,
    tool_call_part,
    tool_response_part,
)
from watchkeeper_collector.query.messages.shapes.shape import Answer, Document, Shape, first_of, inner

MODALITIES = {"image": "image", "video": "video", "document": "document"}


def read_tool_use(block: Document) -> list[Part] | None:
    call = inner(block, "toolUse")
    return [tool_call_part(call.get("name"), call.get("input"), call.get("toolUseId"))] if call else None


def read_tool_result(block: Document) -> list[Part] | None:
    result = inner(block, "toolResult")
    return [tool_response_part(result.get("content"), result.get("toolUseId"))] if result else None


def read_reasoning(block: Document) -> list[Part] | None:
    reasoning = inner(block, "reasoningContent")
    text = first_of(inner(reasoning, "reasoningText"), "text")
    return reasoning_parts(text) if reasoning else None


def read_guarded(block: Document) -> list[Part] | None:
    text = inner(inner(block, "guardContent"), "text").get("text")
    return text_parts(text) if isinstance(text, str) else None


def read_media(block: Document) -> list[Part] | None:
    kind = next(kind for kind in MODALITIES if kind in block)
    media = inner(block, kind)
    source, extension = inner(media, "source"), media.get("format")
    mime_type = f"{kind}/{extension}" if kind != "document" and isinstance(extension, str) else None
    if isinstance(data := source.get("bytes"), str):
        return [blob_part(data, mime_type, MODALITIES[kind])]
    location = inner(source, "s3Location").get("uri")
    return [media_part(location, mime_type, MODALITIES[kind])] if isinstance(location, str) else None


def read_nothing(_block: Document) -> list[Part]:
    return []


def read_response(document: Document) -> Sequence[Answer]:
    message = inner(inner(document, "output"), "message")
    return [Answer(message, document.get("stopReason"))] if message else ()


SHAPE = Shape(
    keys={
        "toolUse": read_tool_use,
        "toolResult": read_tool_result,
        "reasoningContent": read_reasoning,
        "guardContent": read_guarded,
        "image": read_media,
        "video": read_media,
        "document": read_media,
        "cachePoint": read_nothing,
    },
    response=read_response,
)
