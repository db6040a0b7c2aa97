"""The examples as their users run them: programs of their own, the bundled model, a real collector."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.collector import CollectorProcess

ROOT = Path(__file__).parents[2]
SETTINGS = ("WATCHKEEPER_", "OTEL_", "OPENAI_")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
FOUND = "I looked it up: Order 1042 is shipped on Monday, arrives on Thursday."


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(tmp_path_factory.mktemp("examples"), segment_age_s=0.05) as running:
        yield running.until_ready()


def environment(collector: CollectorProcess) -> dict[str, str]:
    return CLEAN | {"WATCHKEEPER_ENDPOINT": collector.http}


def run(collector: CollectorProcess, example: str, *words: str) -> tuple[str, str]:
    """What an example answered, and the id of its trace."""
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{example}", *words],
        cwd=ROOT, env=environment(collector), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not re.search("could not|cannot", done.stderr)
    answer, about = done.stdout.splitlines()
    return answer, re.findall(r"trace ([0-9a-f]{32}): http", about)[0]


def stored(collector: CollectorProcess, trace_id: str, expected: int) -> list[dict[str, Any]]:
    """The spans of a trace, when the expected number of calls is there with their cost, and the root."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        answer = collector.ask(f"/api/v1/traces/{trace_id}")
        found[:] = answer.json()["spans"] if answer.status == 200 else []
        priced = [span for span in calls(found) if span["cost_usd"] is not None]
        return len(priced) == expected and any(not span["parent_span_id"] for span in found)

    collector.until(is_there)
    return found


def calls(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, in their order, though a framework may tell of them as well."""
    own = [span for span in spans if span["operation"] == "chat" and not span["is_duplicate"]]
    return sorted(own, key=lambda span: span["timestamp"])


def answer_of(span: dict[str, Any]) -> str:
    return "".join(part.get("content", "") for part in span["output_messages"][0]["parts"])


@pytest.mark.parametrize(("example", "service"), [("agent", "support-agent"), ("langgraph", "support-graph")])
def test_an_agent_leaves_its_calls_and_its_tools_in_one_trace(
    example: str, service: str, collector: CollectorProcess
) -> None:
    answer, trace_id = run(collector, example, "Where is order 1042?")
    assert answer == FOUND
    spans = stored(collector, trace_id, 2)
    asked, told = calls(spans)
    assert (asked["response_model"], asked["service_name"]) == ("gpt-5-mini-2025-08-07", service)
    assert min(span["input_tokens"] * span["output_tokens"] * span["cost_usd"] for span in (asked, told)) > 0
    assert asked["output_messages"][0]["parts"][0]["name"] == "find_order"
    assert answer_of(told) == FOUND
    tools = [span["tool_name"] for span in spans if span["operation"] == "execute_tool"]
    assert set(tools) == {"find_order"}
    (root,) = [span for span in spans if not span["parent_span_id"]]
    assert (root["operation"], root["agent_name"]) == ("invoke_agent", "support")
    assert {span["session_id"] for span in spans} == {"conversation-1"}


@contextmanager
def chatting(collector: CollectorProcess) -> Iterator[str]:
    """The address of the chat application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "examples.chat_app", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(collector)) as program:
        address = f"http://127.0.0.1:{port}"
        try:
            collector.until(lambda: is_listening(port))
            yield address
        finally:
            program.send_signal(signal.SIGINT)
            assert program.wait(30) == 0


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def post(address: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of JSON in the answer."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [json.loads(line) for line in answer]


def test_the_chat_streams_keeps_sessions_and_sends_thumbs(collector: CollectorProcess) -> None:
    with chatting(collector) as address:
        with urllib.request.urlopen(address, timeout=60) as page:
            assert "<h1>Shop chat</h1>" in page.read().decode()
        question = {"text": "How do I return something?", "session": "s-1", "user": "bob"}
        (head, *pieces) = post(f"{address}/chat", question)
        (again, *_) = post(f"{address}/chat", question)
        post(f"{address}/feedback", {"trace_id": head["trace_id"], "is_helpful": True})
    spans = stored(collector, head["trace_id"], 1)
    (call,) = calls(spans)
    said = "".join(piece["text"] for piece in pieces)
    assert (answer_of(call), len(pieces) > 5) == (said, True)
    assert (call["session_id"], call["user_id"], call["prompt_name"]) == ("s-1", "bob", "clerk")
    assert (call["is_streaming"], call["time_to_first_token_ms"] > 0) == (True, True)
    assert call["input_tokens"] * call["output_tokens"] * call["cost_usd"] > 0
    (second,) = calls(stored(collector, again["trace_id"], 1))
    assert [message["role"] for message in second["input_messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    collector.until(lambda: thumbs(collector, head["trace_id"]) == [("helpful", 1.0)])


def test_what_the_pages_ask_is_answered(collector: CollectorProcess) -> None:
    pages = [ROOT / "docs" / "quickstart.md", *(ROOT / "examples").rglob("README.md")]
    questions = re.findall(
        r'(?m)^watchkeeper query "([^"]+)"', "".join(page.read_text("utf-8") for page in pages)
    )
    assert len(questions) == 2
    for question in questions:
        command = [sys.executable, "-m", "watchkeeper_collector", "query", question]
        asked = CLEAN | {"WATCHKEEPER_URL": collector.http}
        done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr


def thumbs(collector: CollectorProcess, trace_id: str) -> list[tuple[str, float]]:
    scores = collector.get(f"/api/v1/scores?trace_id={trace_id}")["items"]
    return [(score["name"], score["value"]) for score in scores]
