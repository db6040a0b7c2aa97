"""The command, run in this process; and a small HTTP server that answers what a test tells it to."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pytest
from watchkeeper_collector.cli import main


class Outcome(NamedTuple):
    """How a command ended and what it said."""

    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `watchkeeper` with these words, in an empty folder and without a variable of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WATCHKEEPER_")]:
        monkeypatch.delenv(name)

    def run_command(*words: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["watchkeeper", *words])
        capsys.readouterr()
        try:
            exit_code = main()
        except SystemExit as end:
            exit_code = int(end.code or 0)
        return Outcome(exit_code, *capsys.readouterr())

    return run_command


Reply = tuple[int, dict[str, str], bytes]


class Handler(BaseHTTPRequestHandler):
    """Answers what the test says, and remembers what it was asked."""

    reply: ClassVar[Callable[[str], Reply]]
    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]]

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status, headers, content = type(self).reply(self.path)
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the standard library's names

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


class Api:
    """The server, with the replies that a test sets."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen = Handler.seen

    def answer(self, status: int, value: Any, **headers: str) -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        Handler.reply = staticmethod(lambda _: (status, headers, content))

    def answer_by(self, reply: Callable[[str], Any]) -> None:
        Handler.reply = staticmethod(lambda path: (200, {}, json.dumps(reply(path)).encode()))


@pytest.fixture
def api() -> Iterator[Api]:
    Handler.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Api(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()
