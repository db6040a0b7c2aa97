"""A user, and a session, are erased: from every answer, every table, every file."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.collector import CollectorProcess
from tests.otlp.requests import log_request, make_span, trace_request

PROTOBUF = {"content-type": "application/x-protobuf"}
ALICE, BOB = "alice+canary@example.org", "bob@example.org"
SAID = "canarysecret"
SESSION = "session-canary-1"
NS_PER_S = 10**9


def call(user: str, text: str, **attributes: str) -> dict[str, Any]:
    message = f'[{{"role":"user","parts":[{{"type":"text","content":"{text}"}}]}}]'
    return {
        "user.id": user,
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": message,
        **attributes,
    }


class Shop:
    """A collector with people in it."""

    def __init__(self, collector: CollectorProcess, folder: Path) -> None:
        self.collector = collector
        self.folder = folder
        self._spans = 0

    def post(self, signal: str, body: bytes) -> None:
        answer = self.collector.ask(f"/v1/{signal}", method="POST", body=body, headers=PROTOBUF)
        assert answer.status == 200, answer.body

    def trace(self, number: int, *spans: Mapping[str, Any], age_s: int = 0) -> None:
        """Send a trace with these spans, each by its attributes."""
        made = []
        for attributes in spans:
            self._spans += 1
            made.append(
                make_span(
                    dict(attributes),
                    trace_id=number.to_bytes(16, "big"),
                    span_id=self._spans.to_bytes(8, "big"),
                    start_time_unix_nano=time.time_ns() - age_s * NS_PER_S,
                )
            )
        self.post("traces", trace_request(*made).SerializeToString())

    def rows(self, sql: str) -> list[list[Any]]:
        answer = self.collector.ask("/api/v1/sql", method="POST", body={"query": sql})
        assert answer.status == 200, answer.body
        rows: list[list[Any]] = answer.json()["rows"]
        return rows

    def count(self, table: str, condition: str = "1") -> int:
        return int(self.rows(f"SELECT count() FROM {table} WHERE {condition}")[0][0])

    def until(self, sql: str, expected: int) -> None:
        self.collector.until(lambda: int(self.rows(sql)[0][0]) == expected)

    def erase(self, path: str) -> Any:
        answer = self.collector.ask(f"/api/v1/{path}", method="DELETE")
        assert answer.status == 202, answer.body
        return answer.json()

    def report(self, erasure: Mapping[str, Any]) -> Any:
        """Wait until it is done: what it says."""
        path = f"/api/v1/erasures/{erasure['id']}"
        self.collector.until(lambda: self.collector.get(path)["state"] == "done", timeout_s=240)
        return self.collector.get(path)["report"]

    def files_with(self, *words: str) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        wanted = [word.encode().lower() for word in words]
        return [
            str(path.relative_to(self.folder))
            for path in files
            if any(word in path.read_bytes().lower() for word in wanted)
        ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("erasure") / "data"
    with CollectorProcess(folder, segment_age_s=0.05, settle_interval_s=0.2) as collector:
        yield Shop(collector.until_ready(), folder)


def test_a_user_is_erased_from_every_file_and_others_are_left_alone(shop: Shop) -> None:
    shop.trace(1, call(ALICE, f"{SAID} one"), {"step": "of alice's trace alone"})
    shop.trace(2, call(ALICE, f"{SAID} two"), call(BOB, "bob asks"))
    shop.trace(3, call(BOB, f"tell {ALICE} that"), {"note": f"for {ALICE}"})
    shop.post("logs", log_request(f"{ALICE} {SAID} logged in", {"user.id": ALICE}).SerializeToString())
    shop.post("logs", log_request(f"about {ALICE}", {"k": "v"}).SerializeToString())
    score = {"name": "helpful", "value": 1, "trace_id": f"{1:032x}", "comment": SAID}
    assert shop.collector.ask("/api/v1/scores", method="POST", body=score).status == 202
    comment = {"trace_id": f"{1:032x}", "text": f"call {ALICE}"}
    assert shop.collector.ask("/api/v1/comments", method="POST", body=comment).status == 201
    view = {"page": "traces", "name": "hers", "query": f"filter=user%3A%22{quote(ALICE)}%22"}
    assert shop.collector.ask("/api/v1/views", method="POST", body=view).status == 201
    shop.until("SELECT count() FROM spans", 6)
    shop.until("SELECT count() FROM otel_logs", 3)
    shop.until(f"SELECT count() FROM spans WHERE UserId = '{ALICE}'", 3)  # settled: the step is hers too
    assert shop.files_with(ALICE, SAID)

    erasure = shop.erase(f"users/{quote(ALICE)}")
    assert shop.erase(f"users/{quote(ALICE)}")["id"] == erasure["id"]
    report = shop.report(erasure)

    assert report["spans: removed"] >= 3
    assert report["scores: removed"] == report["comments: removed"] == 1
    assert report["spans: edited"] == 1
    assert shop.rows("SELECT DISTINCT UserId FROM spans ORDER BY UserId") in ([[""], [BOB]], [[BOB]])
    assert shop.count("span_content", "hasToken(lower(Words), 'bob')") == 1
    assert shop.rows("SELECT InputText FROM span_content ORDER BY InputText") == [
        ["bob asks"],
        ["tell [erased] that"],
    ]
    assert shop.rows("SELECT Body FROM otel_logs WHERE Body != ''") == [["about [erased]"]]
    assert shop.collector.get("/api/v1/comments?trace_id=" + f"{1:032x}")["items"] == []
    shop.collector.until(lambda: shop.files_with(ALICE, SAID) == [])
    again = shop.report(shop.erase(f"users/{quote(ALICE)}"))
    assert again == {}


def test_a_session_is_erased_and_its_users_other_sessions_stay(shop: Shop) -> None:
    before = shop.count("spans")
    shop.trace(11, call("carol", "sessionword", **{"session.id": SESSION}))
    shop.trace(12, call("carol", "another", **{"session.id": "session-other"}))
    score = {"name": "helpful", "value": 1, "session_id": SESSION}
    assert shop.collector.ask("/api/v1/scores", method="POST", body=score).status == 202
    shop.until(f"SELECT count() FROM scores WHERE SessionId = '{SESSION}'", 1)
    shop.until("SELECT count() FROM spans", before + 2)
    report = shop.report(shop.erase(f"sessions/{SESSION}"))
    assert (report["spans: removed"], report["span_content: removed"]) == (1, 1)
    assert report["scores: removed"] == 1
    assert shop.count("spans", "UserId = 'carol'") == 1
    shop.collector.until(lambda: shop.files_with(SESSION, "sessionword") == [])


def test_an_erasure_goes_on_after_a_kill(shop: Shop) -> None:
    shop.trace(21, call("dave-canary", "davesword"))
    shop.until("SELECT count() FROM spans WHERE UserId = 'dave-canary'", 1)
    erasure = shop.erase("users/dave-canary")
    shop.collector.kill()
    shop.collector.start().until_ready()
    shop.report(erasure)
    shop.collector.until(lambda: shop.files_with("dave-canary", "davesword") == [])


def test_what_was_erased_is_listed_and_another_projects_is_not_there(shop: Shop) -> None:
    listed = shop.collector.get("/api/v1/erasures?limit=1")
    assert (len(listed["items"]), listed["next_cursor"] is not None) == (1, True)
    assert listed["items"][0]["finished_at"]
    assert ALICE not in str(shop.collector.get("/api/v1/erasures"))
    assert shop.collector.ask("/api/v1/erasures/0123456789abcdef").status == 404
