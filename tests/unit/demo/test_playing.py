"""The demo's acts, on a clock that the test moves."""

import threading
from typing import Any

from google.protobuf.message import Message
from watchkeeper_collector.demo.playing import BATCH_SPANS, Player
from watchkeeper_collector.demo.traffic import Plan

START_S = 1_800_000_000.0
PLAN = Plan(START_S, history_traces=400, traces_per_s=5.0)


class Recorder:
    """Takes what is sent; stops the demo after ``most`` requests."""

    def __init__(self, stop: threading.Event, most: int | None = None) -> None:
        self.sent: list[tuple[str, Any]] = []
        self._stop = stop
        self._most = most

    def send(self, signal: str, message: Message) -> None:
        self.sent.append((signal, message))
        if len(self.sent) == self._most:
            self._stop.set()

    def spans(self) -> list[Any]:
        return [
            span
            for signal, message in self.sent
            if signal == "traces"
            for group in message.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]


class Clock:
    """Jumps ahead whenever somebody waits."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        self.now_s += 0.25
        return self.now_s


class Impatient(threading.Event):
    """An event that nobody waits for in earnest."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def play(most: int | None = None) -> tuple[Player, Recorder, Clock]:
    stop, clock = Impatient(), Clock()
    recorder = Recorder(stop, most)
    return Player(PLAN, recorder, stop, clock), recorder, clock  # type: ignore[arg-type]


def test_captures_lie_in_the_ten_minutes_before_the_start() -> None:
    player, recorder, _ = play()
    player.replay_captures()
    ends_s = [span.end_time_unix_nano / 1e9 for span in recorder.spans()]
    assert player.sent.captures == len(recorder.sent) > 300
    assert START_S - 700 < min(ends_s) < max(ends_s) <= START_S


def test_history_is_sent_in_batches_and_tells_how_far_it_is() -> None:
    player, recorder, _ = play()
    shares: list[float] = []
    player.send_history(shares.append)
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert player.sent.spans == len(recorder.spans())
    sizes = [sum(len(g.scope_spans[0].spans) for g in message.resource_spans) for _, message in recorder.sent]
    assert all(BATCH_SPANS <= size < 2 * BATCH_SPANS for size in sizes[:-1])


def test_live_traces_are_sent_once_they_ended_and_each_once() -> None:
    player, recorder, clock = play()
    player.send_history()
    before = len(recorder.sent)
    recorder._most = before + 50
    player.play_live()
    live = [message for _, message in recorder.sent[before:]]
    ids = [{s.trace_id for g in m.resource_spans for s in g.scope_spans[0].spans} for m in live]
    assert len(live) == 50
    assert all(len(found) == 1 for found in ids)
    assert len(set.union(*ids)) == 50
    ends_s = [
        max(s.end_time_unix_nano for g in m.resource_spans for s in g.scope_spans[0].spans) / 1e9
        for m in live
    ]
    assert max(ends_s) <= clock.now_s
    assert ends_s == sorted(ends_s)


def test_stopping_ends_every_act() -> None:
    player, recorder, _ = play(most=1)
    player.replay_captures()
    player.send_history()
    player.play_live()
    assert len(recorder.sent) == 1
