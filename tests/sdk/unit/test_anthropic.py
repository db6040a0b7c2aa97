"""Anthropic's client in every way that it can be asked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import pytest
from genai_prices import Usage, calc_price
from pydantic import BaseModel
from watchkeeper import Handle
from watchkeeper.providers.anthropic import messages

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.anthropic_subjects import (
    EVENTS,
    MESSAGE,
    QUESTION,
    STREAM_REPLY,
    USAGE,
    ask,
    block,
    build,
    build_async,
    http,
    stream_reply,
    streamed,
    text_block,
)
from tests.sdk.contract.wire import Reply, Wire

SeenBy = Callable[[Handle], list[Seen]]
ASKED: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": QUESTION}
THINKING = [
    block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "A capital, "},
        {"type": "thinking_delta", "thinking": "so Norway."},
        {"type": "signature_delta", "signature": "EqQBCgIYAhIM"},
    ),
    block(1, {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"}),
    text_block(2, "In ", "Norway."),
    block(
        3,
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"city": '},
        {"type": "input_json_delta", "partial_json": '"Oslo"}'},
    ),
]
THOUGHT = [
    {"type": "reasoning", "content": "A capital, so Norway."},
    {"type": "reasoning", "content": "", "redacted": True},
    {"type": "text", "content": "In Norway."},
    {"type": "tool_call", "id": "toolu_1", "name": "weather", "arguments": {"city": "Oslo"}},
]
SEARCH = [
    block(
        0,
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query": "Oslo"}'},
    ),
    block(
        1,
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": [
                {
                    "type": "web_search_result",
                    "title": "Oslo",
                    "url": "https://example.com/oslo",
                    "encrypted_content": "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5LTQ1NGUt",
                    "page_age": "April 30, 2025",
                }
            ],
        },
    ),
    block(
        2,
        {"type": "text", "text": "", "citations": []},
        {
            "type": "citations_delta",
            "citation": {
                "type": "web_search_result_location",
                "url": "https://example.com/oslo",
                "title": "Oslo",
                "cited_text": "Oslo is the capital",
                "encrypted_index": "Eo8BCioIAhgBIiQyYjQ0OWJm",
            },
        },
        {"type": "text_delta", "text": "In Norway."},
    ),
]


STREAMS = Path(__file__).parents[2] / "data" / "anthropic_streams"


class City(BaseModel):
    name: str


def client(reply: Reply) -> Any:
    return build(Wire(http(), reply))


def answered(**more: Any) -> Reply:
    return Reply({**MESSAGE, **more})


def parts(span: Seen) -> list[dict[str, Any]]:
    (answer,) = span.content("gen_ai.output.messages")
    found: list[dict[str, Any]] = answer["parts"]
    return found


def output(span: Seen) -> str:
    return "".join(part.get("content", "") for part in parts(span))


def state(span: Seen) -> Any:
    return span.attributes["watchkeeper.stream.state"]


# Every way to ask.


def test_the_stream_helper_is_one_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with client(STREAM_REPLY).messages.stream(**ASKED) as stream:
        assert "".join(stream.text_stream) == "In Norway, of course."
        assert stream.get_final_message().usage.output_tokens == 9
    (span,) = seen(handle)
    assert (output(span), state(span)) == ("In Norway, of course.", "complete")
    assert span.attributes["gen_ai.usage.input_tokens"] == 22


@pytest.mark.parametrize("is_beta", [False, True])
def test_the_async_stream_helper_is_one_call(watch: Watch, seen: SeenBy, is_beta: bool) -> None:
    handle = watch()

    async def scenario() -> str:
        asking = build_async(Wire(http(), STREAM_REPLY))
        async with (asking.beta if is_beta else asking).messages.stream(**ASKED) as stream:
            return str(await stream.get_final_text())

    assert asyncio.run(scenario()) == "In Norway, of course."
    (span,) = seen(handle)
    assert (output(span), state(span)) == ("In Norway, of course.", "complete")


def test_a_stream_helper_that_is_left_is_partial(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with client(STREAM_REPLY).messages.stream(**ASKED) as stream:
        next(stream.text_stream)
    (span,) = seen(handle)
    assert (output(span), state(span)) == ("In ", "partial")
    assert span.attributes["gen_ai.usage.input_tokens"] == 22
    assert "gen_ai.usage.output_tokens" not in span.attributes


def test_a_raw_response_is_recorded_and_can_be_parsed(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = client(Reply(MESSAGE)).messages.with_raw_response.create(**ASKED)
    assert raw.parse().id == MESSAGE["id"]
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."


def test_a_raw_stream_is_recorded_as_the_application_reads_it(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = client(STREAM_REPLY).messages.with_raw_response.create(**ASKED, stream=True)
    assert len(list(raw.parse())) == len(EVENTS)
    (span,) = seen(handle)
    assert (output(span), state(span)) == ("In Norway, of course.", "complete")


@pytest.mark.parametrize("read", ["json", "parse", "read", "iter_lines", "iter_bytes", "text"])
def test_a_streaming_response_is_recorded_however_it_is_read(watch: Watch, seen: SeenBy, read: str) -> None:
    handle = watch()
    with client(Reply(MESSAGE)).messages.with_streaming_response.create(**ASKED) as response:
        result = getattr(response, read)()
        if read.startswith("iter"):
            assert list(result)
    (span,) = seen(handle)
    assert output(span) == "In Norway, of course."


def test_an_async_streaming_response_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> int:
        asking = build_async(Wire(http(), STREAM_REPLY)).messages.with_streaming_response
        async with asking.create(**ASKED, stream=True) as response:
            return len([line async for line in response.iter_lines() if line.startswith("data")])

    assert asyncio.run(scenario()) == len(EVENTS) + 1
    (span,) = seen(handle)
    assert (output(span), state(span)) == ("In Norway, of course.", "complete")


def test_parse_is_recorded_with_its_output_type(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    reply = answered(content=[{"type": "text", "text": '{"name": "Oslo"}'}])
    parsed = client(reply).messages.parse(**ASKED, output_format=City)
    assert parsed.parsed_output == City(name="Oslo")
    (span,) = seen(handle)
    assert (span.attributes["gen_ai.output.type"], output(span)) == ("json", '{"name": "Oslo"}')


def test_each_turn_of_the_tool_runner_is_a_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
    replies = [{**MESSAGE, "content": [use], "stop_reason": "tool_use"}, {**MESSAGE, "id": "msg_2"}]

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"Rain in {city}."

    def answer(request: Any) -> Any:
        return http().Response(200, json=replies.pop(0))

    transport = http().MockTransport(answer)
    asking = anthropic.Anthropic(api_key="secret", http_client=http().Client(transport=transport))
    runner = asking.beta.messages.tool_runner(**ASKED, tools=[weather])
    assert runner.until_done().id == "msg_2"
    first, second = seen(handle)
    assert first.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert first.content("gen_ai.tool.definitions")[0]["name"] == "weather"
    assert "Rain in Oslo." in str(second.content("gen_ai.input.messages")[-1])


def test_counting_tokens_and_other_requests_are_left_alone(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    asking = client(Reply({"input_tokens": 12}))
    asking.messages.count_tokens(model="claude-haiku-4-5", messages=QUESTION)
    asking.beta.messages.count_tokens(model="claude-haiku-4-5", messages=QUESTION)
    client(Reply({"data": [], "has_more": False})).models.list()
    assert seen(handle) == []


def test_a_compatible_server_is_told_by_its_base_url(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = Wire(http(), Reply(MESSAGE))
    for base_url in ("https://api.deepseek.com/anthropic", "https://gateway.example.com"):
        ask(anthropic.Anthropic(api_key="x", base_url=base_url, http_client=wire.client()))
    other, unknown = seen(handle)
    assert other.attributes["gen_ai.provider.name"] == "deepseek"
    assert unknown.attributes["gen_ai.provider.name"] == "anthropic"
    assert unknown.attributes["server.address"] == "gateway.example.com"


# What an answer has.


@pytest.mark.parametrize("is_stream", [False, True])
def test_thinking_and_tool_calls_are_recorded(watch: Watch, seen: SeenBy, is_stream: bool) -> None:
    handle = watch()
    whole = messages.fold(streamed(*THINKING, reason="tool_use"))
    reply = (
        stream_reply(*streamed(*THINKING, reason="tool_use")) if is_stream else Reply({**MESSAGE, **whole})
    )
    result = ask(client(reply), stream=is_stream, thinking={"type": "enabled", "budget_tokens": 1024})
    if is_stream:
        list(result)
    (span,) = seen(handle)
    assert parts(span) == THOUGHT
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.attributes["anthropic.thinking.budget_tokens"] == 1024
    assert span.attributes["gen_ai.usage.reasoning.output_tokens"] == 3


def test_what_the_servers_tools_did_is_recorded_without_what_only_it_can_read(
    watch: Watch, seen: SeenBy
) -> None:
    handle = watch(is_priced=True)
    events = streamed(*SEARCH)
    events[-2]["usage"]["server_tool_use"] = {"web_search_requests": 1, "web_fetch_requests": 0}
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    list(ask(client(stream_reply(*events)), stream=True, tools=[tool]))
    (span,) = seen(handle)
    call, result, text = parts(span)
    assert call == {
        "type": "server_tool_call",
        "id": "srvtoolu_1",
        "name": "web_search",
        "server_tool_call": {"input": {"query": "Oslo"}},
    }
    assert result["server_tool_call_response"]["content"][0]["url"] == "https://example.com/oslo"
    assert text == {"type": "text", "content": "In Norway."}
    assert "encrypted" not in span.texts()
    assert span.content("gen_ai.tool.definitions") == [tool]
    assert span.attributes["anthropic.usage.server_tool_use.web_search_requests"] == 1
    assert span.attributes["operation.cost"] > 0.01


@pytest.mark.parametrize(
    ("reason", "finish_reason", "kept"),
    [
        ("end_turn", "stop", None),
        ("stop_sequence", "stop", None),
        ("max_tokens", "length", "truncated"),
        ("model_context_window_exceeded", "length", "truncated"),
        ("refusal", "content_filter", "refusal"),
        ("pause_turn", "pause_turn", None),
    ],
)
def test_a_stop_reason_says_what_became_of_the_answer(
    watch: Watch, seen: SeenBy, reason: str, finish_reason: str, kept: str | None
) -> None:
    handle = watch(capture="sampled", sample_ratio=0.0)
    ask(client(answered(stop_reason=reason)))
    (span,) = seen(handle)
    assert span.attributes["gen_ai.response.finish_reasons"] == [finish_reason]
    assert span.attributes["anthropic.message.stop_reason"] == reason
    assert span.attributes.get("watchkeeper.content.kept") == kept


def test_a_refusal_within_a_stream_says_why(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    details = {"type": "refusal", "category": "cyber", "explanation": "I can't help with that."}
    events = streamed(text_block(0, "In "), reason="refusal", stop_details=details)
    list(ask(client(stream_reply(*events)), stream=True))
    (span,) = seen(handle)
    assert parts(span)[-1] == {"type": "refusal", "content": "I can't help with that."}


def test_an_error_within_a_stream_is_the_calls(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        list(ask(client(stream_reply(*EVENTS[:3], error)), stream=True))
    (span,) = seen(handle)
    assert (span.is_error, state(span), output(span)) == (True, "partial", "In ")
    assert "http.response.status_code" not in span.attributes


def test_an_error_within_a_stream_of_bytes_is_the_calls_too(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    asking = client(stream_reply(*EVENTS[:3], error)).messages.with_streaming_response
    with asking.create(**ASKED, stream=True) as response:
        list(response.iter_bytes())
    (span,) = seen(handle)
    assert (span.is_error, span.attributes["error.type"]) == (True, "overloaded_error")


# What a request has.


def test_images_and_documents_are_replaced_by_what_they_are(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    data = {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "aGVsbG8="}
    content = [
        {"type": "image", "source": data},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/oslo.png"}},
        {"type": "document", "title": "Fjords", "source": pdf},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Oslo is wet."}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "image", "source": data}]},
    ]
    ask(client(Reply(MESSAGE)), messages=[{"role": "user", "content": content}])
    (span,) = seen(handle)
    image, url, document, plain, file, result = span.content("gen_ai.input.messages")[0]["parts"]
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    blob = {"type": "blob", "mime_type": "image/png", "modality": "image", "size_bytes": 5, "sha256": digest}
    assert image == blob
    assert url == {"type": "uri", "modality": "image", "uri": "https://example.com/oslo.png"}
    assert document == {**blob, "mime_type": "application/pdf", "modality": "file", "name": "Fjords"}
    assert plain == {"type": "text", "content": "Oslo is wet."}
    assert file == {"type": "file", "modality": "file", "file_id": "file_1"}
    assert result == {"type": "tool_call_response", "id": "toolu_1", "response": [blob]}


def test_an_answer_given_back_is_read_like_the_answer(watch: Watch, seen: SeenBy) -> None:
    """Applications pass the client's own objects as messages."""
    handle = watch()
    given = ask(client(answered(content=messages.fold(streamed(*THINKING))["content"])))
    back = [*QUESTION, {"role": "assistant", "content": given.content}, {"role": "user", "content": "Why?"}]
    ask(client(Reply(MESSAGE)), messages=back, system=[{"type": "text", "text": "Be brief."}])
    _, span = seen(handle)
    assert span.content("gen_ai.input.messages")[1] == {"role": "assistant", "parts": THOUGHT}
    assert span.content("gen_ai.system_instructions") == [{"type": "text", "content": "Be brief."}]


