"""Anthropic's client makes spans by itself: whose spans there are, in every order of set-up. Each in a
process of its own: the tracer provider is global.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.sdk.collector import Collector

START = """
import asyncio, json, sys
import anthropic
import watchkeeper
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.sdk.contract.anthropic_subjects import (
    MESSAGE, QUESTION, STREAM_REPLY, ask, build, build_async, http,
)
from tests.sdk.contract.wire import Reply, Wire

ASKED = {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": QUESTION}
memory = InMemorySpanExporter()
wires = []

def application():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)
    return provider

def instrument():
    return watchkeeper.instrument(endpoint=sys.argv[1], capture="all", strict=True)

def wire(reply=Reply(MESSAGE)):
    wires.append(Wire(http(), reply))
    return wires[-1]

def end(handle):
    handle.flush(5)
    spans = [(span.name, f"{span.context.span_id:016x}") for span in memory.get_finished_spans()]
    headers = [request.headers.get("traceparent") for one in wires for request in one.requests]
    print(json.dumps({"spans": spans, "headers": headers}))
"""
OURS = "chat claude-haiku-4-5"
THEIRS = "anthropic.messages.create"


class Result:
    """What a program left: names of the spans that the application's exporter got, and ours; trace contexts
    that were sent.
    """

    def __init__(self, printed: dict[str, Any], collector: Collector) -> None:
        self.application = [name for name, _ in printed["spans"]]
        self.ids = [span_id for _, span_id in printed["spans"]]
        self.headers = printed["headers"]
        self.spans = collector.spans()
        self.collector = [span.name for span in self.spans]


@pytest.fixture
def run(collector: Collector) -> Any:
    def run_program(program: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-c", START + program, collector.endpoint],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return Result(json.loads(done.stdout.splitlines()[-1]), collector)

    return run_program


SYNC = "ask(build(wire()))"
EVERY_WAY = f"""
{SYNC}
asyncio.run(ask(build_async(wire())))
list(ask(build(wire(STREAM_REPLY)), stream=True))
with build(wire(STREAM_REPLY)).messages.stream(**ASKED) as stream:
    stream.until_done()
"""


def test_one_call_is_one_span_everywhere(run: Any) -> None:
    result = run(f"application()\nhandle = instrument()\n{EVERY_WAY}\nend(handle)")
    assert result.application == result.collector == [OURS] * 4
    assert [header.split("-")[2] for header in result.headers] == result.ids
    assert all(span.content("gen_ai.output.messages") for span in result.spans)


def test_one_call_is_one_span_for_a_client_made_before_the_provider(run: Any) -> None:
    result = run(
        "client = build(wire())\nhandle = instrument()\nask(client)\napplication()\nask(client)\nend(handle)"
    )
    assert (result.application, result.collector) == ([OURS], [OURS, OURS])
    first, second = result.headers
    assert first is None
    assert second.split("-")[2] == result.ids[0]


def test_an_application_without_a_provider_sends_no_trace_context_because_of_us(run: Any) -> None:
    result = run(f"handle = instrument()\n{SYNC}\nend(handle)")
    assert (result.collector, result.headers) == ([OURS], [None])


def test_a_client_with_a_provider_of_its_own_keeps_its_span_there(run: Any) -> None:
    result = run(
        "own = TracerProvider()\n"
        "own.add_span_processor(SimpleSpanProcessor(memory))\n"
        "handle = instrument()\n"
        "client = build(wire()).with_options(open_telemetry={'tracer_provider': own})\n"
        "ask(client)\nend(handle)"
    )
    assert (result.application, result.collector) == ([THEIRS], [OURS])
    assert result.headers[0].split("-")[2] == result.ids[0]


def test_a_client_that_is_handed_our_provider_has_one_span(run: Any) -> None:
    result = run(
        "handle = instrument()\n"
        "client = build(wire()).with_options(open_telemetry={'tracer_provider': handle.tracer_provider})\n"
        "ask(client)\nend(handle)"
    )
    assert result.collector == [OURS]


def test_a_client_without_spans_sends_no_trace_context(run: Any) -> None:
    result = run(
        "application()\nhandle = instrument()\n"
        "ask(build(wire()).with_options(open_telemetry=False))\nend(handle)"
    )
    assert (result.application, result.headers) == ([OURS], [None])


def test_the_clients_other_spans_stay(run: Any) -> None:
    """Its tool runner's are the parents of our calls."""
    result = run(
        "application()\nhandle = instrument()\n"
        "build(wire()).beta.messages.tool_runner(**ASKED, tools=[]).until_done()\nend(handle)"
    )
    runner = "anthropic.messages.tool_runner"
    assert sorted(result.application) == sorted(result.collector) == [runner, OURS]
    parents = {span.name: span.parent_id for span in result.spans}
    ids = {span.name: span.span_id for span in result.spans}
    assert parents[OURS] == ids[runner]


def test_after_uninstrument_the_client_makes_its_span_again(run: Any) -> None:
    result = run(
        "original = vars(anthropic._base_client.BaseClient)['_tracer']\n"
        f"application()\nhandle = instrument()\n{SYNC}\nhandle.uninstrument()\n{SYNC}\n"
        "assert vars(anthropic._base_client.BaseClient)['_tracer'] is original\nend(handle)"
    )
    assert (result.application, result.collector) == ([OURS, THEIRS], [OURS])
