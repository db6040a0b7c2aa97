"""Fifty texts that want to be markup, in every string that a span has: they are shown, and do nothing."""

import json
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser
from watchkeeper_collector.demo.sender import Sender

from tests.browser.conftest import Site, Visitor, dashboard, is_stored, visiting
from tests.browser.payloads import HOSTILE
from tests.collector import CollectorProcess
from tests.dashboard.hostile import HOST
from tests.otlp.requests import make_span, trace_request

PAGES = ("/", "/spend", "/performance", "/errors", "/traces", "/sessions", "/users", "/quality", "/data")
MESSAGES = '[{{"role": "{role}", "parts": [{{"type": "text", "content": {text}}}]}}]'
FOUND = "() => document.body.innerText"
ACTIVE = "script, img, iframe, link, a, object, embed, base, form, meta, video, audio"
LIVE = f"""() => [...document.querySelectorAll('{ACTIVE}')]
    .flatMap((e) => [e.src, e.href, e.data, e.action, e.getAttribute('content')])
    .filter((url) => typeof url === 'string' && !url.startsWith(location.origin))
    .filter((url) => url.includes('{HOST}') || url.startsWith('javascript:'))"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A collector whose every text is hostile, with its dashboard."""
    with CollectorProcess(tmp_path_factory.mktemp("hostile") / "data", segment_age_s=0.1) as collector:
        collector.until_ready()
        sender = Sender(collector.http, threading.Event())
        for number, payload in enumerate(HOSTILE):
            sender.send("traces", request(number, payload))
        sender.send_scores([score(number, payload) for number, payload in enumerate(HOSTILE)])
        collector.until(lambda: is_stored(collector))
        with dashboard(collector) as url:
            yield Site(collector, url)


@pytest.fixture
def visitor(hostile: Site, browser: Browser) -> Iterator[Visitor]:
    with visiting(browser, hostile.url) as visitor:
        visitor.page.set_viewport_size({"width": 1440, "height": 2400})
        yield visitor
        assert visitor.page.evaluate(LIVE) == []


def request(number: int, payload: str) -> object:
    now_ns = time.time_ns()
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": payload,
        "gen_ai.request.model": payload,
        "gen_ai.response.model": payload,
        "gen_ai.usage.input_tokens": 10 + number,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.input.messages": MESSAGES.format(role="user", text=json.dumps(payload)),
        "gen_ai.output.messages": MESSAGES.format(role="assistant", text=json.dumps(payload)),
        "gen_ai.agent.name": payload,
        "gen_ai.prompt.name": payload,
        "error.type": payload,
        "user.id": payload,
        "session.id": payload,
        "app.feature": payload,
        payload: payload,
    }
    span = make_span(
        attributes,
        name=payload,
        trace_id=(100 + number).to_bytes(16, "big"),
        span_id=(number + 1).to_bytes(8, "big"),
        start_time_unix_nano=now_ns - (number + 1) * 10**9,
        end_time_unix_nano=now_ns - number * 10**9,
        status={"code": 2, "message": payload},
    )
    return trace_request(span, resource={"service.name": payload, "service.version": payload})


def score(number: int, payload: str) -> dict[str, object]:
    trace_id = (100 + number).to_bytes(16, "big").hex()
    return {
        "name": payload[:100],
        "value": 0.5,
        "trace_id": trace_id,
        "comment": payload,
        "label": payload[:100],
    }


def test_there_are_fifty_and_none_twice() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 50


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_hostile_text_as_text(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    assert len(visitor.page.evaluate(FOUND)) > 100


@pytest.mark.parametrize("field", ["filter", "range"])
def test_a_url_is_not_trusted(visitor: Visitor, field: str) -> None:
    visitor.open(f"/traces?{field}={quote(HOSTILE[1])}")
    assert visitor.page.evaluate(FOUND)


def test_traces_sessions_users_and_errors_of_hostile_names_open(visitor: Visitor, hostile: Site) -> None:
    ids = [item["trace_id"] for item in hostile.collector.get("/api/v1/traces?limit=60")["items"]]
    assert len(ids) == len(HOSTILE)
    for trace_id in ids[::6]:
        visitor.open(f"/trace?id={trace_id}")
        assert trace_id in visitor.page.evaluate(FOUND)
    for payload in HOSTILE[::12]:
        visitor.open(f"/user?user={quote(payload)}")
        visitor.open(f"/session?session={quote(payload)}")
    for group in hostile.collector.get("/api/v1/errors?limit=60")["items"][::12]:
        visitor.open(f"/error-group?group={group['fingerprint']}")
