"""Chat completions, and text that goes on from a prompt, whole and in streams."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.providers.hugging_face.lines import decode_pieces, read_chat_line, read_token_line
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Reader,
    Request,
    Response,
    Usage,
    count,
    mapping,
    message,
    present,
    text,
    text_part,
)
from watchkeeper.snapshot import Plain

FINISH_REASONS = {"eos_token": "stop", "stop_sequence": "stop", **chat.FINISH_REASONS}
PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_new_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
}
"""Of text generation, beside those of completions in OpenAI's form."""


def read_chat_request(body: Plain) -> Request:
    request = chat.read_compatible_request(body)
    if mapping(mapping(body).get("response_format")).get("type") == "json":  # a schema, in an older form
        request.attributes["gen_ai.output.type"] = "json"
    return request


def read_chat(body: Plain) -> Response:
    response = chat.read_response(chat.with_reasons(mapping(body), FINISH_REASONS))
    response.error_type = _error(mapping(body))
    return response


def _error(body: Mapping[str, Any]) -> str | None:
    """Of a stream that ends with an error."""
    error = body.get("error")
    return text(body.get("error_type")) or text(mapping(error).get("type")) or ("_OTHER" if error else None)


def fold_chat(pieces: Sequence[Plain]) -> Plain:
    return chat.fold(list(decode_pieces(pieces)))


def read_prompt_request(body: Plain) -> Request:
    """``inputs`` and ``parameters``, or a completion in OpenAI's form."""
    body = mapping(body)
    request = chat.read_text_request({**body, "prompt": body.get("inputs", body.get("prompt"))})
    parameters = mapping(body.get("parameters"))
    request.attributes |= present(parameters, PARAMETERS)
    if isinstance(stops := parameters.get("stop"), list) and stops:
        request.attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    if parameters.get("grammar"):
        request.attributes["gen_ai.output.type"] = "json"
    return request


def read_generated(body: Plain) -> Response:
    """An answer, which some servers give as a list of one."""
    body = mapping(body[0] if isinstance(body, list) and body else body)
    if "choices" in body:
        return read_chat(body)
    details = mapping(body.get("details"))
    said = text(details.get("finish_reason"))
    reason = FINISH_REASONS.get(said, said) if said else None
    answer = message("assistant", text_part(str(body.get("generated_text") or "")))
    return Response(
        finish_reasons=[reason] if reason else [],
        usage=Usage(_prompt_tokens(details), count(details.get("generated_tokens"))),
        messages=[{**answer, "finish_reason": reason} if reason else answer],
        error_type=_error(body),
    )


def _prompt_tokens(details: Mapping[str, Any]) -> int | None:
    """Counted, or listed one by one."""
    prompt = details.get("prefill")
    listed = len(prompt) if isinstance(prompt, list) and prompt else None
    return count(details.get("input_length", listed))


def fold_generated(pieces: Sequence[Plain]) -> Plain:
    """The last event has the whole text beside its details; a stream that was left early has its tokens."""
    body: dict[str, Any] = {}
    texts: list[str] = []
    for piece in decode_pieces(pieces):
        event = {"token": {"text": piece}} if isinstance(piece, str) else mapping(piece)
        token = mapping(event.get("token"))
        texts += [str(token.get("text", ""))] if not token.get("special") else []
        body |= {key: value for key, value in event.items() if value is not None}
    return {"generated_text": "".join(texts), **body}


CHAT = Reader("chat", read_chat_request, read_chat, read_chat_line, fold_chat)
GENERATION = Reader("text_completion", read_prompt_request, read_generated, read_token_line, fold_generated)
