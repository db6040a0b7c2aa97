"""What is special about Hugging Face: routes, servers of one's own, and streams that are read by lines."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import errors
from huggingface_hub.inference import _common
from watchkeeper import Handle
from watchkeeper.providers.hugging_face import READERS
from watchkeeper.providers.hugging_face.lines import read_chat_line, read_token_line

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.huggingface_subjects import (
    CHAT_SUBJECT,
    CHUNKS,
    COMPLETION,
    DETAILS,
    ENDPOINT,
    GENERATION_SUBJECT,
    MODEL,
    TOKENS,
    ask,
    build,
    build_async,
    chunk,
    token,
)
from tests.sdk.contract.openai_subjects import QUESTION
from tests.sdk.contract.wire import Reply, events

SeenBy = Callable[[Handle], list[Seen]]
CHAT, GENERATION, EMBEDDINGS = (
    READERS[task] for task in ("conversational", "text-generation", "feature-extraction")
)


def line(event: Any) -> str:
    return f"data: {json.dumps(event)}"


def parts(span: Seen) -> list[dict[str, Any]]:
    (answer,) = span.content("gen_ai.output.messages")
    return list(answer["parts"])


def test_the_form_of_openais_client_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CHAT_SUBJECT.wire())
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=64)
    assert answer.choices[0].message.content == "In Norway, of course."
    (span,) = seen(handle)
    assert (span.name, span.attributes["gen_ai.request.max_tokens"]) == (f"chat {MODEL}", 64)


def test_a_chosen_provider_is_told_beside_the_router(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(build(CHAT_SUBJECT.wire(), provider="together"))
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "huggingface"
    assert span.attributes["huggingface.inference.provider"] == "together"
    assert span.attributes["gen_ai.request.model"] == "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"


@pytest.mark.parametrize(("choice", "expected"), [(":groq", "groq"), (":cheapest", None), ("", None)])
def test_a_provider_can_be_chosen_behind_the_models_name(
    choice: str, expected: str | None, watch: Watch, seen: SeenBy
) -> None:
    handle = watch()
    build(CHAT_SUBJECT.wire()).chat_completion(QUESTION, model=f"{MODEL}{choice}")
    (span,) = seen(handle)
    assert span.attributes.get("huggingface.inference.provider") == expected


def test_a_provider_that_is_asked_directly_is_the_provider(watch: Watch, seen: SeenBy) -> None:
    """With a key of its own, the client doesn't go through the router."""
    handle = watch()
    wire: Any = CHAT_SUBJECT.wire()
    client = build(wire, provider="together")
    client.token = "together-secret"
    ask(client)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "together"
    assert span.attributes["server.address"] == "api.together.xyz"
    assert "huggingface.inference.provider" not in span.attributes


def test_a_server_of_ones_own_has_a_model_without_a_name(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CHAT_SUBJECT.wire(Reply({**COMPLETION, "model": "tgi"})), "http://127.0.0.1:8080")
    client.chat_completion(QUESTION)
    (span,) = seen(handle)
    assert "gen_ai.request.model" not in span.attributes
    assert span.attributes["gen_ai.response.model"] == "tgi"
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("127.0.0.1", 8080)


def test_the_price_is_that_of_the_route(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    answer = Reply({**COMPLETION, "model": "openai/gpt-oss-120b"})
    build(CHAT_SUBJECT.wire(answer)).chat_completion(QUESTION, model="openai/gpt-oss-120b:groq")
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.cost.basis"].endswith("huggingface_groq/openai/gpt-oss-120b")


def test_calls_to_tools_in_a_stream_are_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    def piece(arguments: str, **more: Any) -> dict[str, Any]:
        call = {"index": 0, "type": "function", "function": {"name": None, "arguments": arguments}, **more}
        return chunk({"role": "assistant", "tool_calls": [call]})

    first = piece("", id="call-1", function={"name": "weather", "arguments": ""})
    chunks = [first, piece('{"city":'), piece(' "Oslo"}'), chunk({}, "tool_calls")]
    reply = Reply(chunks=events(*chunks), content_type="text/event-stream")
    client = build(CHAT_SUBJECT.wire(reply))
    assert len(list(ask(client, stream=True))) == 4
    (span,) = seen(handle)
    assert parts(span) == [
        {"type": "tool_call", "id": "call-1", "name": "weather", "arguments": {"city": "Oslo"}}
    ]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]


