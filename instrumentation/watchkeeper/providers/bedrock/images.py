"""Images by Titan, Nova Canvas and Stability's models."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.providers.bedrock.usage import finish_reason
from watchkeeper.reading import Attributes, Request, Response, mapping, mappings, message, text, text_part


def read_request(body: Mapping[str, Any]) -> Request:
    tasks = [mapping(value) for key, value in body.items() if key.endswith("Params")]
    asked = [body, *tasks, *mappings(body.get("text_prompts"))]
    prompts = [said for item in asked if (said := text(item.get("prompt")) or text(item.get("text")))]
    attributes: Attributes = {"gen_ai.output.type": "image"}
    choices = mapping(body.get("imageGenerationConfig")).get("numberOfImages")
    if isinstance(choices, int) and choices != 1:
        attributes["gen_ai.request.choice.count"] = choices
    return Request(attributes=attributes, messages=[message("user", text_part(prompt)) for prompt in prompts])


def read_response(body: Mapping[str, Any]) -> Response:
    images = body["images"] if isinstance(body.get("images"), list) else []
    artifacts = mappings(body.get("artifacts"))
    said = body.get("finish_reasons") if isinstance(body.get("finish_reasons"), list) else []
    reasons = [*(said or ()), *(artifact.get("finishReason") for artifact in artifacts)]
    data = [*images, *(artifact.get("base64") for artifact in artifacts)]
    return Response(
        finish_reasons=[read for reason in reasons if (read := finish_reason(reason))],
        messages=[message("assistant", blob_part("image", image, "image/png")) for image in data],
        error_type=text(body.get("error")),
    )
