"""Sending to a door that is busy, refuses, or is not there."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from watchkeeper_collector.demo.sender import NotSentError, Sender

REQUEST = ExportTraceServiceRequest()
REQUEST.resource_spans.add().schema_url = "x"


class Door(BaseHTTPRequestHandler):
    statuses: ClassVar[list[int]]
    bodies: ClassVar[list[bytes]]
    paths: ClassVar[list[str]]
    words: ClassVar[bytes] = b"busy"

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self._answer()

    def do_POST(self) -> None:
        self.paths.append(self.path)
        self.bodies.append(gzip.decompress(self.rfile.read(int(self.headers["content-length"]))))
        self._answer()

    def _answer(self) -> None:
        self.send_response(self.statuses.pop(0))
        self.send_header("content-length", str(len(self.words)))
        self.end_headers()
        self.wfile.write(self.words)

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


class Patient(threading.Event):
    """Counts the waits and keeps nobody waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits_s.append(timeout or 0)
        if len(self.waits_s) == 5:
            self.set()
        return self.is_set()


@pytest.fixture
def door() -> Iterator[str]:
    Door.bodies, Door.paths, Door.words = [], [], b"busy"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_request_goes_to_its_signal_compressed(door: str) -> None:
    Door.statuses = [200]
    Sender(door, Patient()).send("traces", REQUEST)
    assert Door.paths == ["/v1/traces"]
    assert ExportTraceServiceRequest.FromString(Door.bodies[0]) == REQUEST


def test_busy_door_is_tried_again_after_ever_longer_waits(door: str) -> None:
    Door.statuses = [503, 429, 200]
    waiting = Patient()
    Sender(door, waiting).send("traces", REQUEST)
    assert Door.bodies[0] == Door.bodies[1] == Door.bodies[2]
    assert waiting.waits_s == [0.25, 0.5]


def test_refusal_is_told_in_the_doors_words(door: str) -> None:
    Door.statuses = [401]
    with pytest.raises(NotSentError, match="answered 401: busy"):
        Sender(door, Patient()).send("traces", REQUEST)


def test_missing_door_is_tried_until_the_demo_is_stopped() -> None:
    waiting = Patient()
    Sender("http://127.0.0.1:9", waiting).send("traces", REQUEST)
    assert len(waiting.waits_s) == 5


@pytest.mark.parametrize(
    ("status", "words", "waiting"),
    [(200, b'{"spool": {"segments": 7}}', 7), (503, b'{"spool": {"segments": 7}}', 0), (200, b"[]", 0)],
)
def test_what_waits_for_the_store_is_asked_for(door: str, status: int, words: bytes, waiting: int) -> None:
    Door.statuses, Door.words = [status], words
    assert Sender(door, Patient()).count_waiting_segments() == waiting
    assert Door.paths == ["/api/v1/status"]
