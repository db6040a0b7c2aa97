"""Bedrock: every family's form, streams of each, and bodies read in every way."""

import gc
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EventStreamError
from botocore.stub import Stubber
from watchkeeper import Handle
from watchkeeper.providers.bedrock import converse, families, invocation

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.bedrock_subjects import (
    CLAUDE,
    CLAUDE_EVENTS,
    CONVERSE_SUBJECT,
    HEADERS,
    INVOCATION,
    STREAM_SUBJECT,
    piece,
)
from tests.sdk.contract.bedrock_wire import BedrockWire, event
from tests.sdk.contract.wire import Reply

SeenBy = Callable[[Handle], list[Seen]]
METRICS = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 5, "outputTokenCount": 4}}


def client(reply: Reply, headers: dict[str, str] | None = None) -> Any:
    return BedrockWire(headers or {}, reply).bedrock()


def invoke(body: Any, answer: Any, model: str, headers: dict[str, str] | None = None) -> Any:
    result = client(Reply(answer), headers).invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(result["body"].read())


def said(span: Seen) -> Any:
    (answer,) = span.content("gen_ai.output.messages")
    return answer["parts"]


def text_of(span: Seen) -> str:
    return "".join(part["content"] for part in said(span))


SMALL = {"x-amzn-bedrock-input-token-count": "5", "x-amzn-bedrock-output-token-count": "4"}
FAMILIES: dict[str, tuple[str, Any, Any, dict[str, str]]] = {
    "nova": (
        "amazon.nova-lite-v1:0",
        {
            "messages": [{"role": "user", "content": [{"text": "Where is Oslo?"}]}],
            "inferenceConfig": {"max_new_tokens": 50},
        },
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "In Norway."}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokenCount": 2},
        },
        {},
    ),
    "titan": (
        "amazon.titan-text-express-v1",
        {"inputText": "Where is Oslo?", "textGenerationConfig": {"maxTokenCount": 50}},
        {
            "inputTextTokenCount": 5,
            "results": [{"tokenCount": 4, "outputText": "In Norway.", "completionReason": "FINISH"}],
        },
        {},
    ),
    "llama": (
        "meta.llama3-8b-instruct-v1:0",
        {"prompt": "Where is Oslo?", "max_gen_len": 50},
        {
            "generation": "In Norway.",
            "prompt_token_count": 5,
            "generation_token_count": 4,
            "stop_reason": "stop",
        },
        {},
    ),
    "mistral": (
        "mistral.mistral-7b-instruct-v0:2",
        {"prompt": "<s>[INST] Where is Oslo? [/INST]", "max_tokens": 50},
        {"outputs": [{"text": "In Norway.", "stop_reason": "stop"}]},
        SMALL,
    ),
    "mistral-chat": (
        "mistral.mistral-large-2407-v1:0",
        {"messages": [{"role": "user", "content": "Where is Oslo?"}], "max_tokens": 50},
        {
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "In Norway."},
                    "stop_reason": "stop",
                }
            ]
        },
        SMALL,
    ),
    "cohere-generations": (
        "cohere.command-text-v14",
        {"prompt": "Where is Oslo?", "max_tokens": 50},
        {"id": "1", "generations": [{"id": "2", "text": "In Norway.", "finish_reason": "COMPLETE"}]},
        SMALL,
    ),
    "cohere-chat": (
        "cohere.command-r-v1:0",
        {
            "message": "Where is Oslo?",
            "chat_history": [{"role": "CHATBOT", "message": "Hi."}],
            "max_tokens": 50,
        },
        {"response_id": "1", "text": "In Norway.", "finish_reason": "COMPLETE"},
        SMALL,
    ),
    "openai": (
        "openai.gpt-oss-120b-1:0",
        {"messages": [{"role": "user", "content": "Where is Oslo?"}], "max_tokens": 50},
        {
            "id": "chatcmpl-1",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "In Norway."},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 5, "completion_tokens": 4},
        },
        {},
    ),
}
every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
def test_an_invocation_of_every_family_is_read(family: str, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    model, body, answer, headers = FAMILIES[family]
    assert invoke(body, answer, model, headers) == answer
    (span,) = seen(handle)
    assert span.name == f"chat {model}"
    assert text_of(span) == "In Norway."
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert span.attributes["gen_ai.usage.input_tokens"] == 5
    assert span.attributes["gen_ai.usage.output_tokens"] == 4
    assert span.attributes["gen_ai.request.max_tokens"] == 50
    assert "Where is Oslo?" in str(span.content("gen_ai.input.messages")[-1]["parts"])


STREAMS: dict[str, list[Any]] = {
    "nova": [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "In "}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": "Norway."}, "contentBlockIndex": 0}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 5, "outputTokens": 4}}, **METRICS},
    ],
    "titan": [
        {"outputText": "In ", "index": 0, "totalOutputTextTokenCount": None, "completionReason": None},
        {"outputText": "Norway.", "index": 0, "completionReason": "FINISH", "inputTextTokenCount": 5,
         "totalOutputTextTokenCount": 4, **METRICS},
    ],
    "llama": [
        {"generation": "In ", "prompt_token_count": 5, "generation_token_count": 1, "stop_reason": None},
        {"generation": "Norway", "prompt_token_count": None, "generation_token_count": 3},
        {"generation": ".", "prompt_token_count": None, "generation_token_count": 4, "stop_reason": "stop",
         **METRICS},
    ],
    "mistral": [
        {"outputs": [{"text": "In ", "stop_reason": None}]},
        {"outputs": [{"text": "Norway.", "stop_reason": "stop"}], **METRICS},
    ],
    "cohere-generations": [
        {"text": "In ", "is_finished": False},
        {"text": "Norway.", "is_finished": False},
        {"is_finished": True, "finish_reason": "COMPLETE", **METRICS},
    ],
    "cohere-chat": [
        {"is_finished": False, "event_type": "text-generation", "text": "In "},
        {"is_finished": False, "event_type": "text-generation", "text": "Norway."},
        {"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE",
         "response": {"response_id": "1", "text": "In Norway.", "finish_reason": "COMPLETE"}, **METRICS},
    ],
    "openai": [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": "In "}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": "Norway."}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **METRICS},
    ],
}  # fmt: skip


