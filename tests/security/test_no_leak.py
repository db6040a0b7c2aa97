"""What a policy takes out is in no file: spool, store, state, log; whatever path it came by."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from watchkeeper_collector.otlp.signals import SIGNALS

from tests.acceptance.captures import load_cases, load_requests
from tests.collector import ROOT, CollectorProcess
from tests.otlp.requests import log_request, make_span, trace_request
from tests.security.planting import CARD, EMAIL, IN_CONTENT, SECRET, as_json, planted

POLICY = {
    "detectors": {"secret": "mask", "email": "hash", "card": "mask", "phone": "mask", "ip": "off"},
    "patterns": {"employee": r"EMP-\d{6}"},
    "users": "hash",
}
USER = "user-quokka-5521"
CONTROL = "a-word-that-nobody-redacts-88231"
NOWHERE = "clickhouse://127.0.0.1:1/watchkeeper"
"""A store that is away: what is acknowledged stays in the spool."""
SCORE = {"name": "helpful", "value": 1, "trace_id": "ab" * 16, "user_id": USER}
LANGFUSE = {
    "batch": [
        {
            "id": "e1",
            "type": "score-create",
            "timestamp": "2026-11-01T00:00:00Z",
            "body": {"id": "s1", "traceId": "cd" * 16, "name": "tone", "value": 1, "comment": f"by {EMAIL}"},
        }
    ]
}


class Sender:
    """Sends everything, by every path."""

    def __init__(self, collector: CollectorProcess) -> None:
        self.collector = collector
        self.count = 0

    def post(self, path: str, body: Any, **headers: str) -> int:
        self.count += 1
        return self.collector.ask(path, method="POST", body=body, headers=headers).status

    def captures(self) -> None:
        for number, case in enumerate(load_cases()):
            for request in load_requests(case):
                message = planted(request.signal, request.body, is_json=request.media_type.endswith("json"))
                self.otlp(request.signal, message, number)

    def otlp(self, signal: str, message: Any, number: int) -> None:
        """By another door each time."""
        protobuf = message.SerializeToString()
        match number % 4:
            case 0:
                status = self.post(f"/v1/{signal}", protobuf, **{"content-type": "application/x-protobuf"})
            case 1:
                status = self.post(f"/v1/{signal}", as_json(message), **{"content-type": "application/json"})
            case 2:
                headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
                status = self.post(f"/api/public/otel/v1/{signal}", gzip.compress(protobuf), **headers)
            case _:
                with grpc.insecure_channel(self.collector.grpc) as channel:
                    channel.unary_unary(SIGNALS[signal].method)(protobuf, timeout=60)
                status = 200
        assert status == 200

    def others(self) -> None:
        comment = f"{EMAIL} paid with {CARD}, key {SECRET}"
        facts = {"user.id": USER, "input.value": CONTROL, "nested": {"deep": [{EMAIL: [comment]}]}}
        self.otlp("traces", trace_request(make_span(facts)), 0)
        self.otlp("logs", log_request({"a": [comment, {"b": comment}]}, {"x": comment}), 1)
        for body in (log_request(comment), log_request(comment.encode())):
            self.otlp("logs", body, 3)
        assert self.post("/api/v1/scores", {**SCORE, "comment": comment, "metadata": {"m": comment}}) == 202
        assert self.post("/api/public/ingestion", LANGFUSE) in (200, 207)
        noted = {"trace_id": "ab" * 16, "text": comment, "author": EMAIL}
        assert self.post("/api/v1/comments", noted) == 201
        trial = {"attributes": {"x": comment, EMAIL: "y"}}
        assert self.post("/api/v1/redaction/try", trial) == 200

    def refused(self) -> None:
        """What is wrong with a request is told without writing it down."""
        text = " ".join(IN_CONTENT)
        for media_type in ("application/json", "application/x-protobuf", "text/plain"):
            assert self.post("/v1/traces", text.encode(), **{"content-type": media_type}) in (400, 415)
        wrong = json.dumps({"resourceSpans": [{"scopeSpans": text}]}).encode()
        assert self.post("/v1/traces", wrong, **{"content-type": "application/json"}) == 400
        invalid = trace_request(make_span({"x": text}, trace_id=b"short"))
        assert (
            self.post("/v1/traces", invalid.SerializeToString(), **{"content-type": "application/x-protobuf"})
            == 200
        )
        assert self.post("/api/v1/scores", {**SCORE, "value": [text]}) == 400


def found(data: bytes) -> set[str]:
    """Which of the values are in there; also as JSON and UTF-16 would write them."""
    return {
        value for value in (*IN_CONTENT, USER) if value.encode() in data or value.encode("utf-16-le") in data
    }


def files(collector: CollectorProcess) -> Mapping[Path, bytes]:
    folder = Path(str(collector.settings["data_dir"]))
    paths = [collector.log, *(path for path in folder.rglob("*") if path.is_file())]
    return {path: path.read_bytes() for path in paths}


def leaks(collector: CollectorProcess) -> dict[str, set[str]]:
    return {str(path): values for path, data in files(collector).items() if (values := found(data))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leak") / "data"


@pytest.fixture(scope="module")
def spooled(folder: Path) -> Iterator[CollectorProcess]:
    """A collector that was sent everything while the store was away, and that was killed then."""
    with CollectorProcess(folder, dsn=NOWHERE) as collector:
        assert collector.ask("/api/v1/redaction", method="PUT", body=POLICY).status == 200
        sender = Sender(collector)
        sender.captures()
        sender.others()
        sender.refused()
        assert sender.count > 300
        collector.kill()
        yield collector


@pytest.fixture(scope="module")
def stored(spooled: CollectorProcess) -> bytes:
    """Every row that the embedded engine has, once it has taken what was in the spool."""
    spooled.settings.pop("dsn", None)
    spooled.start().until_ready()
    spooled.until(lambda: spooled.get("/api/v1/status")["spool"]["segments"] == 0)
    assert spooled.get("/api/v1/status")["spool"]["dead_letters"] == 0
    spooled.stop()
    command = [
        sys.executable,
        "-m",
        "tests.security.dump",
        str(Path(str(spooled.settings["data_dir"])) / "clickhouse"),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def test_the_spool_holds_what_was_sent_without_what_was_planted(spooled: CollectorProcess) -> None:
    segments = [data for path, data in files(spooled).items() if "segments" in path.parts]
    assert any(CONTROL.encode() in data for data in segments)
    assert b"[SECRET]" in b"".join(segments)
    assert leaks(spooled) == {}


def test_the_store_holds_it_without_what_was_planted(spooled: CollectorProcess, stored: bytes) -> None:
    assert stored.count(CONTROL.encode()) >= 1
    assert stored.count(b"[SECRET]") > 1000
    assert stored.count(b"[EMAIL:") > 1000
    assert stored.count(b"[EMPLOYEE]") > 1000
    assert b"[USER:" in stored
    assert found(stored) == set()
    assert leaks(spooled) == {}
