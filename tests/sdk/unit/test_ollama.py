"""What is special about Ollama: streams that are sent when they are read, functions of the module, thoughts,
images, and models without a price.
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import ollama
import pytest
import watchkeeper
from watchkeeper import Handle
from watchkeeper.providers.ollama import READERS

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.ollama_subjects import (
    CHAT_BODY,
    CHAT_CHUNKS,
    CHAT_SUBJECT,
    EMBED_SUBJECT,
    GENERATE_SUBJECT,
    GENERATED_BODY,
    HEAD,
    MODEL,
    QUESTION,
    ask,
    build,
    build_async,
    chat_chunk,
    lines,
)
from tests.sdk.contract.wire import Reply

SeenBy = Callable[[Handle], list[Seen]]
STREAM = Reply(chunks=lines(*CHAT_CHUNKS), content_type="application/x-ndjson")
PIXEL = "iVBORw0KGgo="
CHAT, GENERATE = READERS["/api/chat"], READERS["/api/generate"]


def parts(span: Seen) -> list[dict[str, Any]]:
    (answer,) = span.content("gen_ai.output.messages")
    return list(answer["parts"])


def test_functions_of_the_module_are_recorded(
    watch: Watch, seen: SeenBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were bound to the module's own client before."""
    wire = CHAT_SUBJECT.wire()
    own = ollama.chat.__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(own._client, "_transport", wire.client()._transport)
    monkeypatch.setattr(own._client, "_mounts", {})
    handle = watch()
    assert ollama.chat(MODEL, QUESTION)["message"]["content"] == "In Norway, of course."
    (span,) = seen(handle)
    assert (span.name, span.attributes["gen_ai.usage.output_tokens"]) == (f"chat {MODEL}", 9)


def test_a_stream_belongs_to_where_it_was_asked_for(watch: Watch, seen: SeenBy) -> None:
    """Its request is sent when it is read, which may be elsewhere."""
    handle = watch()

    @watchkeeper.trace
    def ask_within() -> Any:
        with watchkeeper.context(session="s-1"):
            return ask(build(CHAT_SUBJECT.wire(STREAM)), stream=True)

    assert len(list(ask_within())) == 5
    spans = {span.name: span for span in seen(handle)}
    call, step = spans[f"chat {MODEL}"], spans[ask_within.__qualname__]
    assert (call.parent_id, call.attributes["session.id"]) == (step.span_id, "s-1")


def test_a_stream_is_a_generator_as_the_clients_own(watch: Watch) -> None:
    plain = ask(build(CHAT_SUBJECT.wire(STREAM)), stream=True)
    watch()
    stream = ask(build(CHAT_SUBJECT.wire(STREAM)), stream=True)
    assert inspect.isgenerator(stream)
    assert stream.__qualname__ == plain.__qualname__
    assert repr(stream).partition(" at ")[0] == repr(plain).partition(" at ")[0]