def test_the_parameters_of_a_request_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    tool = {"name": "weather", "description": "The weather", "input_schema": {"type": "object"}}
    ask(
        client(Reply(MESSAGE)),
        extra_body={
            "temperature": 0.5,
            "top_k": 5,
            "top_p": 0.9,
        },  # the newest version has no arguments for these
        metadata={"user_id": "u-1"},
        service_tier="auto",
        output_config={"effort": "low"},
        tools=[tool],
    )
    (span,) = seen(handle)
    expected = {
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_k": 5,
        "gen_ai.request.top_p": 0.9,
        "user.id": "u-1",
        "anthropic.request.service_tier": "auto",
        "gen_ai.request.reasoning.level": "low",
    }
    assert {name: span.attributes[name] for name in expected} == expected
    assert span.content("gen_ai.tool.definitions") == [
        {
            "type": "function",
            "name": "weather",
            "description": "The weather",
            "parameters": {"type": "object"},
        }
    ]


# What it costs.


def cost(model: str, **context: str) -> Any:
    counts = Usage(
        input_tokens=22, output_tokens=9, cache_read_tokens=4, cache_write_tokens=6, cache_write_1h_tokens=5,
        output_reasoning_tokens=3,
    )  # fmt: skip
    priced = calc_price(counts, model, provider_id="anthropic", price_context=context or None)
    return pytest.approx(float(priced.total_price), abs=1e-12)


