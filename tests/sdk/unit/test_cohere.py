"""What is special about Cohere: two forms of its API, raw responses, what is billed, other clouds."""

import asyncio
from collections.abc import Callable
from typing import Any

import cohere
import httpx
import pytest
import watchkeeper
from cohere.core.unchecked_base_model import construct_type
from watchkeeper import Handle
from watchkeeper.providers.cohere import embeddings, prompts, ranking, turns
from watchkeeper.providers.cohere.usage import finish_reason, read_usage

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.cohere_subjects import (
    ANSWER,
    CHAT_SUBJECT,
    FIRST_SUBJECT,
    KEY,
    MODEL,
    PROMPT_BODY,
    PROMPT_EVENTS,
    STREAM_SUBJECT,
    TURN_BODY,
    TURN_EVENTS,
    USAGE,
    ask,
    build,
    build_async,
    build_first,
    delta,
    event,
    lines,
)
from tests.sdk.contract.openai_subjects import QUESTION
from tests.sdk.contract.wire import Reply, events

SeenBy = Callable[[Handle], list[Seen]]
PIXEL = "iVBORw0KGgo="
CITY = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def stream_of(*given: dict[str, Any]) -> Reply:
    return Reply(chunks=events(*given, is_named=True), content_type="text/event-stream")


def parts(span: Seen) -> list[dict[str, Any]]:
    (answer,) = span.content("gen_ai.output.messages")
    return list(answer["parts"])


def state(span: Seen) -> Any:
    return span.attributes["watchkeeper.stream.state"]


# Raw responses.


def test_a_raw_response_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    response = build(CHAT_SUBJECT.wire()).with_raw_response.chat(model=MODEL, messages=QUESTION)
    assert response.data.id == "resp-1"
    (span,) = seen(handle)
    assert parts(span) == [{"type": "text", "content": ANSWER}]


def test_a_raw_stream_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = build(STREAM_SUBJECT.wire()).with_raw_response
    with raw.chat_stream(model=MODEL, messages=QUESTION) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert len(list(response.data)) == len(TURN_EVENTS)
    (span,) = seen(handle)
    assert (state(span), parts(span)) == ("complete", [{"type": "text", "content": ANSWER}])


