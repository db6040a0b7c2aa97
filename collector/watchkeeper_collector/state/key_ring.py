"""The live API keys in memory, so that authenticating never waits for the state store.

A thread reads them anew twice a second: a key revoked or made by another process is so here within a second.
While the store does not answer, the keys that were last read stay good for ten minutes.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state.keys import KeyLock, Principal, read_key

REFRESH_INTERVAL_S = 0.5
USE_INTERVAL_S = 60.0
STALE_S = 600.0
NO_LOCK = KeyLock("0" * 64, Principal("", "", frozenset()), None)


class KeyRing:
    """``load`` reads the locks of all live keys by id; ``record_use`` stores when keys were last used."""

    def __init__(
        self,
        load: Callable[[], Mapping[str, KeyLock]],
        record_use: Callable[[Mapping[str, datetime]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._load = load
        self._record_use = record_use
        self._clock = clock
        self._now = now
        self._locks: Mapping[str, KeyLock] = {}
        self._loaded_at = float("-inf")
        self._loading = threading.Lock()
        self._last_used: dict[str, datetime] = {}
        self._recorded_at = clock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.failures = 0

    def authenticate(self, text: str) -> Principal | None:
        """Whom the key stands for; ``None`` for one unknown, wrong, expired or revoked."""
        self._check_age()
        if (parts := read_key(text)) is None:
            return None
        key_id, secret = parts
        lock = self._locks.get(key_id, NO_LOCK)  # as slow for an id that there isn't
        now = self._now()
        if not lock.opens_for(secret, now):
            return None
        self._last_used[key_id] = now
        return lock.principal

    def is_empty(self) -> bool:
        self._check_age()
        return not self._locks

    def age_s(self) -> float:
        """Seconds since the keys were last read: well below one while the store answers."""
        return self._clock() - self._loaded_at

    def refresh(self) -> None:
        """Read the keys now. Raises ``StateUnavailableError``."""
        with self._loading:  # else a slow reader could put back what it read before a revocation
            started_at = self._clock()
            self._locks = self._load()
            self._loaded_at = started_at

    def catch_up(self) -> None:
        """Read the keys after a change of our own. A store that fails now is asked again by the thread."""
        self._attempt(self.refresh)

    def flush(self) -> None:
        """Store the last uses. Raises ``StateUnavailableError``; the uses are kept for the next time then."""
        used = self._last_used
        self._last_used = {}
        try:
            if used:
                self._record_use(used)
        except StateUnavailableError:
            self._last_used = used | self._last_used
            raise
        finally:
            self._recorded_at = self._clock()

    def start(self) -> None:
        """Read the keys, and keep on reading them in a thread until ``close``."""
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="key-ring", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and store the last uses if the store answers."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._attempt(self.flush)

    def _run(self) -> None:
        while not self._stopping.wait(REFRESH_INTERVAL_S):
            self._attempt(self.refresh)
            if self._clock() - self._recorded_at >= USE_INTERVAL_S:
                self._attempt(self.flush)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StateUnavailableError:
            self.failures += 1

    def _check_age(self) -> None:
        if self.age_s() > STALE_S:
            raise StateUnavailableError(
                f"The API keys were last read from the state store more than {STALE_S:.0f} s ago."
            )
