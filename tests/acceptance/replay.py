"""A collector that was sent every capture, and has settled."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.acceptance.captures import load_cases, load_requests
from tests.collector import CollectorProcess

SETTINGS = {
    "segment_age_s": 0.1,
    "settle_interval_s": 0.3,
    "content_retention_days": 36_500,
    "span_retention_days": 36_500,
}
READERS = 4
WORKERS = ("prices", "rollup", "settling")
"""Those that complete spans."""


class Replay:
    """What a collector makes of what it was sent, as its API tells it."""

    def __init__(self, collector: CollectorProcess) -> None:
        self._collector = collector

    @cached_property
    def spans(self) -> dict[str, Mapping[str, Any]]:
        """Every span in full, by its id."""
        with ThreadPoolExecutor(READERS) as pool:
            traces = list(pool.map(self._spans_of, self._trace_ids()))
        return {span["span_id"]: span for spans in traces for span in spans}

    def total(self, *measures: str) -> Mapping[str, Any]:
        """Measures over everything that was sent."""
        query = f"/api/v1/query?measures={','.join(measures)}&start=2000-01-01T00:00:00Z"
        return dict(self._collector.get(query)["rows"][0])

    def _trace_ids(self) -> set[str]:
        return {
            trace["trace_id"] for page in self._pages("/api/v1/traces?limit=1000") for trace in page["items"]
        }

    def _spans_of(self, trace_id: str) -> list[Mapping[str, Any]]:
        pages = self._pages(f"/api/v1/traces/{trace_id}?limit=1000")
        return [span for page in pages for span in page["spans"]]

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        page = self._collector.get(path)
        yield page
        while page["next_cursor"]:
            page = self._collector.get(f"{path}&cursor={quote(page['next_cursor'])}")
            yield page


@contextmanager
def replayed(data_dir: Path) -> Iterator[Replay]:
    """Start a collector on the embedded engine, send it every capture, and wait until it has settled."""
    with CollectorProcess(data_dir, **SETTINGS) as collector:
        collector.until_ready()
        for case in load_cases():
            for request in load_requests(case):
                answer = collector.ask(
                    f"/v1/{request.signal}",
                    method="POST",
                    body=request.body,
                    headers={"content-type": request.media_type},
                )
                assert (answer.status, answer.body) in ((200, b""), (200, b"{}")), (case, answer.body)
        until_settled(collector)
        yield Replay(collector)


def until_settled(collector: CollectorProcess) -> None:
    """Wait until all that was sent is stored, and looked at by workers that began after that."""
    collector.until(lambda: collector.get("/api/v1/status")["spool"]["segments"] == 0)
    before = _rounds(collector)
    collector.until(lambda: all(rounds >= before[name] + 2 for name, rounds in _rounds(collector).items()))


def _rounds(collector: CollectorProcess) -> dict[str, int]:
    workers = collector.get("/api/v1/status")["workers"]
    return {name: workers[name]["rounds"] for name in WORKERS}
