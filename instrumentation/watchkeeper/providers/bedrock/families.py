"""The forms that families of models have for invocations, told by what is in them.

A model's name doesn't tell: it can be an address of one's own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from watchkeeper.providers.anthropic import messages as anthropic
from watchkeeper.providers.bedrock import converse, embeddings, images
from watchkeeper.providers.bedrock.usage import finish_reason
from watchkeeper.providers.openai import chat
from watchkeeper.reading import (
    Attributes,
    Message,
    Request,
    Response,
    Usage,
    count,
    mapping,
    mappings,
    message,
    present,
    text,
    text_part,
)

Body = Mapping[str, Any]
PARAMETERS = {
    "max_gen_len": "gen_ai.request.max_tokens",
    "max_tokens": "gen_ai.request.max_tokens",
    "maxTokenCount": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "topP": "gen_ai.request.top_p",
    "p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
"""Of Llama, Mistral, Titan and Cohere."""
STOPS = ("stop", "stop_sequences", "stopSequences")
STREAMED = "streamedText"
"""Ours: the joined text of a stream, beside what its last chunks say."""
COHERE_ROLES = {"CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}


def read_request(body: Body) -> Request:
    if "messages" not in body:
        return _read_prompt(body)
    if "anthropic_version" in body:
        return anthropic.read_request(body)
    blocks = [block for message in mappings(body["messages"]) for block in mappings(message.get("content"))]
    if "inferenceConfig" in body or any("type" not in block for block in blocks):
        return converse.read_request(body)
    request = chat.read_request(body)
    del request.attributes["openai.api.type"]
    return request


def _read_prompt(body: Body) -> Request:
    """A prompt as one text, with parameters beside it; Cohere has a history and instructions as well."""
    config = mapping(body.get("textGenerationConfig")) or body
    attributes: Attributes = present(config, PARAMETERS)
    stops = next((config[key] for key in STOPS if config.get(key)), None)
    if isinstance(stops, list):
        attributes["gen_ai.request.stop_sequences"] = list(map(str, stops))
    asked = [text(body.get(key)) for key in ("prompt", "inputText", "message")]
    history = [_cohere_message(entry) for entry in mappings(body.get("chat_history"))]
    preamble = text(body.get("preamble"))
    return Request(
        attributes=attributes,
        messages=[*history, *(message("user", text_part(prompt)) for prompt in asked if prompt)],
        system=[text_part(preamble)] if preamble else [],
        tools=[_cohere_tool(tool) for tool in mappings(body.get("tools"))],
    )


def _cohere_message(entry: Body) -> Message:
    role = COHERE_ROLES.get(str(entry.get("role")), "user")
    return message(role, text_part(str(entry.get("message", ""))))


def _cohere_tool(tool: Body) -> dict[str, Any]:
    known = {key: tool[key] for key in ("name", "description") if key in tool}
    return {"type": "function", **known, "parameters": tool.get("parameter_definitions")}


def read_response(body: Body) -> Response:
    """By the member that only one family's answers have."""
    read = next((read for member, read in FAMILIES.items() if member in body), None)
    response = read(body) if read else Response()
    if STREAMED in body and not response.messages:
        response.messages = [message("assistant", text_part(body[STREAMED]))]
    return response


def _read_choices(body: Body) -> Response:
    """Models with OpenAI's form; those of Mistral and DeepSeek say ``stop_reason``."""
    choices = [
        {**choice, "finish_reason": finish_reason(choice.get("finish_reason") or choice.get("stop_reason"))}
        for choice in mappings(body.get("choices"))
    ]
    return chat.read_response({**body, "choices": choices})


def _read_llama(body: Body) -> Response:
    usage = Usage(count(body.get("prompt_token_count")), count(body.get("generation_token_count")))
    return _texts([body], "generation", "stop_reason", usage)


