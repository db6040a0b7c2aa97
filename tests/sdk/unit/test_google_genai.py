"""What is special about Google: requests beneath one call, thoughts, safety, parts, two APIs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.genai import types
from watchkeeper import Handle
from watchkeeper.providers.google_genai import contents, embeddings, generation, images

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.google_subjects import (
    CONTENT_SUBJECT,
    MODEL,
    answer,
    build,
    build_async,
    build_vertex,
)
from tests.sdk.contract.wire import Reply, Wire, events

SeenBy = Callable[[Handle], list[Seen]]


class Conversation(Wire):
    """A transport that gives one reply after the other."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__(CONTENT_SUBJECT.http(), replies[0])
        self.replies = list(replies)

    def _answer(self, request: Any) -> Any:
        self.reply = self.replies.pop(0)
        return super()._answer(request)


def weather(city: str) -> str:
    """The weather of a city."""
    return f"snow in {city}"


def call_weather() -> dict[str, Any]:
    call = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}, "id": "call-1"}}
    body = answer("")
    body["candidates"][0]["content"]["parts"] = [call]
    return body


SNOW = answer("Snow.", responseId="resp-2")
TOOLS: Any = {"tools": [weather]}


def facts(span: Seen) -> tuple[Any, ...]:
    names = ("gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.usage.output_tokens")
    return tuple(span.attributes.get(name) for name in names)


TWO_CALLS = [("resp-1", ["tool_call"], 46), ("resp-2", ["stop"], 46)]