@pytest.mark.parametrize(
    ("usage", "context"),
    [
        ({}, {}),
        ({"service_tier": "batch"}, {"processing": "batch"}),
        ({"speed": "fast"}, {"speed": "fast"}),
    ],
)
def test_a_call_costs_what_the_price_table_says(
    watch: Watch, seen: SeenBy, usage: dict[str, str], context: dict[str, str]
) -> None:
    handle = watch(is_priced=True)
    ask(client(answered(model="claude-opus-4-8", usage={**USAGE, **usage})))
    (span,) = seen(handle)
    assert span.attributes["operation.cost"] == cost("claude-opus-4-8", **context)
    assert (cost("claude-opus-4-8", **context) == cost("claude-opus-4-8")) is not bool(context)


def test_compactions_on_the_way_are_counted(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    compaction = {
        "type": "compaction",
        "input_tokens": 100,
        "output_tokens": 10,
        "cache_read_input_tokens": 50,
        "cache_creation_input_tokens": 0,
    }
    own = {**compaction, "type": "message", "input_tokens": 12}
    usage = {**USAGE, "iterations": [compaction, own]}
    client(answered(usage=usage)).beta.messages.create(**ASKED)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.usage.input_tokens"] == 22 + 150
    assert span.attributes["gen_ai.usage.output_tokens"] == 9 + 10
    assert span.attributes["gen_ai.usage.cache_read.input_tokens"] == 4 + 50
    assert span.attributes["anthropic.usage.compaction.input_tokens"] == 150
    assert span.attributes["anthropic.usage.compaction.output_tokens"] == 10


# Batches.

ENDED = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 1, "errored": 1, "canceled": 0, "expired": 1},
    "created_at": "2026-01-02T03:04:05Z",
    "expires_at": "2026-01-03T03:04:05Z",
    "results_url": "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results",
}
INVALID = {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}}
RESULTS = [
    {
        "custom_id": "first",
        "result": {
            "type": "succeeded",
            "message": {**MESSAGE, "usage": {**USAGE, "service_tier": "batch"}},
        },
    },
    {"custom_id": "second", "result": {"type": "errored", "error": INVALID}},
    {"custom_id": "third", "result": {"type": "expired"}},
]