def test_reasoning_and_other_choices_stay_apart(watch: Watch, seen: SeenBy) -> None:
    other = chunk({"role": "assistant", "content": "Up north."})
    other["choices"][0]["index"] = 1
    pieces = [chunk({"content": None, "reasoning": "Norway."}), *CHUNKS[:2], other]
    handle = watch()
    reply = Reply(chunks=events(*pieces), content_type="text/event-stream")
    client = build(CHAT_SUBJECT.wire(reply))
    list(ask(client, stream=True))
    (span,) = seen(handle)
    first, second = span.content("gen_ai.output.messages")
    assert first["parts"] == [
        {"type": "reasoning", "content": "Norway."},
        {"type": "text", "content": "In Norway"},
    ]
    assert second["parts"] == [{"type": "text", "content": "Up north."}]


def test_an_error_within_a_stream_is_the_calls(watch: Watch, seen: SeenBy) -> None:
    """The client raises it above the lines."""
    handle = watch()
    chunks = events(CHUNKS[0], {"error": "Model is overloaded", "error_type": "overloaded"})
    client = build(CHAT_SUBJECT.wire(Reply(chunks=chunks, content_type="text/event-stream")))
    with pytest.raises(errors.OverloadedError, match="Model is overloaded"):
        list(ask(client, stream=True))
    (span,) = seen(handle)
    assert (span.is_error, span.attributes["error.type"]) == (True, "overloaded")
    assert parts(span) == [{"type": "text", "content": "In "}]


