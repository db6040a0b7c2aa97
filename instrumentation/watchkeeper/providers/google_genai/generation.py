"""Generated content, whole and in streams."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from watchkeeper.providers.google_genai.contents import read_content, read_parts, read_tools
from watchkeeper.providers.google_genai.members import member
from watchkeeper.providers.google_genai.usage import read_usage
from watchkeeper.reading import Attributes, Message, Reader, Request, Response, mapping, mappings, text
from watchkeeper.snapshot import Plain

PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "topP": "gen_ai.request.top_p",
    "topK": "gen_ai.request.top_k",
    "maxOutputTokens": "gen_ai.request.max_tokens",
    "presencePenalty": "gen_ai.request.presence_penalty",
    "frequencyPenalty": "gen_ai.request.frequency_penalty",
    "seed": "gen_ai.request.seed",
    "candidateCount": "gen_ai.request.choice.count",
}
OUTPUT_TYPES = {"IMAGE": "image", "AUDIO": "speech", "application/json": "json", "text/x.enum": "json"}
"""By a response's modality or type."""
FILTERED = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR", "JAILBREAK",
    }
)  # fmt: skip
"""Reasons why an answer, or a prompt, was held back."""
FAILED = frozenset(
    {
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
    }
)  # fmt: skip
FINISH_REASONS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(FILTERED, "content_filter"),
    **dict.fromkeys(FAILED, "error"),
}
"""In the conventions' words; others stay as they are, in small letters."""


def read_request(body: Plain) -> Request:
    body = mapping(body)
    system = mapping(member(body, "systemInstruction"))
    return Request(
        model=text(body.get("model")),
        attributes=_parameters(body),
        messages=[read_content(content) for content in mappings(body.get("contents"))],
        system=read_parts(system),
        tools=list(read_tools(body.get("tools"))),
    )


def read_stream_request(body: Plain) -> Request:
    request = read_request(body)
    request.is_stream = True
    return request


def _parameters(body: Mapping[str, Any]) -> Attributes:
    config = mapping(member(body, "generationConfig"))
    attributes: Attributes = {
        name: value
        for key, name in PARAMETERS.items()
        if isinstance(value := member(config, key), int | float)
    }
    if attributes.get("gen_ai.request.choice.count") == 1:
        del attributes["gen_ai.request.choice.count"]
    if isinstance(stops := member(config, "stopSequences"), list):
        attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    if output := _output_type(config):
        attributes["gen_ai.output.type"] = output
    thinking = mapping(member(config, "thinkingConfig"))
    if level := text(member(thinking, "thinkingLevel")):
        attributes["gen_ai.request.reasoning.level"] = level.lower()
    if isinstance(budget := member(thinking, "thinkingBudget"), int):
        attributes["gcp.gemini.request.thinking_budget"] = budget
    if tier := text(member(body, "serviceTier")):
        attributes["gcp.gemini.request.service_tier"] = tier
    return attributes


def _output_type(config: Mapping[str, Any]) -> str | None:
    wanted = member(config, "responseModalities")
    kinds = [*(wanted if isinstance(wanted, list) else ()), member(config, "responseMimeType")]
    return next((OUTPUT_TYPES[kind] for kind in kinds if kind in OUTPUT_TYPES), None)


def read_response(body: Plain) -> Response:
    body = mapping(body)
    candidates = mappings(body.get("candidates"))
    blocked = text(mapping(body.get("promptFeedback")).get("blockReason"))
    usage = mapping(body.get("usageMetadata"))
    return Response(
        model=text(body.get("modelVersion")),
        id=text(body.get("responseId")),
        finish_reasons=[*_finish_reasons(candidates), *(["content_filter"] if blocked else [])],
        usage=read_usage(usage),
        attributes=_attributes(candidates, blocked, usage),
        messages=[_message(candidate) for candidate in candidates],
    )


def _finish_reasons(candidates: Iterable[Mapping[str, Any]]) -> list[str]:
    return [reason for candidate in candidates if (reason := _finish_reason(candidate))]