@pytest.mark.parametrize("family", STREAMS)
def test_a_stream_of_every_family_adds_up(family: str, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    model, body, _, _ = FAMILIES[family]
    reply = Reply(
        chunks=tuple(map(piece, STREAMS[family])), content_type="application/vnd.amazon.eventstream"
    )
    result = client(reply).invoke_model_with_response_stream(modelId=model, body=json.dumps(body))
    assert len(list(result["body"])) == len(STREAMS[family])
    (span,) = seen(handle)
    assert text_of(span) == "In Norway."
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert span.attributes["gen_ai.usage.input_tokens"] == 5
    assert span.attributes["gen_ai.usage.output_tokens"] == 4
    assert span.attributes["watchkeeper.stream.state"] == "complete"


@pytest.mark.parametrize("family", STREAMS)
def test_a_stream_broken_off_anywhere_keeps_what_had_come(family: str) -> None:
    class Event:
        def __init__(self, chunk: bytes) -> None:
            (size,) = (int.from_bytes(chunk[4:8], "big"),)
            self.headers = {":event-type": "chunk"}
            self.payload = chunk[12 + size : -4]

    messages = [Event(piece(chunk)) for chunk in STREAMS[family]]
    for end in range(len(messages) + 1):
        pieces = [
            text if (text := invocation.read_chunk(message)) is not None else vars(message)
            for message in messages[:end]
        ]
        response = invocation.read_response(invocation.fold(pieces))
        found = "".join(part["content"] for answer in response.messages for part in answer["parts"])
        assert "In Norway.".startswith(found)


def test_embeddings_have_tokens_and_dimensions(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    titan = {"embedding": [0.1] * 256, "inputTextTokenCount": 3}
    invoke({"inputText": "Oslo", "dimensions": 256}, titan, "amazon.titan-embed-text-v2:0")
    cohere = {"id": "1", "embeddings": {"float": [[0.1] * 1024]}, "texts": ["oslo"]}
    invoke({"texts": ["Oslo"], "input_type": "search_query"}, cohere, "cohere.embed-english-v3", SMALL)
    first, second = seen(handle)
    for span, dimensions, tokens in ((first, 256, 3), (second, 1024, 5)):
        assert span.attributes["gen_ai.operation.name"] == "embeddings"
        assert span.attributes["gen_ai.embeddings.dimension.count"] == dimensions
        assert span.attributes["gen_ai.usage.input_tokens"] == tokens
        assert "Oslo" in span.attributes["gen_ai.input.messages"]


def test_images_are_described(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "A fjord"}}
    invoke(body, {"images": ["YWJj"]}, "amazon.nova-canvas-v1:0")
    (span,) = seen(handle)
    assert span.attributes["gen_ai.output.type"] == "image"
    assert "A fjord" in span.attributes["gen_ai.input.messages"]
    assert said(span)[0]["size_bytes"] == 3


def read_in_pieces(body: Any) -> bytes:
    return b"".join(iter(lambda: body.read(7), b""))


def read_into(body: Any) -> bytes:
    buffer, content = bytearray(11), b""
    while size := body.readinto(buffer):
        content += bytes(buffer[:size])
    return content


def read_within(body: Any) -> bytes:
    with body as raw:
        content: bytes = raw.read()
        return content


@pytest.mark.parametrize(
    "read",
    [
        lambda body: body.read(),
        read_in_pieces,
        read_into,
        read_within,
        lambda body: b"".join(body.iter_chunks(5)),
        b"".join,
        lambda body: b"\n".join(body.iter_lines()),
        lambda body: b"".join(body.readlines()),
    ],
)
def test_a_body_can_be_read_in_any_way(read: Callable[[Any], bytes], watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    result = client(Reply(CLAUDE)).invoke_model(**INVOCATION)
    assert json.loads(read(result["body"])) == CLAUDE
    (span,) = seen(handle)
    assert text_of(span) == "In Norway, of course."


def test_a_body_that_nobody_reads_has_the_tokens_of_its_headers(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    result = client(Reply(CLAUDE), HEADERS).invoke_model(**INVOCATION)
    del result
    gc.collect()
    (span,) = seen(handle)
    assert span.attributes["gen_ai.usage.input_tokens"] == 20
    assert span.attributes["gen_ai.usage.cache_read.input_tokens"] == 4
    assert "gen_ai.output.messages" not in span.attributes


def test_a_body_that_breaks_is_a_failure(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    result = client(Reply(CLAUDE)).invoke_model(**INVOCATION)
    result["body"]._raw_stream._raw = BrokenBody()
    with pytest.raises(OSError, match="the line is cut"):
        result["body"].read()
    (span,) = seen(handle)
    assert span.attributes["error.type"] == "OSError"


class BrokenBody:
    def read(self, *_: Any) -> bytes:
        raise OSError("the line is cut")


def test_the_clients_own_stub_works(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    bedrock = boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(bedrock) as stubber:
        stubber.add_response("invoke_model", {"body": io.BytesIO(b"{}"), "contentType": "application/json"})
        assert bedrock.invoke_model(**INVOCATION)["body"].read() == b"{}"
    (span,) = seen(handle)
    assert not span.is_error


def test_an_exception_event_fails_the_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    broken = event("throttlingException", {"message": "Too many tokens"}, kind="exception")
    for subject, start in (
        (STREAM_SUBJECT, STREAM_SUBJECT.reply.chunks[:2]),
        (replace(STREAM_SUBJECT, call=invoke_stream, open=lambda result: result["body"]), CLAUDE_EVENTS[:3]),
    ):
        reply = replace(STREAM_SUBJECT.reply, chunks=(*start, broken))
        with pytest.raises(EventStreamError, match="Too many tokens"):
            list(subject.open(subject.call(subject.build(subject.wire(reply)))))
    gc.collect()
    for span in seen(handle):
        assert span.is_error
        assert span.attributes["error.type"] == "throttlingException"
        assert text_of(span) == "In "


def invoke_stream(bedrock: Any) -> Any:
    return bedrock.invoke_model_with_response_stream(**INVOCATION)


def test_a_failure_has_its_http_status(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with pytest.raises(Exception, match="slow down"):
        CONVERSE_SUBJECT.call(CONVERSE_SUBJECT.build(CONVERSE_SUBJECT.wire(CONVERSE_SUBJECT.failure)))
    (span,) = seen(handle)
    assert span.attributes["http.response.status_code"] == 429


def test_other_services_are_left_alone(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    storage = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(storage) as stubber:
        stubber.add_response("list_buckets", {"Buckets": []})
        assert storage.list_buckets()["Buckets"] == []
    assert seen(handle) == []


def test_a_price_counts_what_is_cached(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    CONVERSE_SUBJECT.call(CONVERSE_SUBJECT.build(CONVERSE_SUBJECT.wire()))
    (span,) = seen(handle)
    regional = 1.1
    expected_usd = (16 * 3.00 + 4 * 0.30 + 9 * 15.00) / 1e6
    assert span.attributes["operation.cost"] in (
        pytest.approx(expected_usd),
        pytest.approx(expected_usd * regional),
    )


ANSWERED: dict[str, Any] = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Look outside.", "signature": "s"}}},
                {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Oslo"}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {
        "inputTokens": 599,
        "outputTokens": 9,
        "cacheReadInputTokens": 512,
        "cacheWriteInputTokens": 96,
    },
    "trace": {"promptRouter": {"invokedModelId": "amazon.nova-pro-v1:0"}},
}


def test_converse_has_tools_reasoning_and_the_model_that_was_chosen() -> None:
    response = converse.read_response(ANSWERED)
    assert response.messages[0]["parts"] == [
        {"type": "reasoning", "content": "Look outside."},
        {"type": "tool_call", "id": "t1", "name": "weather", "arguments": {"city": "Oslo"}},
    ]
    assert response.finish_reasons == ["tool_call"]
    assert response.model == "amazon.nova-pro-v1:0"
    assert (response.usage.input_tokens, response.usage.cache_write_tokens) == (1207, 96)


def test_a_streamed_conversation_adds_up_to_the_whole_one() -> None:
    pieces = [
        "rLook ",
        "routside.",
        {"headers": {":event-type": "contentBlockStop"}, "payload": b'{"contentBlockIndex":0}'},
        {
            "headers": {":event-type": "contentBlockStart"},
            "payload": b'{"start":{"toolUse":{"toolUseId":"t1","name":"weather"}},"contentBlockIndex":1}',
        },
        'a{"city":',
        'a"Oslo"}',
        {"headers": {":event-type": "messageStop"}, "payload": b'{"stopReason":"tool_use"}'},
    ]
    streamed = converse.read_response(converse.fold(pieces))
    whole = converse.read_response(ANSWERED)
    assert streamed.messages == whole.messages
    assert streamed.finish_reasons == whole.finish_reasons


def test_a_guardrail_that_intervened_is_a_filtered_answer() -> None:
    assert converse.read_response({"stopReason": "guardrail_intervened"}).finish_reasons == ["content_filter"]
    invoked = {**CLAUDE, "amazon-bedrock-guardrailAction": "INTERVENED"}
    assert invocation.read_response(invoked).finish_reasons == ["content_filter"]


def test_a_conversations_request_is_read_whole() -> None:
    request = converse.read_request(
        {
            "modelId": "anthropic.claude-v2",
            "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"image": {"format": "png", "source": {"bytes": b"abc"}}},
                        {"document": {"format": "pdf", "name": "a", "source": {"bytes": b"abc"}}},
                        {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/a.mp4"}}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "toolResult": {
                                "toolUseId": "t1",
                                "status": "error",
                                "content": [{"json": {"sky": "grey"}}],
                            }
                        }
                    ],
                },
            ],
            "toolConfig": {
                "tools": [
                    {"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object"}}}},
                    {"cachePoint": {"type": "default"}},
                ]
            },
            "guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "1"},
            "inferenceConfig": {"stopSequences": ["."]},
        }
    )
    assert [part["type"] for part in request.messages[0]["parts"]] == ["blob", "blob", "uri"]
    assert request.messages[1] == {
        "role": "tool",
        "parts": [
            {
                "type": "tool_call_response",
                "id": "t1",
                "response": [{"sky": "grey"}],
                "is_error": True,
            }
        ],
    }
    assert request.system == [{"type": "text", "content": "Be brief."}]
    assert request.attributes["aws.bedrock.guardrail.id"] == "g1"
    assert request.attributes["gen_ai.request.stop_sequences"] == ["."]
    assert [tool["type"] for tool in request.tools] == ["function"]


ADDRESS = "arn:aws:bedrock:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("address", "model"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        (f"{ADDRESS}:inference-profile/us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        (f"{ADDRESS}:application-inference-profile/a1", f"{ADDRESS}:application-inference-profile/a1"),
    ],
)
def test_a_model_is_named_where_its_address_says_it(address: str, model: str) -> None:
    assert converse.read_model({"modelId": address}) == model


def test_a_stored_prompt_has_its_name_and_version() -> None:
    attributes = converse.read_request({"modelId": f"{ADDRESS}:prompt/P1:3"}).attributes
    assert (attributes["gen_ai.prompt.name"], attributes["gen_ai.prompt.version"]) == ("P1", "3")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("LENGTH", "length"), ("MAX_TOKENS", "length"), ("CONTENT_FILTERED", "content_filter"), ("ODD", "ODD")],
)
def test_reasons_to_stop_are_in_the_conventions_words(reason: str, expected: str) -> None:
    titan = {"results": [{"outputText": "In", "completionReason": reason}]}
    assert families.read_response(titan).finish_reasons == [expected]
