"""The demo's three acts: captures replayed, a day of history, then live traffic until it is stopped."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from watchkeeper_collector.demo.captures import load_captures, refresh
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.trace import Trace, build_request
from watchkeeper_collector.demo.traffic import Plan, generate_traces

BATCH_SPANS = 400
CAPTURES_WINDOW_S = 600.0
LONGEST_NAP_S = 0.5


@dataclass(slots=True)
class Sent:
    """What was sent so far."""

    captures: int = 0
    traces: int = 0
    spans: int = 0


class Player:
    """Plays one plan to one sender. ``clock`` gives Unix seconds."""

    def __init__(
        self, plan: Plan, sender: Sender, stop: threading.Event, clock: Callable[[], float] = time.time
    ) -> None:
        self.sent = Sent()
        self._plan = plan
        self._sender = sender
        self._stop = stop
        self._clock = clock
        self._traces = generate_traces(plan)
        self._first_live: Trace | None = None

    def replay_captures(self) -> None:
        """Send every captured request, as if all cases had happened in the ten minutes before the start."""
        cases = [
            list(case)
            for _, case in itertools.groupby(load_captures(), key=lambda found: (found.dialect, found.case))
        ]
        for number, case in enumerate(cases):
            age_s = CAPTURES_WINDOW_S * (1 - number / len(cases))
            run = f"{self._plan.seed} {self._plan.start_s} {case[0].dialect} {case[0].case}"
            for signal, message in refresh(case, run, int((self._plan.start_s - age_s) * 1e9)):
                if self._stop.is_set():
                    return
                self._sender.send(signal, message)
                self.sent.captures += 1

    def send_history(self, on_progress: Callable[[float], None] = lambda _: None) -> None:
        """Send the day before the start as fast as it is taken; ``on_progress`` gets the share done."""
        history_ns, start_ns = 86_400e9, int(self._plan.start_s * 1e9)
        for batch in _batches(self._history(start_ns)):
            if self._stop.is_set():
                return
            self._send(batch)
            on_progress(min(1.0, 1 - (start_ns - batch[-1].now_ns) / history_ns))

    def play_live(self) -> None:
        """Send each trace when it has ended, until stopped. Memory is bounded: few traces run at once."""
        running: list[tuple[int, int, Trace]] = []
        started = [self._first_live] if self._first_live is not None else []
        numbers = itertools.count()
        for trace in itertools.chain(started, self._traces):
            heapq.heappush(running, (trace.now_ns, next(numbers), trace))
            while running and running[0][0] <= trace.start_ns:
                self._send_at(heapq.heappop(running)[2])
            if self._stop.is_set():
                return

    def _history(self, start_ns: int) -> Iterator[Trace]:
        for trace in self._traces:
            if trace.start_ns >= start_ns:
                self._first_live = trace
                return
            yield trace

    def _send_at(self, trace: Trace) -> None:
        while not self._stop.is_set() and (left_s := trace.now_ns / 1e9 - self._clock()) > 0:
            self._stop.wait(min(left_s, LONGEST_NAP_S))
        if not self._stop.is_set():
            self._send([trace])

    def _send(self, traces: Iterable[Trace]) -> None:
        groups: list[ResourceSpans] = []
        for trace in traces:
            groups += trace.resource_spans()
            self.sent.traces += 1
            self.sent.spans += len(trace.spans)
        self._sender.send("traces", build_request(groups))


def _batches(traces: Iterable[Trace]) -> Iterator[list[Trace]]:
    batch: list[Trace] = []
    for trace in traces:
        batch.append(trace)
        if sum(len(kept.spans) for kept in batch) >= BATCH_SPANS:
            yield batch
            batch = []
    if batch:
        yield batch