def _finish_reason(candidate: Mapping[str, Any]) -> str | None:
    """Google says ``STOP`` also where a model stops to have a tool called."""
    reason = text(candidate.get("finishReason"))
    if reason == "STOP" and any("functionCall" in part for part in _parts(candidate)):
        return "tool_call"
    return FINISH_REASONS.get(reason, reason.lower()) if reason else None


def _attributes(
    candidates: Iterable[Mapping[str, Any]], blocked: str | None, usage: Mapping[str, Any]
) -> Attributes:
    """Why an answer was held back, in Google's own words; and what the price depends on."""
    reasons = [text(candidate.get("finishReason")) for candidate in candidates]
    attributes: Attributes = {}
    if held := [reason for reason in reasons if reason in FILTERED | FAILED]:
        attributes["gcp.gemini.response.finish_reasons"] = [str(reason) for reason in held]
    if blocked:
        attributes["gcp.gemini.response.block_reason"] = blocked
    for key, name in (("trafficType", "traffic_type"), ("serviceTier", "service_tier")):
        if value := text(usage.get(key)):
            attributes[f"gcp.gemini.response.{name}"] = value
    return attributes


def _parts(candidate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(mapping(candidate.get("content")).get("parts"))


def _message(candidate: Mapping[str, Any]) -> Message:
    message = read_content(mapping(candidate.get("content")), role="model")
    reason = _finish_reason(candidate)
    return {**message, "finish_reason": reason} if reason else message


def read_chunk(chunk: Any) -> str | None:
    """The chunk's own JSON, decoded later. One that ends an answer is kept whatever the stream's size."""
    body: str = chunk.body
    return None if '"finishReason"' in body else body


def fold(pieces: Sequence[Plain]) -> Plain:
    """The answer that a stream's chunks add up to; each chunk's usage is the sum so far."""
    body: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for chunk in map(_decoded, pieces):
        body["usageMetadata"] = {**body.get("usageMetadata", {}), **mapping(chunk.get("usageMetadata"))}
        body |= {key: value for key, value in chunk.items() if key not in ("usageMetadata", "candidates")}
        for candidate in mappings(chunk.get("candidates")):
            _add(candidates.setdefault(candidate.get("index") or 0, {"content": {"parts": []}}), candidate)
    return {**body, "candidates": [candidates[index] for index in sorted(candidates)]}


def _decoded(piece: Plain) -> Mapping[str, Any]:
    """A chunk as ``read_chunk`` left it, or as it came on the wire."""
    encoded = piece if isinstance(piece, str) else mapping(piece).get("body")
    return mapping(json.loads(encoded) if isinstance(encoded, str) else piece)


def _add(candidate: dict[str, Any], piece: Mapping[str, Any]) -> None:
    candidate |= {key: value for key, value in piece.items() if key != "content"}
    parts: list[dict[str, Any]] = candidate["content"]["parts"]
    for part in _parts(piece):
        last = parts[-1] if parts else {}
        if _is_text(part) and _is_text(last) and part.get("thought") == last.get("thought"):
            last["text"] += part["text"]
        elif _goes_on(last) and "name" not in mapping(part.get("functionCall")):
            _go_on(last["functionCall"], mapping(part.get("functionCall")))
        else:
            parts.append(
                {**part, "functionCall": dict(call)} if (call := part.get("functionCall")) else {**part}
            )


def _is_text(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


def _goes_on(part: Mapping[str, Any]) -> bool:
    return mapping(part.get("functionCall")).get("willContinue") is True


def _go_on(call: dict[str, Any], piece: Mapping[str, Any]) -> None:
    call["partialArgs"] = [*(call.get("partialArgs") or ()), *mappings(piece.get("partialArgs"))]
    call["willContinue"] = piece.get("willContinue")


GENERATION = Reader("generate_content", read_request, read_response)
STREAM = Reader("generate_content", read_stream_request, read_response, read_chunk, fold)