def batch(request: Any) -> Any:
    if not str(request.url).endswith("/results"):
        return http().Response(200, json=ENDED)
    lines = "".join(json.dumps(result) + "\n" for result in RESULTS)
    return http().Response(200, headers={"content-type": "application/x-jsonl"}, content=lines)


def check_results(spans: list[Seen]) -> None:
    first, second, third, fetched = spans
    assert {span.parent_id for span in (first, second, third)} == {fetched.span_id}
    assert fetched.attributes["gen_ai.operation.name"] == "fetch_response"
    assert fetched.attributes["anthropic.message.batch.id"] == "msgbatch_1"
    assert fetched.attributes["watchkeeper.stream.chunks"] == 3
    assert "gen_ai.usage.input_tokens" not in fetched.attributes
    assert first.attributes["gen_ai.response.id"] == MESSAGE["id"]
    assert first.attributes["gen_ai.usage.input_tokens"] == 22
    assert first.attributes["anthropic.message.batch.custom_id"] == "first"
    assert first.attributes["anthropic.response.service_tier"] == "batch"
    assert output(first) == "In Norway, of course."
    assert (second.is_error, second.attributes["error.type"]) == (True, "invalid_request_error")
    assert third.attributes["error.type"] == "expired"


@pytest.mark.parametrize("is_beta", [False, True])
def test_each_result_of_a_batch_is_a_call(watch: Watch, seen: SeenBy, is_beta: bool) -> None:
    handle = watch()
    transport = http().MockTransport(batch)
    asking = anthropic.Anthropic(api_key="secret", http_client=http().Client(transport=transport))
    results = (asking.beta if is_beta else asking).messages.batches.results("msgbatch_1")
    assert [result.custom_id for result in results] == ["first", "second", "third"]
    check_results(seen(handle))