def test_automatic_function_calling_is_a_call_for_each_request(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(Conversation(Reply(call_weather()), Reply(SNOW)))
    answered = client.models.generate_content(model=MODEL, contents="Weather in Oslo?", config=TOOLS)
    assert answered.text == "Snow."
    first, second = seen(handle)
    assert [facts(first), facts(second)] == TWO_CALLS
    assert first.content("gen_ai.output.messages")[0]["parts"] == [
        {"type": "tool_call", "name": "weather", "arguments": {"city": "Oslo"}, "id": "call-1"}
    ]
    asked = second.content("gen_ai.input.messages")
    assert [message["role"] for message in asked] == ["user", "assistant", "tool"]
    assert asked[2]["parts"][0]["response"] == {"result": "snow in Oslo"}
    (tool,) = first.content("gen_ai.tool.definitions")
    assert (tool["type"], tool["name"], tool["description"]) == (
        "function", "weather", "The weather of a city.",
    )  # fmt: skip
    assert "city" in tool["parameters"]["properties"]


def test_automatic_function_calling_in_a_stream_is_a_call_for_each_request(
    watch: Watch, seen: SeenBy
) -> None:
    handle = watch()
    replies = [
        Reply(chunks=events(body), content_type="text/event-stream") for body in (call_weather(), SNOW)
    ]
    client = build_async(Conversation(*replies))

    async def scenario() -> str:
        stream = await client.models.generate_content_stream(model=MODEL, contents="Weather?", config=TOOLS)
        return "".join([chunk.text or "" async for chunk in stream])

    assert asyncio.run(scenario()) == "Snow."
    assert [facts(span) for span in seen(handle)] == TWO_CALLS


def test_each_message_of_a_chat_has_the_history(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    chat = build(Conversation(Reply(answer("Norway.")), Reply(answer("Cold.")))).chats.create(model=MODEL)
    chat.send_message("Where is Oslo?")
    chat.send_message("And the weather?")
    _, second = seen(handle)
    assert [message["role"] for message in second.content("gen_ai.input.messages")] == [
        "user", "assistant", "user",
    ]  # fmt: skip


def test_a_failure_has_its_http_status(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with pytest.raises(Exception, match="slow down"):
        CONTENT_SUBJECT.call(build(CONTENT_SUBJECT.wire(CONTENT_SUBJECT.failure)))
    (span,) = seen(handle)
    assert span.attributes["http.response.status_code"] == 429


def test_a_proxy_of_the_applications_own_is_named_by_the_client(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build_vertex(CONTENT_SUBJECT.wire())
    client.models.generate_content(
        model=MODEL, contents="Hi", config={"http_options": {"base_url": "https://llm.corp.example:8443"}}
    )
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "gcp.vertex_ai"
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("llm.corp.example", 8443)


def test_what_is_no_call_to_a_model_is_not_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CONTENT_SUBJECT.wire(Reply({"totalTokens": 3})))
    assert client.models.count_tokens(model=MODEL, contents="Oslo").total_tokens == 3
    assert seen(handle) == []


def test_the_price_counts_thoughts(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    CONTENT_SUBJECT.call(build(CONTENT_SUBJECT.wire()))
    (span,) = seen(handle)
    fresh, cached, written = 16, 4, 46
    expected_usd = (fresh * 0.30 + cached * 0.03 + written * 2.50) / 1e6
    assert span.attributes["operation.cost"] == pytest.approx(expected_usd)


def test_request_parameters_are_read_in_either_spelling() -> None:
    snake = {"top_p": 0.9, "max_output_tokens": 20, "stop_sequences": ["."], "candidate_count": 2}
    camel = {"topP": 0.9, "maxOutputTokens": 20, "stopSequences": ["."], "candidateCount": 2}
    read = [generation.read_request({"generationConfig": config}).attributes for config in (snake, camel)]
    assert read[0] == read[1] == {
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.request.stop_sequences": ["."],
        "gen_ai.request.choice.count": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"responseMimeType": "application/json"}, {"gen_ai.output.type": "json"}),
        ({"responseModalities": ["TEXT", "IMAGE"]}, {"gen_ai.output.type": "image"}),
        ({"responseModalities": ["AUDIO"]}, {"gen_ai.output.type": "speech"}),
        ({"thinkingConfig": {"thinking_level": "HIGH"}}, {"gen_ai.request.reasoning.level": "high"}),
        ({"thinkingConfig": {"thinkingBudget": 0}}, {"gcp.gemini.request.thinking_budget": 0}),
        ({"candidateCount": 1}, {}),
    ],
)
def test_configuration_becomes_attributes(config: dict[str, Any], expected: dict[str, Any]) -> None:
    assert generation.read_request({"generationConfig": config}).attributes == expected


@pytest.mark.parametrize(
    ("reason", "expected", "is_held"),
    [
        ("STOP", "stop", False),
        ("MAX_TOKENS", "length", False),
        ("SAFETY", "content_filter", True),
        ("RECITATION", "content_filter", True),
        ("IMAGE_SAFETY", "content_filter", True),
        ("MALFORMED_FUNCTION_CALL", "error", True),
        ("SOMETHING_NEW", "something_new", False),
    ],
)
def test_finish_reasons_are_in_the_conventions_words(reason: str, expected: str, is_held: bool) -> None:
    response = generation.read_response({"candidates": [{"finishReason": reason}]})
    assert response.finish_reasons == [expected]
    held = {"gcp.gemini.response.finish_reasons": [reason]} if is_held else {}
    assert response.attributes == held


def test_a_blocked_prompt_keeps_its_content(watch: Watch, seen: SeenBy) -> None:
    handle = watch(capture="sampled", sample_ratio=0.0)
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}}
    CONTENT_SUBJECT.call(build(CONTENT_SUBJECT.wire(Reply(body))))
    (span,) = seen(handle)
    assert span.attributes["gen_ai.response.finish_reasons"] == ["content_filter"]
    assert span.attributes["gcp.gemini.response.block_reason"] == "PROHIBITED_CONTENT"
    assert span.attributes["watchkeeper.content.kept"] == "refusal"
    assert "Oslo" in span.attributes["gen_ai.input.messages"]