def _read_titan(body: Body) -> Response:
    results = mappings(body.get("results")) or [body]
    counts = [count(result.get("tokenCount", result.get("totalOutputTextTokenCount"))) for result in results]
    written = sum(number for number in counts if number is not None)
    usage = Usage(count(body.get("inputTextTokenCount")), written if any(counts) else None)
    return _texts(results, "outputText", "completionReason", usage)


def _read_mistral(body: Body) -> Response:
    return _texts(mappings(body.get("outputs")), "text", "stop_reason", Usage())


def _read_cohere_generations(body: Body) -> Response:
    response = _texts(mappings(body.get("generations")), "text", "finish_reason", Usage())
    response.id = text(body.get("id"))
    return response


def _read_cohere(body: Body) -> Response:
    """Command R; a stream's last chunk has the whole answer in it."""
    body = mapping(body.get("response")) or body
    response = _texts([body], "text", "finish_reason", Usage())
    response.id = text(body.get("response_id"))
    calls = mappings(body.get("tool_calls"))
    for answer in response.messages:
        answer["parts"] += [_cohere_call(call) for call in calls]
    if calls:
        response.finish_reasons = ["tool_call"]
    return response


def _cohere_call(call: Body) -> dict[str, Any]:
    return {"type": "tool_call", "name": call.get("name"), "arguments": call.get("parameters")}


def _texts(answers: Sequence[Body], member: str, reason: str, usage: Usage) -> Response:
    """Answers that are a text and a reason to stop."""
    reasons = [said for answer in answers if (said := finish_reason(answer.get(reason)))]
    texts = [answer[member] for answer in answers if isinstance(answer.get(member), str)]
    messages = [message("assistant", text_part(said)) for said in texts]
    return Response(finish_reasons=reasons, usage=usage, messages=messages)


FAMILIES: Mapping[str, Callable[[Body], Response]] = {
    "choices": _read_choices,
    "output": converse.read_response,
    "content": anthropic.read_response,
    "generation": _read_llama,
    "results": _read_titan,
    "completionReason": _read_titan,
    "outputs": _read_mistral,
    "generations": _read_cohere_generations,
    "response": _read_cohere,
    "text": _read_cohere,
    "embedding": embeddings.read_response,
    "embeddings": embeddings.read_response,
    "images": images.read_response,
    "artifacts": images.read_response,
    "is_finished": _read_cohere,
}


def read_text(chunk: Body) -> str | None:
    """The text of a streamed chunk that has no more to say."""
    if "contentBlockDelta" in chunk:
        return converse.read_delta(chunk["contentBlockDelta"])
    if choices := chunk.get("choices"):
        delta = choices[0].get("delta") or {}
        is_plain = len(choices) == 1 and delta.keys() <= {"content"} and not _is_last(choices[0])
        return delta.get("content") if is_plain else None
    if outputs := chunk.get("outputs"):
        return outputs[0].get("text") if len(outputs) == 1 and not _is_last(outputs[0]) else None
    return None if _is_last(chunk) else _text_of(chunk)


def _is_last(chunk: Body) -> bool:
    ends = ("stop_reason", "finish_reason", "completionReason", "is_finished")
    return any(chunk.get(end) for end in ends)


def _text_of(chunk: Body) -> str | None:
    """The text of Llama's, Titan's and Cohere's chunks, and of Mistral's."""
    if outputs := mappings(chunk.get("outputs")):
        return text(outputs[0].get("text"))
    texts = (chunk.get(member) for member in ("generation", "outputText", "text"))
    return next((said for said in texts if isinstance(said, str)), None)


def fold(chunks: Sequence[str | Body], known: Body) -> Body:
    """The last word of a stream, with the text of all its chunks in place of that of the last."""
    texts = [chunk if isinstance(chunk, str) else _text_of(chunk) or "" for chunk in chunks]
    rest = {key: value for key, value in known.items() if key not in ("generation", "outputText", "text")}
    marks: dict[str, Any] = {"generation": None} if "generation" in known else {}
    if outputs := mappings(known.get("outputs")):
        marks["outputs"] = [{**outputs[0], "text": None}]
    return {**rest, **marks, STREAMED: "".join(texts)}