def test_lines_without_an_event_are_no_chunks(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    chunks = (b": keep-alive\n\n", *events(*CHUNKS), b"data: [DONE]\n\n")

    async def scenario() -> int:
        client = build_async(CHAT_SUBJECT.wire(Reply(chunks=chunks, content_type="text/event-stream")))
        return len([piece async for piece in await ask(client, stream=True)])

    assert asyncio.run(scenario()) == len(CHUNKS)
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.chunks"] == len(CHUNKS)


def test_an_older_server_is_asked_again_without_what_it_does_not_know(
    watch: Watch, seen: SeenBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request is a call, as the server sees it; the client remembers what it doesn't know."""
    monkeypatch.setattr(_common, "_UNSUPPORTED_TEXT_GENERATION_KWARGS", {})
    handle = watch()
    refused = Reply(
        {"error": "The following `model_kwargs` are not used by the model: ['watermark']"}, status=400
    )
    wire = GENERATION_SUBJECT.wire(refused)
    answer = wire._answer

    def once(request: Any) -> Any:
        response = answer(request)
        wire.reply = GENERATION_SUBJECT.reply
        return response

    wire._answer = once  # type: ignore[method-assign]
    client = build(wire, ENDPOINT)
    assert client.text_generation("Where is Oslo?", watermark=True) == "In Norway, of course."
    first, second = seen(handle)
    assert (first.is_error, first.attributes["http.response.status_code"]) == (True, 400)
    assert not second.is_error


def test_parameters_of_text_generation_become_attributes() -> None:
    parameters = {"max_new_tokens": 20, "top_k": 5, "stop": ["."], "seed": 7, "grammar": {"type": "json"}}
    body = {"inputs": "Hi", "parameters": parameters, "stream": True}
    request = GENERATION.request(body)
    assert request.attributes == {
        "gen_ai.request.max_tokens": 20,
        "gen_ai.request.top_k": 5,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ["."],
        "gen_ai.output.type": "json",
    }
    assert (request.is_stream, request.messages[0]["parts"][0]["content"]) == (True, "Hi")


def test_completions_in_openais_form_are_read() -> None:
    request = GENERATION.request({"prompt": "Hi", "model": "m", "max_tokens": 5})
    assert (request.model, request.attributes) == ("m", {"gen_ai.request.max_tokens": 5})
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    response = GENERATION.response(
        {"choices": [{"text": "Hello", "finish_reason": "length"}], "usage": usage, "model": "m-1"}
    )
    assert (response.model, response.finish_reasons) == ("m-1", ["length"])
    assert response.messages[0]["parts"] == [{"type": "text", "content": "Hello"}]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (1, 2)


def test_a_listed_prompt_is_counted() -> None:
    response = GENERATION.response({"generated_text": "Hi", "details": {**DETAILS, "input_length": None}})
    assert response.usage.input_tokens is None
    details = {"finish_reason": "length", "generated_tokens": 1, "prefill": [{"id": 1}, {"id": 2}]}
    assert GENERATION.response({"generated_text": "Hi", "details": details}).usage.input_tokens == 2


@pytest.mark.parametrize(
    ("body", "dimensions"),
    [
        ([0.5, 0.25], 2),
        ([[0.5, 0.25, 0.5]], 3),
        ([[[0.5] * 4, [0.25] * 4]], 4),
        ({"data": [{"embedding": [0.5] * 8}], "usage": {"prompt_tokens": 2}}, 8),
    ],
)
def test_embeddings_of_every_form_have_dimensions(body: Any, dimensions: int) -> None:
    assert EMBEDDINGS.response(body).attributes == {"gen_ai.embeddings.dimension.count": dimensions}


def test_embeddings_that_are_huge_are_not_kept(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    reply = Reply([[0.123456789] * 1024] * 100)
    client = build(GENERATION_SUBJECT.wire(reply), ENDPOINT)
    assert client.feature_extraction(["Oslo"] * 100).shape == (100, 1024)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.operation.name"] == "embeddings"
    assert "gen_ai.embeddings.dimension.count" not in span.attributes


def test_what_is_no_call_to_a_language_model_is_not_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    reply = Reply([[{"label": "POSITIVE", "score": 0.99}]])
    assert build(GENERATION_SUBJECT.wire(reply), ENDPOINT).text_classification("Fine")[0].label == "POSITIVE"
    assert seen(handle) == []


@pytest.mark.parametrize("text", ["In ", 'a "usage": {', "\\ \u2028 ø", '"finish_reason":"stop"', ""])
def test_a_line_of_text_is_kept_as_it_is_written(text: str) -> None:
    folded = CHAT.fold([read_chat_line(line(chunk({"role": "assistant", "content": text})))])
    assert folded["choices"][0]["message"].get("content", "") == text
    assert GENERATION.fold([read_token_line(line(token(1, text)))])["generated_text"] == text


@pytest.mark.parametrize("event", [*CHUNKS[4:], chunk({"content": None}), TOKENS[-1], {"error": "x"}])
def test_a_line_with_more_to_say_is_kept_whole(event: Any) -> None:
    assert (read_chat_line(line(event)), read_token_line(line(event))) == (None, None)


def test_a_folded_stream_is_the_answer_of_the_plain_call() -> None:
    pieces = [read_chat_line(line(event)) or line(event) for event in CHUNKS]
    folded, plain = CHAT.response(CHAT.fold(pieces)), CHAT.response(COMPLETION)
    assert (folded.messages, folded.usage, folded.id) == (plain.messages, plain.usage, plain.id)
    tokens = [read_token_line(line(event)) or line(event) for event in TOKENS]
    generated = GENERATION.response(GENERATION.fold(tokens))
    whole = GENERATION.response([{"generated_text": "In Norway, of course.", "details": DETAILS}])
    assert (generated.messages, generated.usage) == (whole.messages, whole.usage)


def test_a_line_that_was_cut_is_left_out() -> None:
    assert CHAT.fold(['data: {"choices": [{"del']) == {"choices": []}
