"""What is special about Mistral: parts that are imported late, thoughts, agents and conversations, documents,
spans that the client makes by itself, flavours for Azure and Google's cloud.
"""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mistralai.azure.client import MistralAzure
from mistralai.client import models
from mistralai.client.sdk import Mistral
from mistralai.gcp.client import MistralGCP
from pydantic import BaseModel
from watchkeeper import Handle
from watchkeeper.providers.mistral import completions, contents, conversations, frames

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.mistral_subjects import (
    CHAT_SUBJECT,
    CHUNKS,
    COMPLETION,
    ENDED,
    MODEL,
    STARTED,
    STREAM_REPLY,
    USAGE,
    ask,
    build,
    chunk,
    said,
)
from tests.sdk.contract.openai_subjects import QUESTION
from tests.sdk.contract.wire import Reply, Wire, events

SeenBy = Callable[[Handle], list[Seen]]
DATA = "iVBORw0KGgo="


def stream_of(*chunks: Any) -> Reply:
    return Reply(chunks=(*events(*chunks), b"data: [DONE]\n\n"), content_type="text/event-stream")


def parts(span: Seen) -> list[dict[str, Any]]:
    (answer,) = span.content("gen_ai.output.messages")
    return list(answer["parts"])


def thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


class City(BaseModel):
    country: str


def test_a_parsed_answer_is_one_call(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": '{"country":"NO"}'},
    }
    client = build(CHAT_SUBJECT.wire(Reply({**COMPLETION, "choices": [choice]})))
    parsed = client.chat.parse(City, model=MODEL, messages=QUESTION)
    assert parsed.choices[0].message.parsed.country == "NO"
    (span,) = seen(handle)
    assert span.attributes["gen_ai.output.type"] == "json"


def test_a_stream_is_the_clients_own_and_a_context_manager(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CHAT_SUBJECT.wire(STREAM_REPLY))
    with client.chat.parse_stream(City, model=MODEL, messages=QUESTION) as stream:
        assert type(stream).__name__ == "EventStream"
        next(stream)
        next(stream)
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "partial"


def test_thoughts_and_calls_to_tools_in_a_stream_are_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {"id": "call-1", "index": 0, "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    chunks = [
        chunk({"role": "assistant", "content": [thought("Norway? ")]}),
        chunk({"content": [thought("Norway.")]}),
        chunk({"content": "Let me "}),
        chunk({"content": "look."}),
        chunk({"tool_calls": [call]}, "tool_calls", usage=USAGE),
    ]
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    client = build(CHAT_SUBJECT.wire(stream_of(*chunks)))
    stream = client.chat.stream(
        model="magistral-medium-latest", messages=QUESTION, tools=[tool], reasoning_effort="high"
    )
    assert len(list(stream)) == 5
    (span,) = seen(handle)
    assert parts(span) == [
        {"type": "reasoning", "content": "Norway? Norway."},
        {"type": "text", "content": "Let me look."},
        {"type": "tool_call", "id": "call-1", "name": "weather", "arguments": {"city": "Oslo"}},
    ]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.attributes["gen_ai.request.reasoning.level"] == "high"
    assert span.content("gen_ai.tool.definitions")[0]["name"] == "weather"


def test_thoughts_of_a_whole_answer_are_read() -> None:
    content = [thought("Norway."), {"type": "text", "text": "In Norway."}]
    body = {"choices": [{"message": {"content": content}, "finish_reason": "model_length"}]}
    response = completions.read_response(body)
    assert response.finish_reasons == ["length"]
    assert response.messages[0]["parts"] == [
        {"type": "reasoning", "content": "Norway."},
        {"type": "text", "content": "In Norway."},
    ]


