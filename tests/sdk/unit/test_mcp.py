"""What is recorded of requests to real MCP servers: in this process, in another, over HTTP."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mcp
import pytest
import uvicorn
from mcp import ClientSession, StdioServerParameters
from mcp.client import streamable_http
from watchkeeper import Handle
from watchkeeper.providers.mcp.requests import read_result, without_media

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract import openai_subjects
from tests.sdk.unit import mcp_server
from tests.sdk.unit.mcp_server import IS_NEW, build_server, session_with

pytestmark = pytest.mark.usefixtures("_servers_log_nothing")
SeenBy = Callable[[Handle], list[Seen]]
Act = Callable[[Any], Any]


@pytest.fixture
def _servers_log_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Their errors are what is asked for."""
    caplog.set_level(logging.CRITICAL, logger="mcp")


def ask(act: Act, server: Any = None) -> Any:
    """What ``act`` returns, given a session with the server."""

    async def run() -> Any:
        async with session_with(server or build_server()) as session:
            return await act(session)

    return asyncio.run(run())


def of_method(spans: list[Seen], method: str) -> Seen:
    (span,) = [span for span in spans if span.attributes["mcp.method.name"] == method]
    return span


def test_a_tool_call_has_its_arguments_and_its_result(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    result = ask(lambda session: session.call_tool("find", {"city": "Oslo"}))
    assert result.content[0].text == "Oslo is in Norway."
    span = of_method(seen(handle), "tools/call")
    assert (span.name, span.attributes["gen_ai.operation.name"]) == ("tools/call find", "execute_tool")
    assert span.content("gen_ai.tool.call.arguments") == {"city": "Oslo"}
    assert span.content("gen_ai.tool.call.result") == {"result": "Oslo is in Norway."}
    assert "gen_ai.provider.name" not in span.attributes
    assert "gen_ai.request.model" not in span.attributes


def test_arguments_may_be_given_by_name(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(lambda session: session.call_tool(arguments={"city": "Oslo"}, name="find"))
    span = of_method(seen(handle), "tools/call")
    assert (span.name, span.content("gen_ai.tool.call.arguments")) == ("tools/call find", {"city": "Oslo"})


def test_the_handshake_and_the_asking_for_tools_are_requests_too(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(lambda session: session.list_tools())
    spans = seen(handle)
    assert {span.name for span in spans} == {"initialize", "tools/list"}
    assert not [key for span in spans for key in span.attributes if key.startswith(("gen_ai.", "output."))]


def test_the_protocols_version_and_the_requests_number_are_known_from_version_2_on(
    watch: Watch, seen: SeenBy
) -> None:
    handle = watch()
    ask(lambda session: session.list_tools())
    span = of_method(seen(handle), "tools/list")
    known = ("mcp.protocol.version" in span.attributes, "jsonrpc.request.id" in span.attributes)
    assert known == (IS_NEW, IS_NEW)


def test_a_tool_that_failed_is_an_error_though_the_request_went_well(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(lambda session: session.call_tool("fail", {}))
    span = of_method(seen(handle), "tools/call")
    assert (span.is_error, span.attributes["error.type"]) == (True, "tool_error")
    assert "the atlas is closed" in str(span.attributes["gen_ai.tool.call.result"])


def test_an_error_of_the_protocol_is_told_by_its_number(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def get(session: Any) -> None:
        with pytest.raises(Exception, match="nobody"):
            await session.get_prompt("nobody")

    ask(get)
    span = of_method(seen(handle), "prompts/get")
    assert span.is_error
    assert span.attributes["error.type"] == span.attributes["rpc.response.status_code"]
    assert int(span.attributes["error.type"]) <= 0
    assert span.status_message == span.events[0][1]["exception.message"]


def test_a_prompt_and_a_resource_are_read(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def act(session: Any) -> None:
        await session.get_prompt("ask", {"city": "Oslo"})
        await session.read_resource("memo://norway")

    ask(act)
    spans = seen(handle)
    prompt, resource = of_method(spans, "prompts/get"), of_method(spans, "resources/read")
    assert (prompt.name, prompt.attributes["gen_ai.prompt.name"]) == ("prompts/get ask", "ask")
    assert prompt.content("input.value") == {"city": "Oslo"}
    assert prompt.content("output.value")[0]["content"]["text"] == "Where is Oslo?"
    assert (resource.name, resource.attributes["mcp.resource.uri"]) == ("resources/read", "memo://norway")
    assert resource.content("output.value")[0]["text"] == "Oslo is the capital."


def test_structured_content_is_the_result(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(lambda session: session.call_tool("measure", {"city": "Oslo"}))
    span = of_method(seen(handle), "tools/call")
    assert span.content("gen_ai.tool.call.result") == {"inhabitants": 700_000}


def test_an_image_is_not_put_on_the_span(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ask(lambda session: session.call_tool("draw", {}))
    span = of_method(seen(handle), "tools/call")
    (image,) = span.content("gen_ai.tool.call.result")
    assert (image["modality"], image["mime_type"], image["size_bytes"]) == ("image", "image/png", 6)


def test_a_file_within_a_result_is_not_either() -> None:
    block = {
        "type": "resource",
        "resource": {"uri": "file:///a.pdf", "mimeType": "a/pdf", "blob": "aGVsbG8="},
    }
    read = without_media([block])[0]["resource"]
    assert (read["uri"], read["size_bytes"]) == ("file:///a.pdf", 5)
    assert "aGVsbG8" not in json.dumps(read)


def test_a_result_that_is_a_text_and_nothing_else_is_that_text() -> None:
    assert read_result({"content": [{"type": "text", "text": "Rain."}]}) == "Rain."
    assert read_result({"content": []}) is None
    assert read_result("what no server may send") is None


def test_without_capture_only_the_tools_name_is_known(watch: Watch, seen: SeenBy) -> None:
    handle = watch(capture="none")
    ask(lambda session: session.call_tool("find", {"city": "Oslo"}))
    assert "Oslo" not in "".join(span.texts() for span in seen(handle))


def test_a_model_that_a_tool_asks_in_the_same_process_is_recorded_beneath(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    subject = openai_subjects.CHAT_SUBJECT

    def think() -> str:
        answer = subject.call(subject.build(subject.wire()))
        return str(answer.choices[0].message.content)

    ask(lambda session: session.call_tool("think", {}), build_server(think=think))
    spans = seen(handle)
    (call,) = [span for span in spans if span.name == "chat gpt-4o"]
    (tool,) = [span for span in spans if span.name == "tools/call think"]
    assert call.trace_id == tool.trace_id if IS_NEW else call.trace_id  # version 1 carries no context


if IS_NEW:

    @pytest.mark.parametrize("mode", ["legacy", "auto"])
    def test_the_newer_client_is_recorded_too(mode: str, watch: Watch, seen: SeenBy) -> None:
        """In the mode "auto" a server in the same process works in the caller's context, without streams."""
        handle = watch()
        subject = openai_subjects.CHAT_SUBJECT

        def think() -> str:
            return str(subject.call(subject.build(subject.wire())).id)

        async def run() -> None:
            async with mcp.Client(build_server(think=think), mode=mode) as client:
                await client.call_tool("think", {})

        asyncio.run(run())
        spans = seen(handle)
        (call,) = [span for span in spans if span.name == "chat gpt-4o"]
        (tool,) = [span for span in spans if span.name == "tools/call think"]
        assert call.trace_id == tool.trace_id
        assert tool.content("gen_ai.tool.call.result") == {"result": "chatcmpl-1"}


def test_a_server_in_another_process_is_reached_through_a_pipe(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    program = StdioServerParameters(command=sys.executable, args=[str(Path(mcp_server.__file__))])

    async def run() -> Any:
        async with mcp.stdio_client(program) as streams, ClientSession(*streams) as session:
            await session.initialize()
            return await session.call_tool("find", {"city": "Oslo"})

    assert asyncio.run(run()).content[0].text == "Oslo is in Norway."
    spans = seen(handle)
    assert {span.attributes["network.transport"] for span in spans} == {"pipe"}
    assert of_method(spans, "tools/call").attributes["gen_ai.tool.name"] == "find"


@contextmanager
def serving() -> Iterator[int]:
    """The server over HTTP, at the port that is given."""
    app = build_server().streamable_http_app()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_a_server_over_http_is_known_by_its_address_and_its_session(watch: Watch, seen: SeenBy) -> None:
    handle = watch()

    async def run(port: int) -> None:
        address = f"http://127.0.0.1:{port}/mcp"
        connecting = streamable_http.streamable_http_client(address)
        async with connecting as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            await session.call_tool("find", {"city": "Oslo"})

    with serving() as port:
        asyncio.run(run(port))
    spans = seen(handle)
    for span in spans:
        assert span.attributes["server.address"] == "127.0.0.1"
        assert span.attributes["server.port"] == port
        assert (span.attributes["network.transport"], span.attributes["network.protocol.name"]) == (
            "tcp",
            "http",
        )
    assert len({span.attributes["mcp.session.id"] for span in spans}) == 1


# The client's own spans, from version 2 on. Each program has a process of its own, since the tracer provider
# is global.

START = """
import asyncio, json, sys
import mcp
import watchkeeper
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from tests.sdk.contract.mcp_wire import Sessions

memory = InMemorySpanExporter()
sent = []

def application():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)

def instrument():
    return watchkeeper.instrument(endpoint=sys.argv[1], capture="all", strict=True)

async def answer(request):
    sent.append((request.params or {}).get("_meta"))
    return {"content": [{"type": "text", "text": "Oslo is in Norway."}]}

def call(handle):
    asyncio.run(Sessions(answer).call_tool("find", {"city": "Oslo"}))
    handle.flush(5)
    spans = [(span.name, f"{span.context.span_id:016x}") for span in memory.get_finished_spans()]
    print(json.dumps({"spans": spans, "sent": sent}))
"""


@pytest.fixture
def run(collector: Collector) -> Any:
    def run_program(program: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", START + program, collector.endpoint],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run_program


def carried(printed: Any) -> list[str]:
    """Spans that the server is told to be called by."""
    return [meta["traceparent"].split("-")[2] for meta in printed["sent"] if meta]


@pytest.mark.parametrize(
    "order", ["application(); handle = instrument()", "handle = instrument(); application()"]
)
def test_its_own_span_does_not_double_a_request(order: str, run: Any, collector: Collector) -> None:
    printed = run(f"{order}; call(handle)")
    (span,) = collector.spans()
    assert printed["spans"] == [["tools/call find", span.span_id]]
    assert carried(printed) == ([span.span_id] if IS_NEW else [])


def test_without_a_provider_of_the_applications_the_server_still_learns_the_trace(
    run: Any, collector: Collector
) -> None:
    printed = run("handle = instrument(); call(handle)")
    (span,) = collector.spans()
    assert printed["spans"] == []
    assert carried(printed) == ([span.span_id] if IS_NEW else [])


def test_after_uninstrument_its_own_span_is_there_again(run: Any, collector: Collector) -> None:
    printed = run("application(); handle = instrument(); handle.uninstrument(); call(handle)")
    assert collector.spans() == []
    assert [name for name, _ in printed["spans"]] == (["MCP send tools/call find"] if IS_NEW else [])
