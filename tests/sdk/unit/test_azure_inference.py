"""What Azure AI Inference's client has of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from azure.ai.inference import EmbeddingsClient, ImageEmbeddingsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolCall,
    ChatCompletionsToolDefinition,
    FunctionCall,
    FunctionDefinition,
    ImageEmbeddingInput,
    JsonSchemaFormat,
    ToolMessage,
    UserMessage,
)
from watchkeeper import Handle
from watchkeeper.providers import azure_inference

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.azure_subjects import (
    CHAT_SUBJECT,
    COMPLETION,
    EMBEDDED,
    MODEL,
    STREAM_REPLY,
    ask,
    build,
    chunk,
)
from tests.sdk.contract.wire import Reply, events

SeenBy = Callable[[Handle], list[Seen]]
TOOL = ChatCompletionsToolDefinition(
    function=FunctionDefinition(name="weather", parameters={"type": "object", "properties": {}})
)
CALL = ChatCompletionsToolCall(id="c1", function=FunctionCall(name="weather", arguments='{"city":"Oslo"}'))


def test_what_the_client_was_made_with_is_part_of_the_request(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CHAT_SUBJECT.wire(), model=MODEL, max_tokens=50, temperature=0.1, seed=7)
    client.complete(messages=[UserMessage("Where is Oslo?")], temperature=0.9)
    (span,) = seen(handle)
    asked = {
        name: span.attributes[f"gen_ai.request.{name}"] for name in ("max_tokens", "temperature", "seed")
    }
    assert (span.name, asked) == (f"chat {MODEL}", {"max_tokens": 50, "temperature": 0.9, "seed": 7})
    assert "openai.api.type" not in span.attributes


@pytest.mark.parametrize("form", [dict, lambda body: json.dumps(body).encode()])
def test_a_body_that_was_given_as_a_whole_is_read(form: Any, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Where is Oslo?"}], "top_p": 0.5}
    build(CHAT_SUBJECT.wire()).complete(form(body))
    (span,) = seen(handle)
    assert (span.attributes["gen_ai.request.model"], span.attributes["gen_ai.request.top_p"]) == (MODEL, 0.5)
    assert span.content("gen_ai.input.messages")[0]["parts"][0]["content"] == "Where is Oslo?"


def test_further_parameters_of_a_model_are_part_of_the_request() -> None:
    client = build(CHAT_SUBJECT.wire(), model_extras={"n": 2})
    body = azure_inference.read_body(client, azure_inference.CHAT, None, {"model": MODEL})
    assert azure_inference.read_request(body).attributes["gen_ai.request.choice.count"] == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("text", "text"),
        ("json_object", "json"),
        (JsonSchemaFormat(name="place", schema={"type": "object"}), "json"),
    ],
)
def test_the_format_of_the_answer_is_known(wanted: Any, expected: str, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(build(CHAT_SUBJECT.wire()), response_format=wanted)
    (span,) = seen(handle)
    assert span.attributes["gen_ai.output.type"] == expected


def test_tools_are_recorded_in_request_and_answer(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    called = {"role": "assistant", "content": None, "tool_calls": [CALL.as_dict()]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": called}
    messages = [
        UserMessage("Weather?"),
        AssistantMessage(tool_calls=[CALL]),
        ToolMessage("Rain", tool_call_id="c1"),
    ]
    client = build(CHAT_SUBJECT.wire(Reply({**COMPLETION, "choices": [choice]})))
    client.complete(messages=messages, model=MODEL, tools=[TOOL])
    (span,) = seen(handle)
    (definition,) = span.content("gen_ai.tool.definitions")
    assert (definition["type"], definition["name"]) == ("function", "weather")
    question, asked, answer = span.content("gen_ai.input.messages")
    tool_call = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Oslo"}}
    assert (question["role"], asked["parts"]) == ("user", [tool_call])
    assert answer["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "Rain"}]
    assert span.content("gen_ai.output.messages")[0]["parts"] == [tool_call]


def test_a_tool_call_in_a_stream_is_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    pieces = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"ci'}}]
    more = [{"function": {"arguments": 'ty":"Oslo"}'}}]
    chunks = [
        chunk({"role": "assistant", "content": "", "tool_calls": pieces}),
        chunk({"tool_calls": more}),
        chunk({}, "tool_calls"),
    ]
    reply = Reply(chunks=(*events(*chunks), b"data: [DONE]\n\n"), content_type="text/event-stream")
    with ask(build(CHAT_SUBJECT.wire(reply)), stream=True) as stream:
        assert len(list(stream)) == 3
    (span,) = seen(handle)
    (part,) = span.content("gen_ai.output.messages")[0]["parts"]
    assert (part["name"], part["arguments"]) == ("weather", {"city": "Oslo"})
    assert span.attributes["watchkeeper.stream.state"] == "complete"


def test_an_image_is_not_put_on_the_span(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    picture = ImageEmbeddingInput(image="data:image/png;base64,aW1hZ2U=", text="Oslo")
    build(CHAT_SUBJECT.wire(EMBEDDED), ImageEmbeddingsClient).embed(input=[picture], model="clip")
    (span,) = seen(handle)
    image, words = span.content("gen_ai.input.messages")[0]["parts"]
    assert (image["mime_type"], image["size_bytes"], words["content"]) == ("image/png", 5, "Oslo")
    assert "aW1hZ2U" not in span.texts()


def test_vectors_are_not_put_on_the_span(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    build(CHAT_SUBJECT.wire(EMBEDDED), EmbeddingsClient).embed(input=["Oslo"], model="embed", dimensions=512)
    (span,) = seen(handle)
    assert "0.25" not in span.texts()


def test_a_deployment_of_azure_openai_is_told_by_its_address(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    address = "https://shop.openai.azure.com/openai/deployments/gpt-4o-mini"
    client = build(CHAT_SUBJECT.wire(), endpoint=address)
    client.complete(messages=[UserMessage("Where is Oslo?")])
    (span,) = seen(handle)
    assert span.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert span.attributes["gen_ai.request.model"] == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("https://models.github.ai/inference", "azure.ai.inference"),
        ("https://mine.eastus.models.ai.azure.com", "azure.ai.inference"),
        ("https://gateway.example.com/llm", "azure.ai.inference"),
    ],
)
def test_an_endpoint_is_azures_wherever_it_is(address: str, provider: str) -> None:
    assert azure_inference.endpoint(address).provider == provider


def test_asking_for_a_models_description_is_no_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    described = Reply({"model_name": MODEL, "model_type": "chat-completion", "model_provider_name": "M"})
    assert build(CHAT_SUBJECT.wire(described)).get_model_info()["model_name"] == MODEL
    assert seen(handle) == []


# The client's own instrumentation: one call is one span. Each program has a process of its own, since the
# tracer provider is global.

START = """
import json, sys
import watchkeeper
from azure.ai.inference.tracing import AIInferenceInstrumentor
from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.sdk.contract.azure_subjects import CHAT_SUBJECT, STREAM_REPLY, ask, build

