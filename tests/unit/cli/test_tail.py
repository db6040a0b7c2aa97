"""`watchkeeper tail`: lines, and that each span comes once."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.cells import cell_len
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.follower import Follower, read_answer
from watchkeeper_collector.cli.tail import render_line

from tests.unit.cli.conftest import Api, Run


def span(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "trace_id": f"{number:032x}",
        "span_id": f"{number:016x}",
        "timestamp": "2026-11-25T10:20:30.123456789Z",
        "received_at": f"2026-11-25T10:20:{40 + number}.000000000Z",
        "kind": "llm",
        "span_name": "chat",
        "service_name": "shop-assistant",
        "request_model": "gpt-5",
        "response_model": "gpt-5-2025-08-07",
        "duration_ms": 3412.4,
        "input_tokens": 1339,
        "output_tokens": 295,
        "cost_usd": 0.00123,
        "is_error": False,
        "error_type": "",
        "error_status": 0,
        "error_message": "",
        "status_message": "",
    } | changes


class Store:
    """Spans and answers behind the stub."""

    def __init__(self, api: Api) -> None:
        self.spans: list[dict[str, Any]] = []
        self.is_hidden = False
        api.answer_by(self.reply)

    def reply(self, path: str) -> Any:
        if path.startswith("/api/v1/spans"):
            return {"items": list(reversed(self.spans)), "next_cursor": None}
        trace_id = urlsplit(path).path.rpartition("/")[2]
        return {"spans": [self.detail(found) for found in self.spans if found["trace_id"] == trace_id]}

    def detail(self, found: dict[str, Any]) -> dict[str, Any]:
        if self.is_hidden:
            return found | {"content_hidden": True}
        text = f"answer {int(found['span_id'], 16)}"
        return found | {
            "output_messages": [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]
        }


@pytest.fixture
def store(api: Api) -> Store:
    return Store(api)


def test_each_span_comes_once_in_the_order_of_arrival(api: Api, store: Store) -> None:
    follower = Follower(ApiClient(api.url), "is:call", "15m")
    store.spans = [span(2), span(1)]
    assert [found["span_id"] for found in follower.new_spans()] == [span(1)["span_id"], span(2)["span_id"]]
    store.spans.append(span(3))
    assert [found["span_id"] for found in follower.new_spans()] == [span(3)["span_id"]]
    assert follower.new_spans() == []


def test_what_was_there_is_shown_with_its_answers(run: Run, api: Api, store: Store) -> None:
    store.spans = [span(number) for number in range(1, 6)]
    result = run("tail", "-n", "2", "--no-follow", "--url", api.url)
    lines = result.stdout.splitlines()
    assert [line.rpartition("  ")[2] for line in lines] == ["answer 4", "answer 5"]
    assert lines[0].startswith("10:20:30  shop-assistant    gpt-5-2025-08-07 ")
    assert "1,339 → 295    $0.0012" in lines[0]


def test_filter_is_put_beside_calls_alone_unless_every_span_is_wanted(
    run: Run, api: Api, store: Store
) -> None:
    words = ["tail", "--no-follow", "--url", api.url, "--filter", "a:b OR c:d"]
    run(*words)
    run(*words, "--all")
    filters = [parse_qs(urlsplit(path).query)["filter"] for _, path, _, _ in api.seen]
    assert filters == [["is:call (a:b OR c:d)"], ["(a:b OR c:d)"]]


def test_key_without_the_right_content_sees_the_rest(run: Run, api: Api, store: Store) -> None:
    store.spans, store.is_hidden = [span(1)], True
    result = run("tail", "--no-follow", "--url", api.url)
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("$0.0012")


def test_failed_call_shows_its_error() -> None:
    failed = span(
        1, is_error=True, error_type="RateLimitError", error_status=429, error_message="Slow\x1b[31m down"
    )
    assert render_line(failed, "", None).endswith("  RateLimitError 429: Slow down")
    assert render_line(span(1, is_error=True), "", None).endswith("  failed")


def test_span_that_is_no_call_shows_its_name() -> None:
    tool = span(1, kind="tool", span_name="execute_tool search", response_model="", request_model="")
    line = render_line(tool, "", None)
    assert "execute_tool search" in line
    assert "→" not in line


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_line_fits_the_terminal_whatever_is_in_it(width: int) -> None:
    hostile = span(1, service_name="東京" * 40, response_model="\x1b[2J" + "m" * 300, input_tokens=10**12)
    line = render_line(hostile, "日本語の答え " * 50, width)
    assert cell_len(line) <= width
    assert "\x1b" not in line


def test_answer_is_its_words_else_the_tools_it_asks_for() -> None:
    text = [
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "Yes."}],
        }
    ]
    tool = [{"role": "assistant", "parts": [{"type": "tool_call", "name": "search"}, {"type": "tool_call"}]}]
    assert read_answer(text) == "Yes."
    assert read_answer(tool) == "→ search → a tool"
    assert read_answer(json.loads('[{"parts": null}, {}]')) == ""
