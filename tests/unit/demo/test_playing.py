"""What the demo sends of the past."""

import threading
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from watchkeeper_collector.demo.playing import BATCH_SPANS, CAPTURES_AGE_S, MOST_WAITING_SEGMENTS, Player
from watchkeeper_collector.demo.traffic import Plan

START_S = 1_800_000_000.0
PLAN = Plan(START_S, history_days=3)


class Recorder:
    """Takes what is sent; stops the demo after ``most`` requests."""

    def __init__(self, stop: threading.Event, most: int | None = None) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self._stop = stop
        self._most = most
        self.waiting = 0

    def send(self, signal: str, message: Message) -> None:
        self.sent.append((signal, message))
        if len(self.sent) == self._most:
            self._stop.set()

    def send_scores(self, scores: list[dict[str, Any]]) -> None:
        self.scores += scores

    def count_waiting_segments(self) -> int:
        """One less each time it is asked."""
        self.waiting -= 1
        return self.waiting

    def spans(self) -> list[Any]:
        return [
            span
            for signal, message in self.sent
            if signal == "traces"
            for group in message.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]


def play(most: int | None = None) -> tuple[Player, Recorder]:
    stop = threading.Event()
    recorder = Recorder(stop, most)
    return Player(PLAN, recorder, stop), recorder  # type: ignore[arg-type]


def test_captures_lie_within_ten_minutes_of_the_day_before() -> None:
    player, recorder = play()
    player.replay_captures()
    ends_s = [span.end_time_unix_nano / 1e9 for span in recorder.spans()]
    assert player.sent.captures == len(recorder.sent) > 300
    assert START_S - CAPTURES_AGE_S - 700 < min(ends_s) < max(ends_s) <= START_S - CAPTURES_AGE_S


class Counting(threading.Event):
    """Waits for nothing, and counts."""

    waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return super().wait(0)


def test_history_waits_while_the_store_is_behind() -> None:
    stop = Counting()
    recorder = Recorder(stop)
    recorder.waiting = MOST_WAITING_SEGMENTS + 4
    player = Player(PLAN, recorder, stop)  # type: ignore[arg-type]
    player.send_history()
    assert stop.waits == 3
    assert player.sent.spans == len(recorder.spans()) > 1000


def test_history_is_sent_in_batches_and_tells_how_far_it_is() -> None:
    player, recorder = play()
    shares: list[float] = []
    player.send_history(shares.append)
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert player.sent.spans == len(recorder.spans())
    sizes = [sum(len(g.scope_spans[0].spans) for g in message.resource_spans) for _, message in recorder.sent]
    assert all(BATCH_SPANS <= size < 2 * BATCH_SPANS for size in sizes[:-1])


def test_scores_are_of_traces_that_were_sent_and_given_when_they_had_ended() -> None:
    player, recorder = play()
    player.send_history()
    ends_s = {span.trace_id.hex(): span.end_time_unix_nano / 1e9 for span in recorder.spans()}
    assert len(recorder.scores) == player.sent.scores > 50
    assert {score["name"] for score in recorder.scores} == {"helpful", "groundedness"}
    for score in recorder.scores:
        assert datetime.fromisoformat(score["timestamp"]).timestamp() >= ends_s[score["trace_id"]] - 1e-3


def test_stopping_ends_every_act() -> None:
    player, recorder = play(most=1)
    player.replay_captures()
    player.send_history()
    assert len(recorder.sent) == 1