def test_a_stream_of_none_is_complete(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    reply = Reply(chunks=(b"",), content_type="application/x-ndjson")
    assert list(ask(build(CHAT_SUBJECT.wire(reply)), stream=True)) == []

    async def scenario() -> None:
        client = build_async(CHAT_SUBJECT.wire(reply))
        assert [chunk async for chunk in await ask(client, stream=True)] == []

    asyncio.run(scenario())
    assert [span.attributes["watchkeeper.stream.state"] for span in seen(handle)] == ["complete"] * 2


def test_an_error_within_a_stream_is_the_calls(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    chunks = lines(CHAT_CHUNKS[0], {"error": "an error was encountered while running the model"})
    stream = ask(
        build(CHAT_SUBJECT.wire(Reply(chunks=chunks, content_type="application/x-ndjson"))), stream=True
    )
    with pytest.raises(ollama.ResponseError, match="an error was encountered"):
        list(stream)
    (span,) = seen(handle)
    assert (span.is_error, span.attributes["error.type"]) == (True, "ollama._types.ResponseError")
    assert parts(span) == [{"type": "text", "content": "In "}]


def test_thoughts_and_calls_to_tools_in_a_stream_are_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    chunks = [
        chat_chunk(thinking="Norway? "),
        chat_chunk(thinking="Norway."),
        chat_chunk(content="Let me "),
        chat_chunk(content="look."),
        chat_chunk(tool_calls=[call]),
        CHAT_CHUNKS[-1],
    ]
    reply = Reply(chunks=lines(*chunks), content_type="application/x-ndjson")
    stream = ask(build(CHAT_SUBJECT.wire(reply)), stream=True, think="high", tools=[weather])
    assert len(list(stream)) == 6
    (span,) = seen(handle)
    assert parts(span) == [
        {"type": "reasoning", "content": "Norway? Norway."},
        {"type": "text", "content": "Let me look."},
        {"type": "tool_call", "name": "weather", "arguments": {"city": "Oslo"}},
    ]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.attributes["gen_ai.request.reasoning.level"] == "high"
    (tool,) = span.content("gen_ai.tool.definitions")
    assert (tool["type"], tool["name"], tool["parameters"]["required"]) == ("function", "weather", ["city"])


def weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: Its name.

    Returns:
        str: What it is like.
    """
    return f"snow in {city}"


def test_images_are_described_only(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    messages = [{"role": "user", "content": "What is this?", "images": [PIXEL]}]
    build(CHAT_SUBJECT.wire()).chat(model="llava", messages=messages)
    (span,) = seen(handle)
    text, image = span.content("gen_ai.input.messages")[0]["parts"]
    assert (text["content"], image["type"], image["size_bytes"]) == ("What is this?", "blob", 8)
    assert PIXEL not in span.texts()


def test_an_image_that_was_made_is_described_only() -> None:
    response = GENERATE.response({**HEAD, "image": PIXEL, "done": True, "done_reason": "stop"})
    (answer,) = response.messages
    assert answer["parts"][0].keys() == {"type", "modality", "size_bytes", "sha256"}


def test_answers_to_tools_are_read() -> None:
    request = CHAT.request(
        {"model": MODEL, "messages": [{"role": "tool", "tool_name": "weather", "content": "snow"}]}
    )
    assert request.messages == [
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "name": "weather", "response": "snow"}],
        }
    ]


def test_options_become_attributes() -> None:
    options = {"num_predict": 64, "top_k": 40, "seed": 7, "stop": ["."], "num_ctx": 4096, "temperature": 0.0}
    body = {"model": MODEL, "prompt": "Hi", "options": options, "format": {"type": "object"}, "think": True}
    assert GENERATE.request(body).attributes == {
        "gen_ai.request.max_tokens": 64,
        "gen_ai.request.top_k": 40,
        "gen_ai.request.seed": 7,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.stop_sequences": ["."],
        "gen_ai.output.type": "json",
    }


def test_a_local_model_has_no_price(watch: Watch, seen: SeenBy) -> None:
    """Not even one whose name is known elsewhere: it is unpriced, not free."""
    handle = watch(is_priced=True)
    client = build(CHAT_SUBJECT.wire(Reply({**CHAT_BODY, "model": "gpt-4o"})))
    client.chat(model="gpt-4o", messages=QUESTION)
    (span,) = seen(handle)
    assert "operation.cost" not in span.attributes


def test_loading_a_model_is_no_empty_answer(watch: Watch, seen: SeenBy) -> None:
    handle = watch(capture="sampled", sample_ratio=0.0)
    reply = Reply(
        {**HEAD, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "load"}
    )
    build(CHAT_SUBJECT.wire(reply)).chat(model=MODEL)
    (span,) = seen(handle)
    assert "gen_ai.response.finish_reasons" not in span.attributes
    assert "watchkeeper.content.kept" not in span.attributes


def test_the_older_embeddings_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(EMBED_SUBJECT.wire(Reply({"embedding": [0.5] * 64})))
    client.embeddings(model="all-minilm", prompt="Oslo")
    (span,) = seen(handle)
    assert span.name == "embeddings all-minilm"
    assert span.attributes["gen_ai.embeddings.dimension.count"] == 64
    assert "Oslo" in span.attributes["gen_ai.input.messages"]


def test_a_server_of_ollamas_own_is_named(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = GENERATE_SUBJECT.wire(Reply(GENERATED_BODY))
    client = ollama.Client("https://ollama.com", transport=wire.client()._transport)
    client.generate(model="gpt-oss:120b", prompt="Where is Oslo?")
    (span,) = seen(handle)
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("ollama.com", 443)
    assert parts(span) == [{"type": "text", "content": "In Norway, of course."}]


def test_what_is_no_call_to_a_model_is_not_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    assert build(CHAT_SUBJECT.wire(Reply({"models": []}))).list().models == []
    progress = Reply(chunks=lines({"status": "success"}), content_type="application/x-ndjson")
    assert len(list(build(CHAT_SUBJECT.wire(progress)).pull(MODEL, stream=True))) == 1
    assert seen(handle) == []


def test_a_folded_stream_is_the_answer_of_the_plain_call() -> None:
    def kept(chunk: dict[str, Any]) -> Any:
        text = CHAT.chunk(ollama.ChatResponse(**chunk))
        return chunk if text is None else text

    folded, plain = CHAT.response(CHAT.fold([*map(kept, CHAT_CHUNKS)])), CHAT.response(CHAT_BODY)
    assert (folded.messages, folded.usage) == (plain.messages, plain.usage)
    assert CHAT.response(CHAT.fold(CHAT_CHUNKS)).messages == plain.messages
