"""OpenAI's other operations: embeddings, images, speech, transcriptions, moderations."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.media import blob_part, modality_of
from watchkeeper.providers.openai.usage import RESPONSE, read_usage
from watchkeeper.reading import (
    Attributes,
    Message,
    Reader,
    Request,
    Response,
    Usage,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain, Vector

IMAGE = {
    "n": "gen_ai.request.choice.count",
    "size": "openai.request.image.size",
    "quality": "openai.request.image.quality",
    "user": "user.id",
}
SPEECH = {"voice": "openai.request.voice", "speed": "openai.request.speed"}
TRANSCRIPTION = {"temperature": "gen_ai.request.temperature", "language": "openai.request.language"}


def read_embeddings_request(body: Plain) -> Request:
    body = mapping(body)
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    attributes = present(body, {"dimensions": "gen_ai.embeddings.dimension.count", "user": "user.id"})
    if encoding := text(body.get("encoding_format")):
        attributes["gen_ai.request.encoding_formats"] = [encoding]
    messages = [message("user", text_part(item)) for item in texts if isinstance(item, str)]
    return Request(model=text(body.get("model")), attributes=attributes, messages=messages)


def read_embeddings(body: Plain) -> Response:
    body = mapping(body)
    attributes: Attributes = {}
    for item in mappings(body.get("data"))[:1]:
        if isinstance(vector := item.get("embedding"), Vector | list):
            attributes["gen_ai.embeddings.dimension.count"] = (
                vector.length if isinstance(vector, Vector) else len(vector)
            )
    usage = read_usage(body.get("usage"))
    return Response(model=text(body.get("model")), usage=usage, attributes=attributes)


def read_image_request(body: Plain) -> Request:
    body = mapping(body)
    parts = [text_part(prompt)] if (prompt := text(body.get("prompt"))) else []
    parts += map(_upload_part, mappings(body.get("files")))
    return Request(
        model=text(body.get("model")),
        is_stream=body.get("stream") is True,
        attributes={**present(body, IMAGE), "gen_ai.output.type": "image"},
        messages=[message("user", *parts)],
    )


def read_images(body: Plain) -> Response:
    body = mapping(body)
    mime_type = f"image/{body.get('output_format') or 'png'}"
    messages = [_image_message(image, mime_type) for image in mappings(body.get("data"))]
    return Response(usage=read_usage(body.get("usage")), messages=messages)


def _image_message(image: Mapping[str, Any], mime_type: str) -> Message:
    if url := text(image.get("url")):
        return message("assistant", {"type": "uri", "modality": "image", "uri": url})
    return message("assistant", blob_part("image", image.get("b64_json"), mime_type))


def fold_images(pieces: Sequence[Plain]) -> Plain:
    """The images that a stream ended with; the partial ones before are previews."""
    events = [event for event in mappings(list(pieces)) if str(event.get("type", "")).endswith(".completed")]
    return {**(events[-1] if events else {}), "data": events}


def _upload_part(upload: Mapping[str, Any]) -> dict[str, Any]:
    mime_type = text(upload.get("mime_type"))
    field = str(upload.get("field", ""))
    otherwise = "image" if field.startswith(("image", "mask")) else "audio"
    part = blob_part(modality_of(mime_type, otherwise=otherwise), upload.get("content"), mime_type)
    return {**part, "name": upload.get("name")} if upload.get("name") else part


def read_speech_request(body: Plain) -> Request:
    body = mapping(body)
    instructions = text(body.get("instructions"))
    return Request(
        model=text(body.get("model")),
        attributes={**present(body, SPEECH), "gen_ai.output.type": "speech"},
        messages=[message("user", text_part(str(body.get("input", ""))))],
        system=[text_part(instructions)] if instructions else [],
    )


def read_speech(body: Plain) -> Response:
    if isinstance(body, bytes):
        return Response(messages=[message("assistant", blob_part("audio", body))])
    return Response(usage=read_usage(mapping(body).get("usage")))


def read_transcription_request(body: Plain) -> Request:
    body = mapping(body)
    parts = [text_part(prompt)] if (prompt := text(body.get("prompt"))) else []
    parts += map(_upload_part, mappings(body.get("files")))
    return Request(
        model=text(body.get("model")),
        is_stream=str(body.get("stream")).lower() == "true",
        attributes={**present(body, TRANSCRIPTION), "gen_ai.output.type": "text"},
        messages=[message("user", *parts)],
    )


def read_transcription(body: Plain) -> Response:
    """A JSON object, or the bare text that some formats give."""
    transcript = body if isinstance(body, str) else str(mapping(body).get("text", ""))
    usage = mapping(mapping(body).get("usage"))
    return Response(
        usage=read_usage(usage) if usage.get("type") != "duration" else Usage(),
        attributes=present(usage, {"seconds": "openai.usage.audio_seconds"}),
        messages=[message("assistant", text_part(transcript))],
    )


def read_transcription_chunk(event: Any) -> str | None:
    return event.delta if event.type == "transcript.text.delta" else None


def fold_transcription(pieces: Sequence[Plain]) -> Plain:
    events = mappings(list(pieces))
    done = next((event for event in events if event.get("type") == "transcript.text.done"), None)
    deltas = (piece if isinstance(piece, str) else mapping(piece).get("delta") for piece in pieces)
    return done or {"text": "".join(delta for delta in deltas if isinstance(delta, str))}


def read_moderation_request(body: Plain) -> Request:
    body = mapping(body)
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    parts = [
        text_part(item if isinstance(item, str) else str(mapping(item).get("text", ""))) for item in texts
    ]
    return Request(model=text(body.get("model")), messages=[message("user", *parts)])


def read_moderation(body: Plain) -> Response:
    body = mapping(body)
    flagged = [item.get("flagged") is True for item in mappings(body.get("results"))]
    attributes: Attributes = {"openai.moderation.flagged": any(flagged), **present(body, RESPONSE)}
    return Response(model=text(body.get("model")), id=text(body.get("id")), attributes=attributes)


EMBEDDINGS = Reader("embeddings", read_embeddings_request, read_embeddings)
IMAGES = Reader("generate_content", read_image_request, read_images, fold=fold_images)
SPEECHES = Reader("generate_content", read_speech_request, read_speech)
TRANSCRIPTIONS = Reader(
    "generate_content",
    read_transcription_request,
    read_transcription,
    read_transcription_chunk,
    fold_transcription,
)
MODERATIONS = Reader("moderation", read_moderation_request, read_moderation)
