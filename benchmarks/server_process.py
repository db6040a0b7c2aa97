"""A server in a process of its own: started, waited for, measured from outside, ended."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType

from benchmarks.usage import Usage, read_usage

HOST = "127.0.0.1"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
POLL_EVERY_S = 0.02


class BenchmarkError(Exception):
    """What was to be measured can't be: the message says why."""


class ServerProcess:
    """A Python program that listens on ``port``. Its output goes to ``log``."""

    def __init__(self, arguments: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self.started_s = 0.0
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BenchmarkError("The server does not run.")
        return self._process.pid

    def start(self) -> None:
        """Start it, in the folder of its log and without our settings."""
        with self.log.open("ab") as log:
            self.started_s = time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=self.log.parent,
                env=clean_environment(),
                stdout=log,
                stderr=log,
            )

    def until_answering(self, path: str) -> float:
        """Wait until it answers with 200; the seconds since its start."""
        self.wait_for(lambda: self._status(path) == 200, f"an answer at {path}")
        return time.monotonic() - self.started_s

    def wait_for(
        self,
        holds: Callable[[], bool],
        what: str,
        *,
        timeout_s: float = START_TIMEOUT_S,
        every_s: float = POLL_EVERY_S,
    ) -> None:
        """Raises ``BenchmarkError`` with the end of the log when the process ends or the time is over."""
        ends_at_s = time.monotonic() + timeout_s
        while not holds():
            is_over = self._process is None or self._process.poll() is not None
            if is_over or time.monotonic() > ends_at_s:
                end = self.log.read_text("utf-8", "replace")[-2000:]
                raise BenchmarkError(f"Waited in vain for {what}. The log ends with:\n{end}")
            time.sleep(every_s)

    def usage(self) -> Usage:
        return read_usage(self.pid)

    def stop(self) -> None:
        """End it as an operator does, and by force if it does not obey."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _status(self, path: str) -> int:
        try:
            with closing(http.client.HTTPConnection(HOST, self.port, timeout=5)) as connection:
                connection.request("GET", path)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def clean_environment() -> Mapping[str, str]:
    """The environment without settings of a collector."""
    root = str(Path(__file__).parents[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}
    return kept | {"PYTHONPATH": root}


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
