"""A collector in a process of its own, on free ports and its own data folder.

with CollectorProcess(tmp_path) as collector:
    collector.get("/api/v1/status")
    collector.kill()   # a crash …
    collector.start()  # … and the next start, on the same data
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0


class Answer:
    """An HTTP answer: ``status``, ``headers`` and the body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class CollectorProcess:
    """``settings`` are the collector's, by name. ``http`` and ``grpc`` say where it listens."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.settings = {"data_dir": data_dir, "http_port": 0, "grpc_port": 0} | settings
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self.http = self.grpc = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def start(self) -> "CollectorProcess":
        """Start it and wait until its doors are open."""
        self.launch()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"The collector did not start:\n{self.log.read_text('utf-8')}"
        self.http, self.grpc = json.loads(line)
        return self

    def launch(self) -> None:
        """Start it without waiting for anything; where it listens stays unknown."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}
        given = {f"WATCHKEEPER_{name.upper()}": str(value) for name, value in self.settings.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.collector"],
                cwd=ROOT,
                env=clean | given,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end: its exit code."""
        code = self.process.wait(STOP_TIMEOUT_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._process = None
        self.http = self.grpc = ""
        return code

    def stop(self) -> int:
        """End it as an operator does: its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.wait()

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        key: str = "",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; a body that is not bytes goes as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} if data is not None else {}
        sent |= {"authorization": f"Bearer {key}"} if key else {}
        request = urllib.request.Request(
            f"{self.http}{path}", data, sent | dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def get(self, path: str, key: str = "") -> Any:
        """The JSON of a successful answer."""
        answer = self.ask(path, key=key)
        assert answer.status == 200, answer.body
        return answer.json()

    def until(self, holds: Callable[[], object], timeout_s: float = 60.0) -> None:
        """Wait until something holds."""
        ends_at_s = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < ends_at_s, f"It did not come to pass:\n{self.log.read_text('utf-8')}"
            time.sleep(0.05)

    def until_ready(self) -> "CollectorProcess":
        self.until(lambda: self.ask("/readyz").status == 200)
        return self

    def __enter__(self) -> "CollectorProcess":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()
