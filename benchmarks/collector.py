"""The real collector on the embedded engine, asked over its API."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from benchmarks.progress import showing
from benchmarks.server_process import HOST, BenchmarkError, ServerProcess, clean_environment, free_port

ANSWER_TIMEOUT_S = 120.0
STILL_S = 8.0
MERGE_TIMEOUT_S = 120.0
ROLLUP_TIMEOUT_S = 900.0
ROLLED_UP = "SELECT sum(last) FROM (SELECT argMax(Spans, BuiltAt) AS last FROM rollup_hours GROUP BY Hour)"
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
        self._api: http.client.HTTPConnection | None = None
        port = free_port()
        arguments = ["-m", "watchkeeper_collector", "collector", "--data", str(folder), "--host", HOST]
        arguments += ["--http-port", str(port), "--grpc-port", str(self.grpc_port)]
        super().__init__(arguments, port, folder.with_name(f"{folder.name}.log"))

    def __enter__(self) -> "CollectorProcess":
        self.start()
        return self

    def stop(self) -> None:
        self._close_api()
        super().stop()

    def until_ready(self) -> float:
        """Wait until telemetry can be asked for; the seconds since its start."""
        return self.until_answering("/readyz")

    def get(self, path: str) -> Any:
        """The JSON that the API answers."""
        return json.loads(self.fetch(path, {}))

    def fetch(self, path: str, parameters: Mapping[str, Any]) -> bytes:
        """What the API answers."""
        return self._ask("GET", f"/api/v1{path}?{urlencode(parameters)}", None)

    def sql(self, query: str) -> list[list[Any]]:
        """The rows of a statement of the admin's."""
        answer = json.loads(self._ask("POST", "/api/v1/sql", json.dumps({"query": query})))
        rows: list[list[Any]] = answer["rows"]
        return rows

    def metric(self, name: str) -> int:
        """A counter of ``/metrics``: asking for it costs the collector next to nothing."""
        found = re.search(rf"(?m)^{name} (\S+)$", self._ask("GET", "/metrics", None).decode())
        if found is None:
            raise BenchmarkError(f"The collector has no metric '{name}'.")
        return int(float(found[1]))

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

    def until_rolled_up(self, spans: float) -> None:
        """Wait until so many spans are rolled up, within bounds."""
        ends_at_s = time.monotonic() + ROLLUP_TIMEOUT_S
        while time.monotonic() < ends_at_s:
            if float(self.sql(ROLLED_UP)[0][0]) >= spans:
                return
            time.sleep(1)
        raise BenchmarkError(f"Only some of {spans:,.0f} spans are rolled up after {ROLLUP_TIMEOUT_S} s.")

    def _ask(self, method: str, path: str, body: str | None) -> bytes:
        """One request. A connection that the collector closed meanwhile is opened anew."""
        try:
            status, content = self._exchange(method, path, body)
        except ConnectionError:
            self._close_api()
            status, content = self._exchange(method, path, body)
        if status != HTTPStatus.OK:
            raise BenchmarkError(f"{method} {path} was answered with {status}: {content[:500]!r}")
        return content

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        """Over the connection that is kept open. Threads don't share a collector."""
        self._api = self._api or http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_TIMEOUT_S)
        self._api.request(method, path, body, {"content-type": "application/json"})
        answer = self._api.getresponse()
        return answer.status, answer.read()

    def _close_api(self) -> None:
        if self._api is not None:
            self._api.close()
            self._api = None


def measure_sizes(folder: Path) -> Sizes:
    """Of the data of a collector that has ended. A process opens one engine only: another one looks."""
    as_left, merged = json.loads("".join(run_on(folder, "benchmarks.sizes")))
    return Sizes([TableSize(*row) for row in as_left], [TableSize(*row) for row in merged])


def fill_folder(folder: Path, spans: int, *, hours: float) -> None:
    """Have the engine make up spans for a collector that is started later."""
    made = 0
    with showing(f"Making up {spans:,} spans") as report:
        for line in run_on(folder, "benchmarks.filling", str(spans), str(hours)):
            made += int(line)
            report(made / spans)


def run_on(folder: Path, module: str, *arguments: str) -> Iterator[str]:
    """Run one of our programs on a data folder; the lines that it prints, as they come."""
    log = folder.with_name(f"{folder.name}.{module}.log")
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", module, str(folder), *arguments],
            cwd=folder.parent,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield from process.stdout
        except BaseException:  # whoever reads was interrupted
            process.terminate()
            raise
    if process.returncode:
        raise BenchmarkError(f"`{module}` failed:\n{log.read_text('utf-8', 'replace')[-2000:]}")