def test_each_result_of_a_batch_is_a_call_for_async_clients(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> list[str]:
        async def answer(request: Any) -> Any:
            return batch(request)

        transport = http().MockTransport(answer)
        asking = anthropic.AsyncAnthropic(
            api_key="secret", http_client=http().AsyncClient(transport=transport)
        )
        return [result.custom_id async for result in await asking.messages.batches.results("msgbatch_1")]

    assert asyncio.run(scenario()) == ["first", "second", "third"]
    check_results(seen(handle))


# The readers.


@pytest.mark.parametrize("recorded", sorted(STREAMS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_recorded_stream_is_read_as_the_client_reads_it(watch: Watch, seen: SeenBy, recorded: Path) -> None:
    handle = watch()
    chunks = [event + b"\n\n" for event in recorded.read_bytes().strip().split(b"\n\n")]
    reply = Reply(chunks=chunks, content_type="text/event-stream")
    with client(reply).beta.messages.stream(**ASKED) as stream:
        expected = messages.read_response(stream.get_final_message().to_dict())
    (span,) = seen(handle)
    assert span.content("gen_ai.output.messages") == expected.messages
    assert span.attributes["gen_ai.response.id"] == expected.id
    assert span.attributes["gen_ai.response.model"] == expected.model
    assert span.attributes["gen_ai.response.finish_reasons"] == expected.finish_reasons
    assert span.attributes["gen_ai.usage.input_tokens"] == expected.usage.input_tokens
    assert span.attributes["gen_ai.usage.output_tokens"] == expected.usage.output_tokens


def test_folding_gives_the_answer_of_the_plain_call() -> None:
    folded = messages.read_response(messages.fold(json.loads(json.dumps(EVENTS))))
    assert folded == messages.read_response(MESSAGE)


@pytest.mark.parametrize(
    "body", [None, [], "text", {"content": None, "usage": 3}, {"usage": {"iterations": 1}}]
)
def test_an_answer_of_any_form_is_read(body: Any) -> None:
    assert replace(messages.read_response(body), messages=[]) == messages.read_response({})
