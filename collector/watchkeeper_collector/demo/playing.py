"""The demo's past: captures replayed, and five weeks of the shop's history with their scores."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from watchkeeper_collector.demo.captures import load_captures, refresh
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.trace import Trace, build_request
from watchkeeper_collector.demo.traffic import Plan, generate_traces

BATCH_SPANS = 400
BATCH_SCORES = 500
CAPTURES_WINDOW_S = 600.0
CAPTURES_AGE_S = 26 * 3600.0
"""They fail in every way that calls can. Long enough ago that no rule about errors takes it for news."""
MOST_WAITING_SEGMENTS = 3
LOOK_EVERY_BATCHES, LOOK_AGAIN_S = 5, 0.25


@dataclass(slots=True)
class Sent:
    """What was sent so far."""

    captures: int = 0
    traces: int = 0
    spans: int = 0
    scores: int = 0


class Player:
    """Plays one plan to one sender."""

    def __init__(self, plan: Plan, sender: Sender, stop: threading.Event) -> None:
        self.sent = Sent()
        self._plan = plan
        self._sender = sender
        self._stop = stop

    def replay_captures(self) -> None:
        """Send every captured request, as if all cases had happened within ten minutes of the day before."""
        cases = [
            list(case)
            for _, case in itertools.groupby(load_captures(), key=lambda found: (found.dialect, found.case))
        ]
        for number, case in enumerate(cases):
            age_s = CAPTURES_AGE_S + CAPTURES_WINDOW_S * (1 - number / len(cases))
            run = f"{self._plan.seed} {self._plan.start_s} {case[0].dialect} {case[0].case}"
            for signal, message in refresh(case, run, int((self._plan.start_s - age_s) * 1e9)):
                if self._stop.is_set():
                    return
                self._sender.send(signal, message)
                self.sent.captures += 1

    def send_history(self, on_progress: Callable[[float], None] = lambda _: None) -> None:
        """Send the days before the start as fast as they are stored; ``on_progress`` gets the share done.

        Not faster: while spans wait for the store, alert rules can't be evaluated.
        """
        begin_s, start_s = self._plan.begin_s, self._plan.start_s
        scores: list[dict[str, Any]] = []
        for number, batch in enumerate(_batches(generate_traces(self._plan))):
            if number % LOOK_EVERY_BATCHES == 0:
                self._wait_for_the_store()
            if self._stop.is_set():
                return
            self._send(batch)
            scores += [score for trace in batch for score in _scores(trace)]
            if len(scores) >= BATCH_SCORES:
                self._send_scores(scores)
                scores = []
            on_progress(min(1.0, (batch[-1].start_ns / 1e9 - begin_s) / (start_s - begin_s)))
        if scores and not self._stop.is_set():
            self._send_scores(scores)

    def _wait_for_the_store(self) -> None:
        while self._sender.count_waiting_segments() > MOST_WAITING_SEGMENTS:
            if self._stop.wait(LOOK_AGAIN_S):
                return

    def _send(self, traces: Iterable[Trace]) -> None:
        groups: list[ResourceSpans] = []
        for trace in traces:
            groups += trace.resource_spans()
            self.sent.traces += 1
            self.sent.spans += len(trace.spans)
        self._sender.send("traces", build_request(groups))

    def _send_scores(self, scores: list[dict[str, Any]]) -> None:
        self._sender.send_scores(scores)
        self.sent.scores += len(scores)


def _scores(trace: Trace) -> Iterator[dict[str, Any]]:
    """As the API wants them, given when the trace had ended."""
    given_at = datetime.fromtimestamp(trace.now_ns / 1e9, UTC).isoformat()
    for score in trace.scores:
        yield {
            "name": score.name,
            "value": score.value,
            "source": score.source,
            "trace_id": trace.id,
            "timestamp": given_at,
        }


def _batches(traces: Iterable[Trace]) -> Iterator[list[Trace]]:
    batch: list[Trace] = []
    for trace in traces:
        batch.append(trace)
        if sum(len(kept.spans) for kept in batch) >= BATCH_SPANS:
            yield batch
            batch = []
    if batch:
        yield batch
