"""The demo's pager refuses what PagerDuty refuses, and keeps one incident for a key."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from watchkeeper_collector.demo.pager import Incidents, Pager, RefusedError

KEY = "0123456789abcdef0123456789abcdef"
PAYLOAD = {"summary": "anthropic fails", "source": "shop", "severity": "critical"}


def event(action: str = "trigger", **changed: Any) -> bytes:
    return json.dumps(
        {"routing_key": KEY, "event_action": action, "dedup_key": "k", "payload": PAYLOAD} | changed
    ).encode()


def test_an_incident_is_opened_once_and_resolved_once() -> None:
    incidents = Incidents()
    for action in ("resolve", "trigger", "trigger", "acknowledge", "resolve", "resolve", "trigger"):
        incidents.take(event(action))
    assert [one.action for one in incidents.events] == ["trigger", "acknowledge", "resolve", "trigger"]
    assert {one.summary for one in incidents.events} == {"anthropic fails"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "no JSON"),
        (b"[]", "no object"),
        (event(routing_key="short"), "'routing_key' has 32 characters"),
        (event("open"), "'event_action' is one of"),
        (event(dedup_key="k" * 256), "at most 255"),
        (event(payload={}), r"'payload\.summary' is a text"),
        (event(payload=None), "has a 'payload'"),
        (event(payload=PAYLOAD | {"summary": "x" * 1025}), "at most 1,024"),
        (event(payload=PAYLOAD | {"severity": "page"}), "severity' is one of"),
        (event("resolve", dedup_key=""), "says what it is about"),
        (event(client="x" * 512_000), "more than 512,000 bytes"),
    ],
)
def test_what_the_api_does_not_allow_is_refused_and_kept(body: bytes, reason: str) -> None:
    incidents = Incidents()
    with pytest.raises(RefusedError, match=reason):
        incidents.take(body)
    assert (len(incidents.refused), len(incidents.events)) == (1, 0)


def test_more_than_120_events_in_a_minute_have_to_wait() -> None:
    now_s = 0.0
    incidents = Incidents(clock_s=lambda: now_s)
    for number in range(120):
        incidents.take(event(dedup_key=str(number)))
    with pytest.raises(RefusedError) as refused:
        incidents.take(event(dedup_key="late"))
    assert refused.value.status == 429
    now_s = 60.0
    assert incidents.take(event(dedup_key="late")) == "late"


def test_events_come_over_http_and_are_listed() -> None:
    told: list[str] = []
    with Pager(lambda one: told.append(one.summary)) as pager:
        assert ask(pager, "POST", "/v2/enqueue", event())[0] == 202
        assert ask(pager, "POST", "/v2/enqueue", b"{")[0] == 400
        assert ask(pager, "POST", "/elsewhere", b"{}")[0] == 404
        status, found = ask(pager, "GET", "/")
    assert (status, told) == (200, ["anthropic fails"])
    assert [one["action"] for one in found["events"]] == ["trigger"]
    assert found["refused"] == ["The body is no JSON."]


def ask(pager: Pager, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(pager.url).netloc)
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content
