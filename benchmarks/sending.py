"""Sends requests over some connections at once, as fast as they are acknowledged, and as an exporter would.

Answers that OTLP calls retryable are followed by the wait that the server asks for, else by one that doubles.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from benchmarks.payloads import Body
from benchmarks.transports import Connection

LONGEST_WAIT_S = 30.0


@dataclass(slots=True)
class Sent:
    """What became of the requests. ``outcomes`` counts answers by status, those that were retried too."""

    spans: int = 0
    rejected_spans: int = 0
    raw_bytes: int = 0
    wire_bytes: int = 0
    retries: int = 0
    given_up: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    request_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_s: float = 0.0

    def add(self, other: "Sent") -> None:
        """Add what another connection sent."""
        self.spans += other.spans
        self.rejected_spans += other.rejected_spans
        self.raw_bytes += other.raw_bytes
        self.wire_bytes += other.wire_bytes
        self.retries += other.retries
        self.given_up += other.given_up
        for status, count in other.outcomes.items():
            self.outcomes[status] = self.outcomes.get(status, 0) + count
        self.request_ms += other.request_ms


def send_all(
    connect: Callable[[], Connection],
    bodies: Iterator[Body],
    *,
    connections: int,
    seconds: float,
    report: Callable[[int], None] = lambda _: None,
) -> Sent:
    """Send until there are no more bodies or the time is over. ``report`` is told of spans acknowledged."""
    load = _Load(connect, bodies, time.monotonic() + seconds, report)
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    total = Sent()
    with ThreadPoolExecutor(connections) as pool:
        try:
            for sent in pool.map(lambda _: load.send(), range(connections)):
                total.add(sent)
        except BaseException:  # Ctrl-C too: the pool waits for its threads
            load.ends_at_s = 0.0
            raise
    total.seconds, total.cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    return total


@dataclass(slots=True)
class _Load:
    """What the connections share."""

    connect: Callable[[], Connection]
    bodies: Iterator[Body]
    ends_at_s: float
    report: Callable[[int], None]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self) -> Sent:
        """Send over one connection."""
        sent = Sent()
        with closing(self.connect()) as connection:
            while (body := self._next()) is not None:
                self._deliver(connection, body, sent)
        return sent

    def _next(self) -> Body | None:
        with self.lock:
            return next(self.bodies, None) if time.monotonic() < self.ends_at_s else None

    def _deliver(self, connection: Connection, body: Body, sent: Sent) -> None:
        wait_s = 0.5
        while True:
            began_s = time.monotonic()
            outcome = connection.send(body.data)
            sent.outcomes[outcome.status] = sent.outcomes.get(outcome.status, 0) + 1
            if outcome.is_accepted:
                sent.request_ms.append((time.monotonic() - began_s) * 1000)
                self._count(body, outcome.rejected_spans, sent)
                return
            pause_s = min(outcome.retry_after_s or wait_s, LONGEST_WAIT_S)
            if not outcome.is_retryable or time.monotonic() + pause_s > self.ends_at_s:
                sent.given_up += 1
                return
            time.sleep(pause_s)
            sent.retries += 1
            wait_s *= 2

    def _count(self, body: Body, rejected_spans: int, sent: Sent) -> None:
        sent.spans += body.spans - rejected_spans
        sent.rejected_spans += rejected_spans
        sent.raw_bytes += body.raw_bytes
        sent.wire_bytes += len(body.data)
        with self.lock:
            self.report(body.spans)