def test_messages_may_be_the_clients_own_objects(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    messages = [
        models.SystemMessage(content="Be brief."),
        models.UserMessage(
            content=[
                models.TextChunk(text="Where is"),
                models.ImageURLChunk(image_url=f"data:image/png;base64,{DATA}"),
            ]
        ),
        models.AssistantMessage(
            tool_calls=[models.ToolCall(id="c-1", function=models.FunctionCall(name="f", arguments={"a": 1}))]
        ),
        models.ToolMessage(content="snow", tool_call_id="c-1"),
    ]
    build(CHAT_SUBJECT.wire()).chat.complete(model=MODEL, messages=messages, stop=["."], random_seed=7)
    (span,) = seen(handle)
    system, user, assistant, tool = span.content("gen_ai.input.messages")
    assert system["parts"] == [{"type": "text", "content": "Be brief."}]
    assert [part["type"] for part in user["parts"]] == ["text", "blob"]
    assert assistant["parts"] == [{"type": "tool_call", "id": "c-1", "name": "f", "arguments": {"a": 1}}]
    assert tool["parts"] == [{"type": "tool_call_response", "id": "c-1", "response": "snow"}]
    assert span.attributes["gen_ai.request.seed"] == 7
    assert span.attributes["gen_ai.request.stop_sequences"] == ["."]
    assert DATA not in span.texts()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"type": "input_audio", "input_audio": DATA}, "blob"),
        ({"type": "input_audio", "input_audio": "https://example.org/a.mp3"}, "uri"),
        ({"type": "document_url", "document_url": f"data:application/pdf;base64,{DATA}"}, "blob"),
        ({"type": "document_url", "document_url": "https://example.org/a.pdf"}, "uri"),
        ({"type": "resource", "uri": "file:///a", "content": {"blob": DATA}}, "uri"),
        ({"type": "file", "file_id": "f-1"}, "file"),
        ({"type": "reference", "reference_ids": [1]}, "reference"),
    ],
)
def test_media_are_described_only(given: dict[str, Any], kind: str) -> None:
    part = contents.read_part(given)
    assert part["type"] == kind
    assert DATA not in str(part)


