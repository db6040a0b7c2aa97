"""OpenAI's client in every way that it can be asked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openai
import pytest
from genai_prices import Usage, calc_price
from pydantic import BaseModel
from watchkeeper import Handle
from watchkeeper.providers.openai import chat, responses

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.openai_subjects import (
    CHAT_SUBJECT,
    CHUNKS,
    COMPLETION,
    QUESTION,
    RESPONSE,
    STREAM_REPLY,
    SUBJECTS,
    build,
    build_async,
    chunk,
    http,
)
from tests.sdk.contract.wire import Reply, Wire, events

SeenBy = Callable[[Handle], list[Seen]]
RESPONSE_STREAM = next(subject.reply for subject in SUBJECTS if subject.name == "openai.responses.stream")


class City(BaseModel):
    name: str


def client(reply: Reply) -> Any:
    return build(Wire(http(), reply))


def output(span: Seen) -> str:
    (answer,) = span.content("gen_ai.output.messages")
    return "".join(part.get("content", "") for part in answer["parts"])


def test_a_raw_response_is_recorded_and_can_be_parsed(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = client(Reply(COMPLETION)).chat.completions.with_raw_response.create(
        model="gpt-4o", messages=QUESTION
    )
    assert raw.parse().id == "chatcmpl-1"
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."
    assert span.attributes["gen_ai.usage.input_tokens"] == 20


def test_a_raw_stream_is_recorded_as_the_application_reads_it(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = client(STREAM_REPLY).chat.completions.with_raw_response.create(
        model="gpt-4o", messages=QUESTION, stream=True
    )
    assert len(list(raw.parse())) == len(CHUNKS)
    (span,) = seen(handle)
    assert (output(span), span.attributes["watchkeeper.stream.chunks"]) == (
        "In Norway, of course.",
        len(CHUNKS),
    )


@pytest.mark.parametrize("read", ["json", "parse", "read", "iter_lines", "iter_bytes", "text"])
def test_a_streaming_response_is_recorded_however_it_is_read(watch: Watch, seen: SeenBy, read: str) -> None:
    handle = watch()
    asking = client(Reply(COMPLETION)).chat.completions.with_streaming_response
    with asking.create(model="gpt-4o", messages=QUESTION) as response:
        result = getattr(response, read)()
        if read.startswith("iter"):
            assert list(result)
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."


def test_a_streaming_response_of_events_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    asking = client(STREAM_REPLY).chat.completions.with_streaming_response
    with asking.create(model="gpt-4o", messages=QUESTION, stream=True) as response:
        assert len(list(response.parse())) == len(CHUNKS)
    (span,) = seen(handle)
    assert (output(span), span.attributes["watchkeeper.stream.state"]) == (
        "In Norway, of course.",
        "complete",
    )


def test_an_async_streaming_response_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> int:
        asking = build_async(Wire(http(), STREAM_REPLY)).chat.completions.with_streaming_response
        async with asking.create(model="gpt-4o", messages=QUESTION, stream=True) as response:
            return len([line async for line in response.iter_lines() if line])

    assert asyncio.run(scenario()) == len(CHUNKS) + 1
    (span,) = seen(handle)
    assert (output(span), span.attributes["watchkeeper.stream.state"]) == (
        "In Norway, of course.",
        "complete",
    )


def test_a_streaming_response_that_is_left_is_partial(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    asking = client(STREAM_REPLY).chat.completions.with_streaming_response
    with asking.create(model="gpt-4o", messages=QUESTION, stream=True) as response:
        next(response.iter_bytes())
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "partial"


def test_the_stream_helper_is_one_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with client(STREAM_REPLY).chat.completions.stream(model="gpt-4o", messages=QUESTION) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert "content.done" in kinds
    assert final.choices[0].message.content == "In Norway, of course."
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."


def test_a_stream_helper_that_is_left_is_partial(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with client(STREAM_REPLY).chat.completions.stream(model="gpt-4o", messages=QUESTION) as stream:
        next(iter(stream))
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "partial"


def test_the_async_stream_helper_of_responses_is_one_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> str:
        asking = build_async(Wire(http(), RESPONSE_STREAM)).responses
        async with asking.stream(model="gpt-4o", input="Where is Oslo?") as stream:
            return str((await stream.get_final_response()).output_text)

    assert asyncio.run(scenario()) == "In Norway, of course."
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."


def test_parse_is_recorded_with_its_output_type(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    answer = {**COMPLETION["choices"][0], "message": {"role": "assistant", "content": '{"name": "Oslo"}'}}
    parsed = client(Reply({**COMPLETION, "choices": [answer]})).chat.completions.parse(
        model="gpt-4o", messages=QUESTION, response_format=City
    )
    assert parsed.choices[0].message.parsed == City(name="Oslo")
    (span,) = seen(handle)
    assert (span.attributes["gen_ai.output.type"], output(span)) == ("json", '{"name": "Oslo"}')


def test_parse_of_a_cut_answer_fails_as_without_us(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    answer = {**COMPLETION["choices"][0], "finish_reason": "length"}
    with pytest.raises(openai.LengthFinishReasonError):
        client(Reply({**COMPLETION, "choices": [answer]})).chat.completions.parse(
            model="gpt-4o", messages=QUESTION, response_format=City
        )
    (span,) = seen(handle)
    assert span.attributes["error.type"] == "openai.LengthFinishReasonError"


def test_a_background_response_is_counted_when_its_answer_is_there(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    queued = {**RESPONSE, "status": "queued", "output": [], "usage": None, "background": True}
    client(Reply(queued)).responses.create(model="gpt-4o", input="Where is Oslo?", background=True)
    client(Reply(queued)).responses.retrieve("resp_1")
    client(Reply({**RESPONSE, "background": True})).responses.retrieve("resp_1")
    created, polled, fetched = seen(handle)
    assert "gen_ai.usage.input_tokens" not in created.attributes | polled.attributes
    assert "gen_ai.response.id" not in created.attributes
    assert polled.attributes["gen_ai.operation.name"] == "fetch_response"
    assert fetched.attributes["gen_ai.operation.name"] == "chat"
    assert fetched.attributes["gen_ai.usage.input_tokens"] == 20
    assert fetched.attributes["gen_ai.response.id"] == "resp_1"
    assert output(fetched) == "In Norway, of course."


def test_reading_a_stored_response_again_counts_no_tokens(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client(Reply(RESPONSE)).responses.retrieve("resp_1")
    (span,) = seen(handle)
    assert span.attributes["gen_ai.operation.name"] == "fetch_response"
    assert "gen_ai.usage.input_tokens" not in span.attributes


def test_a_response_that_failed_by_itself_is_an_error(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    failed = {
        **RESPONSE,
        "status": "failed",
        "output": [],
        "error": {"code": "server_error", "message": "sorry"},
    }
    client(Reply(failed)).responses.create(model="gpt-4o", input="Where is Oslo?")
    (span,) = seen(handle)
    assert (span.is_error, span.attributes["error.type"]) == (True, "server_error")


def test_azure_is_told_by_its_client(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = Wire(http(), Reply(COMPLETION))
    azure = openai.AzureOpenAI(
        api_key="secret",
        api_version="2024-10-21",
        azure_endpoint="https://models.example.com",
        http_client=wire.client(),
    )
    azure.chat.completions.create(model="my-deployment", messages=QUESTION)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert span.attributes["gen_ai.request.model"] == "my-deployment"
    assert span.attributes["server.address"] == "models.example.com"


def test_a_compatible_server_is_told_by_its_base_url(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = Wire(http(), Reply(COMPLETION))
    asking = openai.OpenAI(api_key="x", base_url="https://openrouter.ai/api/v1", http_client=wire.client())
    asking.chat.completions.create(model="openai/gpt-4o", messages=QUESTION)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "openrouter"


def test_other_requests_are_left_alone(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    model = {"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"}
    client(Reply({"object": "list", "data": [model]})).models.list()
    assert seen(handle) == []


def test_messages_changed_after_the_call_are_recorded_as_they_were_sent(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "Where is Oslo?"}]}]
    client(Reply(COMPLETION)).chat.completions.create(model="gpt-4o", messages=messages)
    messages[0]["content"][0]["text"] = "changed"
    messages.append({"role": "user", "content": "added"})
    (span,) = seen(handle)
    assert span.content("gen_ai.input.messages") == [
        {"role": "user", "parts": [{"type": "text", "content": "Where is Oslo?"}]}
    ]


def test_an_image_is_replaced_by_what_it_is(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
    client(Reply(COMPLETION)).chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": [image]}]
    )
    (span,) = seen(handle)
    (part,) = span.content("gen_ai.input.messages")[0]["parts"]
    assert part == {
        "type": "blob",
        "modality": "image",
        "mime_type": "image/png",
        "size_bytes": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    }


def test_tool_calls_and_their_definitions_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
    }
    answer = {
        "index": 0,
        "finish_reason": "tool_calls",
        "message": {"role": "assistant", "tool_calls": [call]},
    }
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    client(Reply({**COMPLETION, "choices": [answer]})).chat.completions.create(
        model="gpt-4o",
        messages=[*QUESTION, {"role": "tool", "tool_call_id": "call_0", "content": "sunny"}],
        tools=[tool],
    )
    (span,) = seen(handle)
    part = {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Oslo"}}
    assert span.content("gen_ai.output.messages")[0]["parts"] == [part]
    assert span.content("gen_ai.tool.definitions") == [
        {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    ]
    assert span.content("gen_ai.input.messages")[-1] == {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": "call_0", "response": "sunny"}],
    }
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_calls"]


def test_a_streamed_tool_call_is_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    pieces = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"city"'}},
        {"index": 0, "function": {"arguments": ':"Oslo"}'}},
    ]
    chunks = [
        chunk({"role": "assistant"}),
        *(chunk({"tool_calls": [piece]}) for piece in pieces),
        chunk({}, "tool_calls"),
    ]
    reply = Reply(chunks=events(*chunks), content_type="text/event-stream")
    list(client(reply).chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True))
    (span,) = seen(handle)
    part = {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Oslo"}}
    assert span.content("gen_ai.output.messages")[0]["parts"] == [part]


def test_a_stream_without_usage_has_no_tokens(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    reply = Reply(chunks=events(*CHUNKS[:-1]), content_type="text/event-stream")
    list(client(reply).chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True))
    (span,) = seen(handle)
    assert not {key for key in span.attributes if key.startswith("gen_ai.usage")}


def test_retries_of_the_client_are_one_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = Wire(http(), Reply({"error": {"message": "slow down"}}, status=429))
    asking = build(wire).with_options(max_retries=1)
    asking._sleep_for_retry = lambda **_: None
    with pytest.raises(openai.RateLimitError):
        asking.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert (len(wire.requests), len(seen(handle))) == (2, 1)


def test_a_call_costs_what_the_price_table_says(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    client(Reply(COMPLETION)).chat.completions.create(model="gpt-4o", messages=QUESTION)
    (span,) = seen(handle)
    expected = calc_price(
        Usage(input_tokens=20, output_tokens=9, cache_read_tokens=4),
        "gpt-4o-2024-08-06",
        provider_id="openai",
    )
    assert span.attributes["operation.cost"] == pytest.approx(float(expected.total_price), abs=1e-12)
    assert span.attributes["watchkeeper.cost.basis"].endswith("openai/gpt-4o")


def test_a_client_made_before_instrument_is_recorded_too(watch: Watch, seen: SeenBy) -> None:
    asking = client(Reply(COMPLETION))
    handle = watch()
    asking.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert len(seen(handle)) == 1


def test_an_unsupported_version_is_left_alone_with_one_line(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("watchkeeper.installing.version", lambda _: "1.109.1")
    original = CHAT_SUBJECT.originals()
    handle = watch(providers=["openai"])
    assert CHAT_SUBJECT.originals() == original
    assert handle.instrumented == ()
    assert [record.getMessage() for record in caplog.records if record.name == "watchkeeper"] == [
        "Watchkeeper: openai 1.109.1 is not instrumented; versions 2.x and 3.x are."
    ]


def test_folding_gives_the_answer_of_the_plain_call() -> None:
    folded = chat.read_response(chat.fold(json.loads(json.dumps(CHUNKS))))
    plain = chat.read_response(COMPLETION)
    assert replace(folded, attributes={}) == replace(plain, attributes={})
    assert responses.read_response(
        responses.fold([{"type": "response.completed", "response": RESPONSE}])
    ) == (responses.read_response(RESPONSE))
