"""OpenAI's chat completions, which most providers and gateways speak."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.query.messages.parts import (
    Part,
    blob_part,
    file_part,
    media_part,
    refusal_parts,
    text_parts,
)
from watchkeeper_collector.query.messages.shapes.shape import (
    Answer,
    Document,
    Request,
    Shape,
    first_of,
    inner,
)


def read_location(block: Document, key: str, modality: str) -> list[Part] | None:
    """``{"image_url": {"url"}}`` and ``{"image_url": "…"}``."""
    value = block.get(key)
    location = first_of(value, "url") if isinstance(value, dict) else value
    return [media_part(location, None, modality)] if isinstance(location, str) else None


def read_image(block: Document) -> list[Part] | None:
    return read_location(block, "image_url", "image")


def read_video(block: Document) -> list[Part] | None:
    return read_location(block, "video_url", "video")


def read_audio(block: Document) -> list[Part] | None:
    audio = inner(block, "input_audio") or inner(block, "audio")
    data, name = audio.get("data"), audio.get("format")
    mime_type = f"audio/{name}" if isinstance(name, str) else None
    return [blob_part(data, mime_type, "audio")] if isinstance(data, str) else None


def read_file(block: Document) -> list[Part] | None:
    file = inner(block, "file")
    if isinstance(file.get("file_id"), str):
        return [file_part(file["file_id"], None, "document")]
    if isinstance(file.get("file_data"), str):
        return [media_part(file["file_data"], None, "document")]
    return None


def read_refusal(block: Document) -> list[Part]:
    return refusal_parts(first_of(block, "refusal", "content"))


def read_plain_text(block: Document) -> list[Part]:
    return text_parts(first_of(block, "text", "content"))


def read_request(document: Document) -> Request | None:
    """Anthropic's, LangChain's and many others are the same on this level."""
    if not isinstance(document.get("messages"), list):
        return None
    return Request(
        document["messages"],
        first_of(document, "system", "system_prompt"),
        first_of(document, "tools", "functions"),
    )


def read_response(document: Document) -> Sequence[Answer]:
    choices = document.get("choices")
    if not isinstance(choices, list):
        return ()
    return [_read_choice(choice) for choice in choices if isinstance(choice, dict)]


def _read_choice(choice: Document) -> Answer:
    message: Any = first_of(choice, "message", "delta", "text")
    return Answer(message, choice.get("finish_reason"))


SHAPE = Shape(
    types={
        "input_text": read_plain_text,
        "output_text": read_plain_text,
        "summary_text": read_plain_text,
        "image_url": read_image,
        "video_url": read_video,
        "input_audio": read_audio,
        "audio": read_audio,
        "file": read_file,
        "refusal": read_refusal,
    },
    request=read_request,
    response=read_response,
)