def test_parts_of_every_kind_are_read() -> None:
    parts = [
        {"text": "Thinking", "thought": True},
        {"inlineData": {"mime_type": "image/png", "data": "YWJj"}},
        {"file_data": {"file_uri": "gs://bucket/a.mp4", "mime_type": "video/mp4"}},
        {"executableCode": {"language": "PYTHON", "code": "1+1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
        {"thoughtSignature": "c2ln"},
    ]
    kinds = [part["type"] for part in contents.read_content({"role": "model", "parts": parts})["parts"]]
    assert kinds == [
        "reasoning", "blob", "uri", "server_tool_call", "server_tool_call_response", "thoughtSignature",
    ]  # fmt: skip


def test_tools_of_googles_own_are_named() -> None:
    assert list(contents.read_tools([{"googleSearch": {}}, {"codeExecution": {}}])) == [
        {"type": "googleSearch"},
        {"type": "codeExecution"},
    ]


def chunk(*parts: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"candidates": [{"index": index, "content": {"role": "model", "parts": list(parts)}}]}


def test_a_stream_folds_to_whole_parts_of_each_candidate() -> None:
    folded = generation.fold(
        [
            chunk({"text": "Hm", "thought": True}),
            chunk({"text": "m.", "thought": True}, {"text": "In "}),
            chunk({"text": "Norway"}),
            chunk({"text": "Up north"}, index=1),
        ]
    )
    assert [message["parts"] for message in generation.read_response(folded).messages] == [
        [{"type": "reasoning", "content": "Hmm."}, {"type": "text", "content": "In Norway"}],
        [{"type": "text", "content": "Up north"}],
    ]


def test_arguments_that_are_streamed_bit_by_bit_are_kept_together() -> None:
    def piece(value: str, **more: Any) -> dict[str, Any]:
        return {"functionCall": {"partialArgs": [{"jsonPath": "$.city", "stringValue": value}], **more}}

    first = piece("Os", name="weather", willContinue=True)
    body = generation.fold([chunk(first), chunk(piece("lo", willContinue=True)), chunk({"functionCall": {}})])
    (message,) = generation.read_response(body).messages
    (call,) = message["parts"]
    assert call["name"] == "weather"
    assert [argument["stringValue"] for argument in call["arguments"]] == ["Os", "lo"]


def test_modalities_are_counted_apart() -> None:
    usage = generation.read_response(
        {
            "usageMetadata": {
                "promptTokenCount": 30,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 10},
                    {"modality": "AUDIO", "tokenCount": 20},
                ],
                "candidatesTokenCount": 1290,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
            }
        }
    ).usage
    assert (usage.input_text_tokens, usage.input_audio_tokens, usage.output_image_tokens) == (10, 20, 1290)
    assert usage.reasoning_tokens is None


def test_vertex_embeddings_count_the_tokens_of_each_text(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    prediction = {"embeddings": {"values": [0.5] * 64, "statistics": {"token_count": 3, "truncated": False}}}
    client = build_vertex(CONTENT_SUBJECT.wire(Reply({"predictions": [prediction, prediction]})))
    config = types.EmbedContentConfig(output_dimensionality=64)
    client.models.embed_content(model="text-embedding-004", contents=["Oslo", "Bergen"], config=config)
    (span,) = seen(handle)
    assert span.name == "embeddings text-embedding-004"
    assert span.attributes["gen_ai.usage.input_tokens"] == 6
    assert span.attributes["gen_ai.embeddings.dimension.count"] == 64
    assert "Bergen" in span.attributes["gen_ai.input.messages"]


def test_embeddings_of_one_content_are_read() -> None:
    request = embeddings.read_request(
        {"content": {"parts": [{"text": "Oslo"}]}, "embedContentConfig": {"outputDimensionality": 8}}
    )
    assert request.attributes == {"gen_ai.embeddings.dimension.count": 8}
    assert request.messages[0]["parts"] == [{"type": "text", "content": "Oslo"}]


def test_images_are_described_and_held_back_ones_are_told() -> None:
    request = images.read_request({"instances": [{"prompt": "A fjord"}], "parameters": {"sampleCount": 2}})
    assert request.attributes["gen_ai.request.choice.count"] == 2
    response = images.read_response(
        {
            "predictions": [
                {"bytesBase64Encoded": "YWJj", "mimeType": "image/png"},
                {"raiFilteredReason": "No"},
            ]
        }
    )
    assert response.finish_reasons == ["content_filter"]
    assert [message["parts"][0]["type"] for message in response.messages] == ["blob", "refusal"]