settings.tracing_implementation = "opentelemetry"
memory = InMemorySpanExporter()

def application():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)

def instrument():
    return watchkeeper.instrument(endpoint=sys.argv[1], capture="all", strict=True)

def calls(handle):
    ask(build(CHAT_SUBJECT.wire()))
    list(ask(build(CHAT_SUBJECT.wire(STREAM_REPLY)), stream=True))
    handle.flush(5)

def end():
    spans = [span.name for span in memory.get_finished_spans() if "gen_ai.operation.name" in span.attributes]
    print(json.dumps(spans))
"""
THEIRS_FIRST = "AIInferenceInstrumentor().instrument(); handle = instrument()"
OURS_FIRST = "handle = instrument(); AIInferenceInstrumentor().instrument()"


@pytest.fixture
def run(collector: Collector) -> Any:
    def run_program(program: str) -> tuple[list[str], list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", START + program, collector.endpoint],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        calls = [span.name for span in collector.spans() if "gen_ai.operation.name" in span.attributes]
        return json.loads(done.stdout), calls

    return run_program


@pytest.mark.parametrize("order", [THEIRS_FIRST, OURS_FIRST])
def test_its_own_tracing_does_not_double_a_call(order: str, run: Any) -> None:
    application, ours = run(f"application(); {order}; calls(handle); end()")
    assert application == ours == [f"chat {MODEL}"] * 2


def test_its_own_tracing_without_a_provider_of_the_applications_does_not_either(run: Any) -> None:
    assert run(f"{THEIRS_FIRST}; calls(handle); end()") == ([], [f"chat {MODEL}"] * 2)


@pytest.mark.parametrize("order", [THEIRS_FIRST, OURS_FIRST])
def test_turning_its_own_tracing_off_leaves_ours_on(order: str, run: Any) -> None:
    turned_off = "AIInferenceInstrumentor().uninstrument()"
    application, ours = run(f"application(); {order}; {turned_off}; calls(handle); end()")
    assert application == ours == [f"chat {MODEL}"] * 2


@pytest.mark.parametrize("order", [THEIRS_FIRST, OURS_FIRST])
def test_after_ours_its_own_tracing_works_as_before(order: str, run: Any) -> None:
    application, ours = run(f"application(); {order}; handle.uninstrument(); calls(handle); end()")
    assert (application, ours) == ([f"chat {MODEL}"] * 2, [])


def test_a_stream_is_the_answer_of_the_plain_call() -> None:
    reader = azure_inference.METHODS[0].reader
    chunks = [json.loads(piece[5:]) for piece in STREAM_REPLY.chunks[:-1]]
    folded, plain = reader.response(reader.fold(chunks)), reader.response(COMPLETION)
    assert (folded.messages, folded.usage, folded.id) == (plain.messages, replace(plain.usage), plain.id)
