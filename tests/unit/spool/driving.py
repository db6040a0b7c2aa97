"""Ways to drive a spool: with its threads as in production, or step by step by hand."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from watchkeeper_collector.spool import Drain, Spool
from watchkeeper_collector.spool.record import encode_sender
from watchkeeper_collector.spool.request import Request, identity

from tests.unit.spool.engine import Engine, KilledError

MS = 1_000_000
START_NS = 1_700_000_000_000 * MS


class Clock:
    """Moves on by a microsecond each time it is read."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        self.now_ns += 1000
        return self.now_ns

    def advance(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


def make_spool(directory: Path, **settings: Any) -> Spool:
    given = {
        "segment_bytes": 1 << 20,
        "segment_age_s": 0.02,
        "commit_window_ms": 1.0,
        "quota_bytes": 1 << 30,
        "retry_window_s": 600.0,
    }
    return Spool(directory, **{**given, **settings})


@asynccontextmanager
async def running(directory: Path, **settings: Any) -> AsyncIterator[Spool]:
    """A spool with its commit thread."""
    spool = make_spool(directory, **settings)
    spool.start()
    try:
        yield spool
    finally:
        await spool.close()
        spool.release()


@asynccontextmanager
async def draining(spool: Spool, engine: Engine, **settings: Any) -> AsyncIterator[Drain]:
    """A drain with its threads."""
    drain = Drain(
        spool, engine, spool.dead_letters, **{"first_pause_s": 0.005, "longest_pause_s": 0.02, **settings}
    )
    drain.start()
    try:
        yield drain
    finally:
        assert await asyncio.to_thread(drain.close, 5)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true that is about to become true."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other threads
            await asyncio.sleep(0.002)


class HandDriven:
    """A spool and a drain without threads: each step happens when it is called, and can be killed."""

    def __init__(self, directory: Path, engine: Engine, **settings: Any) -> None:
        self.spool = make_spool(directory, **settings)
        self.spool.open()
        self.engine = engine
        self.drain = Drain(self.spool, engine, self.spool.dead_letters)

    def append(self, bodies: Sequence[bytes], *, signal: str = "traces", items: int = 1) -> list[Any]:
        """Commit the bodies in one batch; returns their outcomes."""
        return self.commit([self.request(body, signal=signal, items=items) for body in bodies])

    def request(
        self, body: bytes, *, signal: str = "traces", items: int = 1, project: str = "p", replay_of: str = ""
    ) -> Request:
        now_ns = self.spool._clock()
        sender = encode_sender(project, now_ns, "k")
        return Request(signal, sender, body, items, now_ns, identity(project, signal, replay_of), None)

    def commit(self, requests: Sequence[Request]) -> list[Any]:
        self.spool._commit(requests)
        return [request.outcome for request in requests]

    def replay(self, letter_id: str) -> None:
        letter, body = self.spool.dead_letters.read(letter_id)
        request = self.request(body, signal=letter.signal, items=letter.items, replay_of=letter.id)
        if isinstance(self.commit([request])[0], bool):
            self.spool.dead_letters.remove(letter_id)

    def close_segments(self) -> None:
        self.spool._close_lanes()

    def deliver(self) -> bool:
        """Attempt the oldest segment; False when there is none."""
        if not len(self.spool.backlog):
            return False
        for queue in self.spool.backlog._queues.values():
            queue.resume_at_s = 0.0
        self.drain.attempt(self.spool.backlog.take())
        return True

    def deliver_all(self) -> None:
        self.close_segments()
        for _ in range(1000):
            if not self.deliver():
                return
        raise AssertionError("The spool does not get empty.")

    def die(self) -> None:
        """What the operating system does after SIGKILL: close everything, write nothing."""
        for lane in self.spool._lanes.values():
            if lane._segment:
                os.close(lane._segment._descriptor)
        self.spool.release()


@contextmanager
def disk_fault(at_call: int, fault: BaseException, *, calls: int = 1) -> Iterator[None]:
    """Let the ``at_call``-th writing call to the disk, and some more, fail. A write is half done then."""
    real_writev, real_fsync, count = os.writev, os.fsync, 0

    def is_due() -> bool:
        nonlocal count
        count += 1
        return at_call <= count < at_call + calls

    def writev(descriptor: int, buffers: Sequence[bytes]) -> int:
        if not is_due():
            return real_writev(descriptor, buffers)
        data = b"".join(buffers)
        os.write(descriptor, data[: len(data) // 2])
        raise fault

    def fsync(descriptor: int) -> None:
        if is_due():
            raise fault
        real_fsync(descriptor)

    with patch("os.writev", writev), patch("os.fsync", fsync):
        yield


def killed_at(at_call: int) -> Any:
    return disk_fault(at_call, KilledError())
