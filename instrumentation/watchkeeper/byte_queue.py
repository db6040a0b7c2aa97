"""A queue bounded in bytes: beyond them the oldest go, and are counted."""

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class ByteQueue(Generic[Item]):
    """First in, first out.

    The thread that holds its lock may take it again: the garbage collector or a signal can interrupt ``put``
    with another one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lock = threading.RLock()
        self._items: deque[tuple[Item, int]] = deque()
        self._max_bytes = max_bytes
        self.size_bytes = 0
        self.dropped = 0
        self.taken = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item, weight_bytes: int) -> None:
        """An item heavier than the whole queue may be goes at once, and alone."""
        with self._lock:
            if weight_bytes > self._max_bytes:
                self.dropped += 1
                return
            self._items.append((item, weight_bytes))
            self.size_bytes += weight_bytes
            while self.size_bytes > self._max_bytes:
                self._drop_oldest()

    @property
    def last(self) -> int:
        """The number of the newest item: once as many are taken or dropped, what waits now has gone."""
        with self._lock:
            return self.gone + len(self._items)

    @property
    def gone(self) -> int:
        return self.taken + self.dropped

    def take(self) -> tuple[Item, int] | None:
        """The oldest item and its weight."""
        with self._lock:
            if not self._items:
                return None
            item, weight_bytes = self._items.popleft()
            self.size_bytes -= weight_bytes
            self.taken += 1
            return item, weight_bytes

    def close(self) -> None:
        """From now on everything is dropped, what waits included."""
        with self._lock:
            self._max_bytes = -1
            while self._items:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        self.size_bytes -= self._items.popleft()[1]
        self.dropped += 1