def test_a_raw_stream_that_is_left_is_partial(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def scenario() -> None:
        raw = build_async(STREAM_SUBJECT.wire()).with_raw_response
        async with raw.chat_stream(model=MODEL, messages=QUESTION) as response:
            for _ in range(3):
                await anext(response.data)

    asyncio.run(scenario())
    (span,) = seen(handle)
    assert (state(span), parts(span)) == ("partial", [{"type": "text", "content": "In "}])


def test_an_exception_of_the_applications_own_is_none_of_the_calls(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    raw = build(STREAM_SUBJECT.wire()).with_raw_response
    with pytest.raises(KeyError, match="mine"), raw.chat_stream(model=MODEL, messages=QUESTION):
        raise KeyError("mine")
    (span,) = seen(handle)
    assert (state(span), span.is_error) == ("partial", False)


def test_a_manager_that_nobody_enters_is_no_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = STREAM_SUBJECT.wire()
    manager = build(wire).with_raw_response.chat_stream(model=MODEL, messages=QUESTION)
    assert type(manager).__name__ == "_GeneratorContextManager"
    del manager
    assert (wire.requests, seen(handle)) == ([], [])


# Turns.


def test_thoughts_and_calls_to_tools_in_a_stream_are_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    start = {"id": "call-1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    arguments = [{"function": {"arguments": said}} for said in ('{"city":', ' "Oslo"}')]
    stream = stream_of(
        TURN_EVENTS[0],
        event("tool-plan-delta", delta={"message": {"tool_plan": "I will look."}}),
        event("tool-call-start", index=0, delta={"message": {"tool_calls": start}}),
        *(event("tool-call-delta", index=0, delta={"message": {"tool_calls": said}}) for said in arguments),
        event("tool-call-end", index=0),
        event("message-end", delta={"finish_reason": "TOOL_CALL", "usage": USAGE}),
    )
    client = build(STREAM_SUBJECT.wire(stream))
    assert len(list(client.chat_stream(model=MODEL, messages=QUESTION, tools=[CITY]))) == 7
    (span,) = seen(handle)
    assert parts(span) == [
        {"type": "reasoning", "content": "I will look."},
        {"type": "tool_call", "id": "call-1", "name": "weather", "arguments": {"city": "Oslo"}},
    ]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.content("gen_ai.tool.definitions") == [
        {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    ]


def test_thinking_is_apart_from_the_answer(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    stream = stream_of(
        TURN_EVENTS[0],
        event("content-start", index=0, delta={"message": {"content": {"type": "thinking", "thinking": ""}}}),
        delta({"thinking": "Norway? "}),
        delta({"thinking": "Norway."}),
        delta({"text": "In Norway."}, index=1),
        TURN_EVENTS[-1],
    )
    list(build(STREAM_SUBJECT.wire(stream)).chat_stream(model=MODEL, messages=QUESTION))
    (span,) = seen(handle)
    assert parts(span) == [
        {"type": "reasoning", "content": "Norway? Norway."},
        {"type": "text", "content": "In Norway."},
    ]


def test_turns_of_every_kind_are_read(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {"id": "c-1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    url = f"data:image/png;base64,{PIXEL}"
    messages = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}],
        },
        {"role": "assistant", "tool_plan": "I look.", "tool_calls": [call]},
        {
            "role": "tool",
            "tool_call_id": "c-1",
            "content": [{"type": "document", "document": {"data": "snow"}}],
        },
    ]
    build(CHAT_SUBJECT.wire()).chat(model=MODEL, messages=messages, p=0.9, k=5, stop_sequences=["."], seed=7)
    (span,) = seen(handle)
    user, assistant, tool = span.content("gen_ai.input.messages")
    assert [part["type"] for part in user["parts"]] == ["text", "blob"]
    assert [part["type"] for part in assistant["parts"]] == ["reasoning", "tool_call"]
    assert tool["parts"] == [{"type": "tool_call_response", "id": "c-1", "response": {"data": "snow"}}]
    assert PIXEL not in span.texts()
    wanted = ("top_p", "top_k", "stop_sequences", "seed")
    assert [span.attributes[f"gen_ai.request.{name}"] for name in wanted] == [0.9, 5, ["."], 7]


def test_a_folded_stream_is_the_answer_of_the_plain_call() -> None:
    kind: Any = cohere.V2ChatStreamResponse
    pieces = [
        turns.read_chunk(construct_type(type_=kind, object_=given)) or given for given in TURN_EVENTS[1:]
    ]
    folded = turns.read_response(turns.fold([TURN_EVENTS[0], *pieces]))
    plain = turns.read_response(TURN_BODY)
    assert (folded.messages, folded.usage, folded.id) == (plain.messages, plain.usage, plain.id)
    assert turns.read_response(turns.fold(TURN_EVENTS)).messages == plain.messages


# The first form.


def test_a_message_has_its_history_and_tools(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {"name": "weather", "parameters": {"city": "Oslo"}}
    reply = Reply({**PROMPT_BODY, "text": "", "tool_calls": [call]})
    build_first(FIRST_SUBJECT.wire(reply)).chat(
        model=MODEL,
        message="And now?",
        preamble="Be brief.",
        chat_history=[{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}],
        tools=[{"name": "weather", "description": "Of a city", "parameter_definitions": {}}],
        tool_results=[{"call": call, "outputs": [{"it": "snows"}]}],
        conversation_id="conv-1",
    )
    (span,) = seen(handle)
    asked = span.content("gen_ai.input.messages")
    assert [message["role"] for message in asked] == ["user", "assistant", "user", "tool"]
    assert asked[3]["parts"] == [
        {"type": "tool_call_response", "name": "weather", "response": [{"it": "snows"}]}
    ]
    assert span.content("gen_ai.system_instructions") == [{"type": "text", "content": "Be brief."}]
    assert parts(span) == [{"type": "tool_call", "name": "weather", "arguments": {"city": "Oslo"}}]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.attributes["gen_ai.conversation.id"] == "conv-1"


def test_a_stream_that_ends_with_an_error_says_so() -> None:
    ended = {"event_type": "stream-end", "finish_reason": "ERROR", "response": {"text": "In "}}
    response = prompts.read_response(prompts.fold(["In ", ended]))
    assert (response.error_type, response.finish_reasons) == ("_OTHER", ["error"])
    assert response.messages[0]["parts"] == [{"type": "text", "content": "In "}]


def test_generations_are_text_completions(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    whole = {"id": "gen-1", "prompt": "Oslo is", "generations": [{"id": "1", "text": ANSWER}], "meta": USAGE}
    build_first(FIRST_SUBJECT.wire(Reply(whole))).generate(prompt="Oslo is", model="command")
    end = {**PROMPT_EVENTS[-1], "response": {"id": "gen-1", "generations": whole["generations"]}}
    reply = Reply(chunks=lines(*PROMPT_EVENTS[1:-1], end), content_type="application/stream+json")
    list(build_first(FIRST_SUBJECT.wire(reply)).generate_stream(prompt="Oslo is", model="command"))
    first, second = seen(handle)
    assert first.name == second.name == "text_completion command"
    assert parts(first) == parts(second) == [{"type": "text", "content": ANSWER}]
    assert first.content("gen_ai.input.messages")[0]["parts"] == [{"type": "text", "content": "Oslo is"}]
    assert second.attributes["gen_ai.request.stream"] is True


def test_many_texts_are_a_call_for_each_request(watch: Watch, seen: SeenBy) -> None:
    """The client splits them up and sends them from threads."""
    handle = watch()
    reply = Reply(
        {
            "response_type": "embeddings_floats",
            "id": "e-1",
            "embeddings": [[0.5] * 64],
            "texts": ["Oslo"],
            "meta": {"billed_units": {"input_tokens": 96}},
        }
    )
    client = build_first(FIRST_SUBJECT.wire(reply))

    @watchkeeper.trace
    def embed() -> None:
        client.embed(texts=["Oslo"] * 97, model="embed-english-v3.0", input_type="search_document")

    embed()
    spans = seen(handle)
    (step,) = [span for span in spans if span.name == embed.__qualname__]
    calls = [span for span in spans if span.name.startswith("embeddings")]
    assert [span.parent_id for span in calls] == [step.span_id] * 2
    assert {span.attributes["gen_ai.embeddings.dimension.count"] for span in calls} == {64}


# What is billed.


def test_billed_tokens_are_those_that_count() -> None:
    usage = read_usage(USAGE)
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (20, 9, 16)
    unbilled = read_usage({"tokens": {"input_tokens": 215.0, "output_tokens": 11.0}, "cached_tokens": 300})
    assert (unbilled.input_tokens, unbilled.output_tokens, unbilled.cache_read_tokens) == (215, 11, None)


def test_the_price_is_of_billed_tokens(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    without_cache = {key: value for key, value in USAGE.items() if key != "cached_tokens"}
    ask(build(CHAT_SUBJECT.wire(Reply({**TURN_BODY, "usage": without_cache}))))
    (span,) = seen(handle)
    assert span.attributes["operation.cost"] == pytest.approx((20 * 2.5 + 9 * 10) / 1e6)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_call"),
        ("ERROR_TOXIC", "content_filter"),
        ("TIMEOUT", "error"),
        ("SOMETHING_NEW", "something_new"),
        (None, None),
    ],
)
def test_finish_reasons_are_in_the_conventions_words(said: str | None, expected: str | None) -> None:
    assert finish_reason(said) == expected


def test_images_that_are_embedded_are_described_and_counted() -> None:
    url = f"data:image/png;base64,{PIXEL}"
    request = embeddings.read_request({"images": [url], "embedding_types": ["int8"], "output_dimension": 256})
    assert request.messages[0]["parts"][0]["type"] == "blob"
    assert request.attributes["gen_ai.request.encoding_formats"] == ["int8"]
    mixed = {
        "inputs": [
            {"content": [{"type": "text", "text": "A"}, {"type": "image_url", "image_url": {"url": url}}]}
        ]
    }
    assert [part["type"] for part in embeddings.read_request(mixed).messages[0]["parts"]] == ["text", "blob"]
    billed = {"billed_units": {"images": 1.0, "image_tokens": 258.0}}
    response = embeddings.read_response({"embeddings": {"int8": [[1] * 8]}, "meta": billed})
    assert (response.usage.input_tokens, response.usage.input_image_tokens) == (258, 258)
    assert response.attributes == {"cohere.usage.images": 1.0, "gen_ai.embeddings.dimension.count": 8}


def test_packed_embeddings_have_no_dimensions() -> None:
    assert embeddings.read_response({"embeddings": {"ubinary": [[1] * 8]}}).attributes == {}


def test_documents_to_rank_are_parts(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    body = {
        "id": "r-1",
        "results": [{"index": 1, "relevance_score": 0.9}],
        "meta": {"billed_units": {"search_units": 1}},
    }
    client = build_first(FIRST_SUBJECT.wire(Reply(body)))
    client.rerank(model="rerank-v3.5", query="Where is Oslo?", documents=[{"text": "A fjord."}, "In Norway."])
    (span,) = seen(handle)
    (asked,) = span.content("gen_ai.input.messages")
    assert [part["content"] for part in asked["parts"]] == ["Where is Oslo?", "A fjord.", "In Norway."]
    assert parts(span) == [{"type": "ranking", "content": [{"index": 1, "score": 0.9}]}]


def test_a_request_of_anything_is_read() -> None:
    assert ranking.read_request({"documents": "In Norway.", "query": 7}).messages[0]["parts"] == [
        {"type": "text", "content": ""}
    ]


# Where requests go.


def test_another_cloud_is_told_by_where_the_request_went(watch: Watch, seen: SeenBy) -> None:
    """The client for AWS rewrites each request, and has Cohere's address as its base URL."""
    handle = watch()
    host = "bedrock-runtime.us-east-1.amazonaws.com"

    def elsewhere(request: httpx.Request) -> None:
        request.url = httpx.URL(f"https://{host}/model/{MODEL}/invoke")

    client = CHAT_SUBJECT.wire().client()
    client.event_hooks = {"request": [elsewhere], "response": []}
    ask(cohere.ClientV2(KEY, httpx_client=client))
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "aws.bedrock"
    assert span.attributes["server.address"] == host


def test_a_failure_has_its_http_status_and_no_headers(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    options: Any = {"additional_headers": {"x-key": "secret"}, "max_retries": 0}
    client = build(CHAT_SUBJECT.wire(Reply({"message": "slow down"}, status=429)))
    with pytest.raises(cohere.TooManyRequestsError, match="slow down"):
        client.chat(model=MODEL, messages=QUESTION, request_options=options)
    (span,) = seen(handle)
    assert span.attributes["http.response.status_code"] == 429
    assert "secret" not in span.texts()


def test_what_is_no_call_to_a_model_is_not_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build_first(FIRST_SUBJECT.wire(Reply({"tokens": [1, 2], "token_strings": ["Os", "lo"]})))
    assert client.tokenize(text="Oslo", model=MODEL, offline=False).tokens == [1, 2]
    assert seen(handle) == []
