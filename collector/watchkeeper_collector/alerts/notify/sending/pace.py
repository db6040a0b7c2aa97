"""Pace: at most so many requests within a sliding window, for each key by itself."""

import threading
import time
from collections import deque
from collections.abc import Callable

from watchkeeper_collector.alerts.notify.channels.channel import Pace


class Pacing:
    """Shared by all lanes: two receivers with one key share its window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    def reserve(self, key: str, pace: Pace | None) -> float:
        """Take the next place; seconds to wait for it."""
        if pace is None:
            return 0.0
        with self._lock:
            now = self._clock()
            times = self._times.setdefault(key, deque())
            while times and times[0] <= now - pace.window_s:
                times.popleft()
            at = now if len(times) < pace.requests else max(now, times[-pace.requests] + pace.window_s)
            times.append(at)
            return at - now
