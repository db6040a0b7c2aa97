"""What a process and its children use: CPU time, memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import psutil

SAMPLE_EVERY_S = 0.25


class Usage(NamedTuple):
    """Of a whole tree of processes; ended children count in ``cpu_s``."""

    cpu_s: float
    rss_bytes: int


def read_usage(pid: int) -> Usage:
    cpu_s, rss_bytes = 0.0, 0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            cpu_s += times.user + times.system + times.children_user + times.children_system
            rss_bytes += process.memory_info().rss
    return Usage(cpu_s, rss_bytes)


def read_thread_cpu(pid: int) -> dict[str, float]:
    """CPU seconds of a process's running threads, by name without numbers."""
    used: dict[str, float] = {}
    with suppress(psutil.NoSuchProcess):
        for thread in psutil.Process(pid).threads():
            with suppress(OSError):
                name = Path(f"/proc/{pid}/task/{thread.id}/comm").read_text("utf-8").strip(" \n-_0123456789")
                used[name] = used.get(name, 0.0) + thread.user_time + thread.system_time
    return used


def tree(pid: int) -> Iterator[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        yield root
        yield from root.children(recursive=True)


class Sample(NamedTuple):
    """Seconds since the sampler began, and the memory then."""

    at_s: float
    rss_bytes: int


class Sampler:
    """Looks at the memory of a tree of processes while the block runs."""

    def __init__(self, pid: int) -> None:
        self.samples: list[Sample] = []
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def peak_bytes(self) -> int:
        return max((sample.rss_bytes for sample in self.samples), default=0)

    def _run(self) -> None:
        began_s = time.monotonic()
        while True:
            self.samples.append(Sample(time.monotonic() - began_s, read_usage(self._pid).rss_bytes))
            if self._over.wait(SAMPLE_EVERY_S):
                return

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
