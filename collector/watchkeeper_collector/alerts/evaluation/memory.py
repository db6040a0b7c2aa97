"""Answers about the past that rules ask for again and again, until the next step of it is over."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask
from watchkeeper_collector.errors import WatchkeeperError

MOST_READINGS = 500_000


class Memory:
    """Keeps the answers to questions with steps, the latest used of them. Safe to share between threads.

    What such a question is about ends on whole steps, so it stays the same for a while; spans of it that come
    even later than the rule's offset are seen with the next step.
    """

    def __init__(self, most_readings: int = MOST_READINGS) -> None:
        self._most_readings = most_readings
        self._answers: OrderedDict[Ask, tuple[Answer, int]] = OrderedDict()
        self._readings = 0
        self._lock = threading.Lock()

    def find(self, asks: Iterable[Ask]) -> dict[Ask, Answer | WatchkeeperError]:
        """Those that are known."""
        found: dict[Ask, Answer | WatchkeeperError] = {}
        with self._lock:
            for ask in asks:
                if ask in self._answers:
                    self._answers.move_to_end(ask)
                    found[ask] = self._answers[ask][0]
        return found

    def keep(self, answers: Iterable[tuple[Ask, Answer | WatchkeeperError]]) -> None:
        with self._lock:
            for ask, answer in answers:
                if ask.step_ns and ask not in self._answers and not isinstance(answer, WatchkeeperError):
                    size = 1 + sum(map(len, answer.values()))
                    self._answers[ask] = answer, size
                    self._readings += size
            while self._readings > self._most_readings and self._answers:
                _, (_, size) = self._answers.popitem(last=False)
                self._readings -= size