def test_an_agent_is_named(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    build(CHAT_SUBJECT.wire()).agents.complete(agent_id="ag-1", messages=QUESTION)
    (span,) = seen(handle)
    assert (span.name, span.attributes["gen_ai.agent.id"]) == ("chat", "ag-1")
    assert span.attributes["gen_ai.response.model"] == MODEL


def test_text_before_and_behind_is_the_input(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    client = build(CHAT_SUBJECT.wire(STREAM_REPLY))
    list(client.fim.stream(model="codestral-latest", prompt="def oslo():", suffix="return 1"))
    (span,) = seen(handle)
    (asked,) = span.content("gen_ai.input.messages")
    assert [part["content"] for part in asked["parts"]] == ["def oslo():", "return 1"]
    assert parts(span) == [{"type": "text", "content": "In Norway, of course."}]


def test_a_conversation_has_its_tools_and_its_name(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    outputs = [
        {
            "type": "tool.execution",
            "id": "t-1",
            "name": "web_search",
            "arguments": '{"query": "Oslo"}',
            "info": {"n": 1},
        },
        {
            "type": "message.output",
            "id": "m-1",
            "content": [{"type": "text", "text": "In Norway."}],
            "model": MODEL,
        },
        {
            "type": "function.call",
            "id": "f-1",
            "tool_call_id": "c-1",
            "name": "weather",
            "arguments": '{"city": "Oslo"}',
        },
    ]
    usage = {**ENDED["usage"], "connector_tokens": 12, "connectors": {"web_search": 1}}
    reply = Reply(
        {"object": "conversation.response", "conversation_id": "conv-1", "outputs": outputs, "usage": usage}
    )
    client = build(CHAT_SUBJECT.wire(reply))
    result = {"type": "function.result", "tool_call_id": "c-0", "result": "snow"}
    client.beta.conversations.append(conversation_id="conv-1", inputs=[result])
    (span,) = seen(handle)
    assert [part["type"] for part in parts(span)] == [
        "server_tool_call", "server_tool_call_response", "text", "tool_call",
    ]  # fmt: skip
    assert span.attributes["gen_ai.conversation.id"] == "conv-1"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert span.attributes["mistral_ai.usage.connector_tokens"] == 12
    assert span.content("gen_ai.input.messages")[0]["parts"] == [
        {"type": "tool_call_response", "id": "c-0", "response": "snow"}
    ]


def ran(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": f"tool.execution.{kind}", "id": "t-1", "name": "web_search", "output_index": 0, **more}


def wanted(arguments: str) -> dict[str, Any]:
    named = {"type": "function.call.delta", "id": "f", "name": "w", "tool_call_id": "c-1"}
    return {**named, "arguments": arguments, "output_index": 2}


def test_a_streamed_conversation_is_put_together() -> None:
    stream = [
        STARTED,
        ran("started", arguments=""),
        ran("delta", arguments='{"q":1}'),
        ran("done", info={"n": 1}),
        said("In ", output_index=1),
        said("Norway.", output_index=1),
        wanted('{"a"'),
        wanted(":1}"),
        ENDED,
    ]
    response = conversations.read_response(conversations.fold([{"data": event} for event in stream]))
    call, result, text, function = response.messages[0]["parts"]
    assert (call["server_tool_call"], result["server_tool_call_response"]) == (
        {"arguments": {"q": 1}},
        {"n": 1},
    )
    assert text == {"type": "text", "content": "In Norway."}
    assert function == {"type": "tool_call", "id": "c-1", "name": "w", "arguments": {"a": 1}}
    assert (response.usage.input_tokens, response.model) == (20, MODEL)


def test_a_conversation_that_failed_says_why() -> None:
    failed = {"type": "conversation.response.error", "message": "overloaded", "code": 3505}
    assert conversations.read_response(conversations.fold([STARTED, failed])).error_type == "3505"


def test_parameters_of_a_conversation_become_attributes() -> None:
    request = conversations.read_request(
        {
            "model": MODEL,
            "inputs": "Where is Oslo?",
            "instructions": "Be brief.",
            "completion_args": {"temperature": 0.5, "max_tokens": 9},
            "agent_id": {},  # not given
        }
    )
    assert request.attributes == {"gen_ai.request.temperature": 0.5, "gen_ai.request.max_tokens": 9}
    assert request.system == [{"type": "text", "content": "Be brief."}]
    assert request.messages == [{"role": "user", "parts": [{"type": "text", "content": "Where is Oslo?"}]}]


def test_a_document_that_is_read_has_pages(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    page = {"index": 0, "markdown": "# Oslo", "images": [], "dimensions": None}
    usage = {"pages_processed": 1, "doc_size_bytes": 2048}
    client = build(
        CHAT_SUBJECT.wire(Reply({"pages": [page], "model": "mistral-ocr-2505", "usage_info": usage}))
    )
    document = {"type": "document_url", "document_url": "https://example.org/oslo.pdf"}
    client.ocr.process(model="mistral-ocr-latest", document=document)
    (span,) = seen(handle)
    assert span.name == "generate_content mistral-ocr-latest"
    assert span.attributes["mistral_ai.ocr.usage.pages_processed"] == 1
    assert parts(span) == [{"type": "text", "content": "# Oslo"}]


def test_answers_in_the_form_of_responses_are_read() -> None:
    """Which the client has since version 3."""
    reader = frames.RESPONSES
    assert "openai.api.type" not in reader.request({"model": MODEL, "input": "Hi"}).attributes
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}
    done = {
        "id": "r-1",
        "model": MODEL,
        "status": "completed",
        "output": [item],
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    stream = [{"event": "response.completed", "data": {"type": "response.completed", "response": done}}]
    response = reader.response(reader.fold(stream))
    assert (response.id, response.usage.output_tokens) == ("r-1", 2)
    assert response.messages[0]["parts"] == [{"type": "text", "content": "Hello"}]


def test_zeros_that_the_client_made_up_are_unknown() -> None:
    assert (
        contents.read_usage({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}).input_tokens
        is None
    )
    counted = contents.read_usage({**USAGE, "service_tier": {}})
    assert (counted.input_tokens, counted.cache_read_tokens) == (20, 4)


def test_the_price_counts_cached_tokens(watch: Watch, seen: SeenBy) -> None:
    handle = watch(is_priced=True)
    ask(build(CHAT_SUBJECT.wire()))
    (span,) = seen(handle)
    assert span.attributes["operation.cost"] > 0
    assert "mistral/" in span.attributes["watchkeeper.cost.basis"]


def test_another_server_and_headers_are_no_content(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(
        build(CHAT_SUBJECT.wire()),
        server_url="https://llm.corp.example:8443",
        http_headers={"x-key": "secret"},
    )
    (span,) = seen(handle)
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("llm.corp.example", 8443)
    assert span.attributes["gen_ai.provider.name"] == "mistral_ai"
    assert "secret" not in span.texts()


def test_a_failure_has_its_http_status(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with pytest.raises(Exception, match="slow down"):
        ask(build(CHAT_SUBJECT.wire(CHAT_SUBJECT.failure)))
    (span,) = seen(handle)
    assert span.attributes["http.response.status_code"] == 429


def test_clients_for_other_clouds_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = Wire(importlib.import_module("mistralai.azure.client.basesdk").httpx, Reply(COMPLETION))
    azure = MistralAzure(
        api_key="az-secret", server_url="https://abc.models.ai.azure.com", client=wire.client()
    )
    azure.chat.complete(model="azureai", messages=QUESTION)
    wire = Wire(importlib.import_module("mistralai.gcp.client.basesdk").httpx, Reply(COMPLETION))
    google = MistralGCP(project_id="p", access_token="secret", client=wire.client())
    google.chat.complete(model="mistral-small-2503", messages=QUESTION)
    first, second = seen(handle)
    assert first.attributes["gen_ai.provider.name"] == "azure.ai.inference"
    assert second.attributes["gen_ai.provider.name"] == "gcp.vertex_ai"
    assert second.attributes["server.address"].endswith("aiplatform.googleapis.com")


def test_a_folded_stream_is_the_answer_of_the_plain_call() -> None:
    pieces = [
        completions.read_chunk(models.CompletionEvent(data=piece)) or {"data": piece} for piece in CHUNKS
    ]
    folded, plain = completions.read_response(completions.fold(pieces)), completions.read_response(COMPLETION)
    assert (folded.messages, folded.usage, folded.id) == (plain.messages, plain.usage, plain.id)
    assert (
        completions.read_response(completions.fold([{"data": piece} for piece in CHUNKS])).messages
        == plain.messages
    )


def test_calls_of_either_twin_do_not_mix(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    wire = CHAT_SUBJECT.wire()
    client = Mistral(api_key="secret", client=wire.client(), async_client=wire.async_client())
    asyncio.run(client.chat.complete_async(model=MODEL, messages=QUESTION))
    client.chat.complete(model=MODEL, messages=QUESTION)
    assert len({span.trace_id for span in seen(handle)}) == 2


PROGRAM = """
import asyncio, json, sys
import watchkeeper
handle = watchkeeper.instrument(endpoint=sys.argv[1], capture="all", strict=True)
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
if "provider" in sys.argv:
    trace.set_tracer_provider(provider)
import mistralai.client
late = "mistralai.client.chat" in sys.modules
from tests.sdk.contract.mistral_subjects import CHAT_SUBJECT, STREAM_REPLY, MODEL, build
from tests.sdk.contract.openai_subjects import QUESTION
if "global" in sys.argv:
    from mistralai.extra import observability
wires = [CHAT_SUBJECT.wire(), CHAT_SUBJECT.wire(STREAM_REPLY), CHAT_SUBJECT.wire()]
clients = [build(wire) for wire in wires]
for client in clients if "global" in sys.argv else ():
    if hasattr(observability, "configure_telemetry"):
        observability.configure_telemetry(client, provider="global", redaction=False)
clients[0].chat.complete(model=MODEL, messages=QUESTION)
list(clients[1].chat.stream(model=MODEL, messages=QUESTION))
asyncio.run(clients[2].chat.complete_async(model=MODEL, messages=QUESTION))
handle.flush(5)
spans = [(span.name, f"{span.context.span_id:016x}") for span in memory.get_finished_spans()]
headers = [request.headers.get("traceparent") for wire in wires for request in wire.requests]
print(json.dumps({"spans": spans, "headers": headers, "late": late}))
"""


def run(collector: Collector, *arguments: str) -> dict[str, Any]:
    """In a process of its own: the tracer provider is global."""
    command = [sys.executable, "-c", PROGRAM, collector.endpoint, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_an_older_version_is_left_alone_with_a_line_in_the_log(tmp_path: Path) -> None:
    """Its modules have other names."""
    package, metadata = tmp_path / "mistralai", tmp_path / "mistralai-1.12.4.dist-info"
    for folder, files in ((package, ("__init__.py", "sdk.py")), (metadata, ("METADATA",))):
        folder.mkdir()
        for name in files:
            (folder / name).write_text("Name: mistralai\nVersion: 1.12.4\n" if name == "METADATA" else "")
    program = "import watchkeeper; watchkeeper.instrument(metrics=False); import mistralai.sdk"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    expected = "Watchkeeper: mistralai 1.12.4 is not instrumented; versions 2.x and 3.x are."
    assert done.stderr.splitlines() == [expected]


def test_the_clients_own_span_does_not_double_ours(collector: Collector) -> None:
    left = run(collector, "provider", "global")
    assert [name for name, _ in left["spans"]] == [f"chat {MODEL}"] * 3
    assert [header.split("-")[2] for header in left["headers"]] == [span_id for _, span_id in left["spans"]]
    assert [span.name for span in collector.spans()] == [f"chat {MODEL}"] * 3


def test_without_a_provider_no_trace_context_is_sent(collector: Collector) -> None:
    left = run(collector)
    assert (left["spans"], left["headers"], left["late"]) == ([], [None] * 3, False)
    assert [span.name for span in collector.spans()] == [f"chat {MODEL}"] * 3
