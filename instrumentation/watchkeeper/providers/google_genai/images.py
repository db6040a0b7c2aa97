"""Images by the models that make nothing else."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.reading import (
    Attributes,
    Message,
    Reader,
    Request,
    Response,
    mapping,
    mappings,
    message,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain


def read_request(body: Plain) -> Request:
    body = mapping(body)
    prompts = [str(instance.get("prompt", "")) for instance in mappings(body.get("instances"))]
    attributes: Attributes = {"gen_ai.output.type": "image"}
    if isinstance(choices := mapping(body.get("parameters")).get("sampleCount"), int) and choices != 1:
        attributes["gen_ai.request.choice.count"] = choices
    return Request(
        model=text(body.get("model")),
        attributes=attributes,
        messages=[message("user", text_part(prompt)) for prompt in prompts],
    )


def read_response(body: Plain) -> Response:
    """``raiFilteredReason`` stands for each image that was held back."""
    predictions = mappings(mapping(body).get("predictions"))
    is_filtered = any(prediction.get("raiFilteredReason") for prediction in predictions)
    return Response(
        finish_reasons=["content_filter"] if is_filtered else [],
        messages=[_message(prediction) for prediction in predictions],
    )


def _message(prediction: Mapping[str, Any]) -> Message:
    if reason := text(prediction.get("raiFilteredReason")):
        return message("assistant", {"type": "refusal", "content": reason})
    data = prediction.get("bytesBase64Encoded")
    return message("assistant", blob_part("image", data, text(prediction.get("mimeType"))))


IMAGES = Reader("generate_content", read_request, read_response)
