"""Drift over HTTP and from the command line, by a running collector."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner
from watchkeeper_collector.cli.program import build_program
from watchkeeper_collector.query.times import SECOND_NS

from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request

UNITS = 60
CHECK, BASELINES = "/api/v1/drift/check", "/api/v1/baselines"
ASKED = {
    "candidate": {"release": "1.5", "start": "-1d"},
    "baseline": {"kind": "pinned", "release": "1.4"},
}


class Door:
    """A collector with calls of two releases, and a key for each set of rights."""

    def __init__(self, collector: CollectorProcess) -> None:
        self.collector = collector
        self.all = self._key("ingest", "read", "content", "alerts", "admin")
        self.reader = self._key("read")

    def ask(self, path: str, *, key: str = "", method: str = "GET", body: Any = None) -> Any:
        return self.collector.ask(path, key=key or self.all, method=method, body=body)

    def _key(self, *scopes: str) -> str:
        made = self.collector.ask(
            "/api/v1/keys",
            method="POST",
            key=getattr(self, "all", ""),
            body={"name": scopes[-1], "scopes": list(scopes)},
        )
        return str(made.json()["key"])


def call(release: str, place: int, time_ns: int) -> Any:
    answer = f"def answer_{place}():\n    return {place}"
    number = place + 1 + (1_000 if release == "1.5" else 0)
    texts = {
        "user": f"Write function {place}",
        "assistant": f"```\n{answer}\n```" if number > 1_000 else answer,
    }
    said = {
        role: json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
        for role, text in texts.items()
    }
    return make_span(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4",
            "gen_ai.response.model": "gpt-4-0314",
            "gen_ai.input.messages": said["user"],
            "gen_ai.output.messages": said["assistant"],
        },
        trace_id=number.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        start_time_unix_nano=time_ns + place * SECOND_NS,
        end_time_unix_nano=time_ns + place * SECOND_NS + SECOND_NS,
    )


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with CollectorProcess(tmp_path_factory.mktemp("drift") / "data", drift_enabled=False) as collector:
        opened = Door(collector.until_ready())
        for release in ("1.4", "1.5"):
            spans = [call(release, place, time.time_ns() - 3_600 * SECOND_NS) for place in range(UNITS)]
            body = trace_request(*spans, resource={"service.version": release}).SerializeToString()
            sent = collector.ask(
                "/v1/traces",
                method="POST",
                key=opened.all,
                body=body,
                headers={"content-type": "application/x-protobuf"},
            )
            assert sent.status == 200
        collector.until(lambda: collector.get("/api/v1/status", key=opened.all)["spool"]["segments"] == 0)
        yield opened


@pytest.fixture(scope="module")
def found(door: Door) -> Any:
    answer = door.ask(CHECK, method="POST", body=ASKED)
    assert answer.status == 200, answer.body
    return answer.json()


def test_two_releases_are_compared_on_demand(found: Any) -> None:
    assert found["answer"] == "major"
    assert "code fence" in found["reason"]
    features = {feature["feature"]: feature for feature in found["slices"][0]["features"]}
    assert (features["code_fence"]["before"], features["code_fence"]["after"]) == ("0.0", "1.0")
    assert features["output_chars"]["answer"] == "unknown"
    assert features["output_chars"]["needs"] == 140


def test_examples_are_shown_by_the_scope_content_alone(door: Door, found: Any) -> None:
    pair = found["slices"][0]["explanation"]["examples"][0]
    assert pair["is_same_question"]
    assert "```" in pair["after"]["answer"]
    hidden = door.ask(CHECK, key=door.reader, method="POST", body=ASKED).json()
    assert hidden["content_hidden"]
    shown = hidden["slices"][0]["explanation"]["examples"][0]
    assert shown["after"].keys() == {"trace_id", "span_id"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"baseline": {"kind": "pinned"}}, "needs a start and end, a release or a filter"),
        ({"candidate": {"start": "yesterday"}}, "no time for 'start'"),
        ({"candidate": {"start": "-1h", "filter": "model:("}}, "column"),
        ({"candidate": {"release": "1.5"}}, "needs a start and an end"),
    ],
)
def test_what_cannot_be_compared_is_said(door: Door, body: Any, words: str) -> None:
    answer = door.ask(CHECK, method="POST", body=body)
    assert answer.status == 400
    assert words in answer.json()["error"]["message"]


def test_a_saved_baseline_is_kept_compared_with_and_removed(door: Door) -> None:
    made = door.ask(BASELINES, method="POST", body={"name": "launch", "release": "1.4"})
    assert made.status == 201
    baseline = made.json()
    assert [one["id"] for one in door.ask(BASELINES).json()["items"]] == [baseline["id"]]
    asked = {**ASKED, "baseline": {"kind": "saved", "id": baseline["id"]}, "with_text": False}
    assert door.ask(CHECK, method="POST", body=asked).json()["answer"] == "major"
    assert door.ask(f"{BASELINES}/{baseline['id']}", method="DELETE").status == 204
    assert door.ask(CHECK, method="POST", body=asked).status == 404


def test_a_reader_changes_no_baseline(door: Door) -> None:
    refused = door.ask(BASELINES, key=door.reader, method="POST", body={"name": "x", "release": "1"})
    assert refused.status == 403


@pytest.mark.parametrize("body", [{"name": "empty"}, {"name": "x", "release": "1", "unknown": 1}])
def test_a_baseline_that_says_nothing_is_refused(door: Door, body: Any) -> None:
    assert door.ask(BASELINES, method="POST", body=body).status == 400


def test_lists_are_empty_while_no_window_was_checked(door: Door) -> None:
    assert door.ask("/api/v1/drift").json() == {"items": [], "next_cursor": None}
    assert door.ask("/api/v1/drift/events").json() == {"items": [], "next_cursor": None}


def test_consistency_of_answers_to_the_same_questions(door: Door) -> None:
    (point,) = door.ask("/api/v1/drift/consistency").json()["items"]
    assert (point["inputs"], point["answers"], point["exact"]) == (UNITS, 2 * UNITS, 0.0)
    assert 0 < point["similarity"] <= 1


def test_the_command_says_what_changed(door: Door) -> None:
    options = ["--baseline", "release:1.4", "--candidate", "release:1.5", "--no-text"]
    options += ["--url", door.collector.http, "--api-key", door.all]
    result = CliRunner().invoke(build_program(), ["drift", *options])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Major drift. answers with a code fence")
    assert "needs 140 more" in result.stdout


@pytest.mark.parametrize("given", ["release:", "nonsense:1", "saved:nobody"])
def test_the_command_says_what_it_does_not_understand(door: Door, given: str) -> None:
    options = ["--baseline", given, "--url", door.collector.http, "--api-key", door.all]
    result = CliRunner().invoke(build_program(), ["drift", *options])
    assert result.exit_code != 0
