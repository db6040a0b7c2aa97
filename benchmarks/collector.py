"""The real collector on the embedded engine, asked over its API."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from benchmarks.server_process import HOST, BenchmarkError, ServerProcess, clean_environment, free_port

ANSWER_TIMEOUT_S = 120.0
STILL_S = 8.0
MERGE_TIMEOUT_S = 120.0
COUNTS = "SELECT count(), uniqExact(SpanId) FROM spans"


class TableSize(NamedTuple):
    """A table's parts on disk; ``index_bytes`` are the secondary indexes', which ``size_bytes`` holds too."""

    table: str
    rows: int
    parts: int
    size_bytes: int
    index_bytes: int


class Sizes(NamedTuple):
    """As the engine's own merges left the tables, and with each partition in one part."""

    as_left: list[TableSize]
    merged: list[TableSize]


class CollectorProcess(ServerProcess):
    """``with CollectorProcess(folder) as collector: …``; it is ready once ``until_ready`` returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.grpc_port = free_port()
        port = free_port()
        arguments = ["-m", "watchkeeper_collector", "collector", "--data", str(folder), "--host", HOST]
        arguments += ["--http-port", str(port), "--grpc-port", str(self.grpc_port)]
        super().__init__(arguments, port, folder.with_name(f"{folder.name}.log"))

    def __enter__(self) -> "CollectorProcess":
        self.start()
        return self

    def until_ready(self) -> float:
        """Wait until telemetry can be asked for; the seconds since its start."""
        return self.until_answering("/readyz")

    def get(self, path: str, **parameters: object) -> Any:
        """The JSON that the API answers."""
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return self._ask(urllib.request.Request(f"{self.url}/api/v1{path}{query}"))

    def sql(self, query: str) -> list[list[Any]]:
        """The rows of a statement of the admin's."""
        body = json.dumps({"query": query}).encode()
        headers = {"content-type": "application/json"}
        rows: list[list[Any]] = self._ask(
            urllib.request.Request(f"{self.url}/api/v1/sql", body, headers, method="POST")
        )["rows"]
        return rows

    def count_spans(self) -> int:
        return int(self.sql("SELECT count() FROM spans")[0][0])

    def count_copies(self) -> tuple[int, int]:
        """Stored spans, and different ones among them."""
        stored, different = self.sql(COUNTS)[0]
        return int(stored), int(different)

    def until_merged(self) -> None:
        """Wait until the sizes of the tables stand still, within bounds."""
        ends_at_s = time.monotonic() + MERGE_TIMEOUT_S
        sizes, since_s = None, time.monotonic()
        while time.monotonic() < min(ends_at_s, since_s + STILL_S):
            found = self.get("/status")["store"]["tables"]
            if found != sizes:
                sizes, since_s = found, time.monotonic()
            time.sleep(1)

    def _ask(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as answer:
            return json.loads(answer.read())


def measure_sizes(folder: Path) -> Sizes:
    """Of the data of a collector that has ended. A process opens one engine only: another one looks."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sizes", str(folder)],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"The sizes of the tables can't be read:\n{done.stderr[-2000:]}")
    as_left, merged = json.loads(done.stdout)
    return Sizes([TableSize(*row) for row in as_left], [TableSize(*row) for row in merged])
