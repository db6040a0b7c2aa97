"""A test double of a ClickHouse server: its HTTP interface in front of a chDB engine in a process of its own.

    with ClickHouseServer(tmp_path / "server", password="secret") as server:
        Store(server.dsn).query("SELECT 1")
        server.kill()   # an outage …
        server.start()  # … and its end: same port, same data

What it leaves out: streamed answers (an answer is complete before its first byte, as with
``wait_end_of_query=1``), what a session keeps between requests, users and row policies but for what
``access_control`` imitates, the native protocol, TLS, clusters.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0


class ClickHouseServer:
    """One server on one data folder and one port, started and stopped as often as a test likes."""

    def __init__(self, path: Path, *, password: str = "", port: int = 0, time_zone: str = "UTC") -> None:
        self.path = path
        self.port = port or free_port()
        self.password = password
        self.time_zone = time_zone
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        return f"clickhouse://default:{quote(self.password, safe='')}@127.0.0.1:{self.port}/watchkeeper"

    def start(self) -> "ClickHouseServer":
        """Start the process and wait until it answers."""
        command = [sys.executable, "-m", "tests.clickhouse_server", "--path", str(self.path)]
        command += ["--port", str(self.port), "--password", self.password, "--parent", str(os.getpid())]
        self._process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TZ": self.time_zone})
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The test ClickHouse server on port {self.port} did not start.")
            time.sleep(0.02)
        return self

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End it as an operator does: running requests finish, new ones are refused."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)
            self._process = None

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)
            self._process = None

    def __enter__(self) -> "ClickHouseServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
