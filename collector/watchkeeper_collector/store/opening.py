"""Opens the store in the background: the collector takes telemetry before, and while, ClickHouse is away."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from watchkeeper_collector.errors import StoreUnavailableError, WatchkeeperError
from watchkeeper_collector.store.client import Store

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0

log = logging.getLogger(__name__)


class Opening:
    """Runs ``migrate`` until it succeeds, then ``begin`` once. Till then ``problem`` says why not."""

    def __init__(self, migrate: Callable[[], object], begin: Callable[[], None]) -> None:
        self._migrate = migrate
        self._begin = begin
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-opening", daemon=True)
        self.problem = "The store is being opened."

    def check(self) -> None:
        """Raise ``StoreUnavailableError`` unless the store is open."""
        if self.problem:
            raise StoreUnavailableError(f"The store is not ready: {self.problem}")

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Stop trying. Returns False when an attempt is still under way after ``timeout_s``."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._closing.is_set() and not self._attempt():
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _attempt(self) -> bool:
        try:
            self._migrate()
        except Exception as error:  # noqa: BLE001 - whatever it is, the data waits and opening is tried again
            self._note(error)
            return False
        if not self._closing.is_set():
            self._begin()
            self.problem = ""
            log.info("The store is open.")
        return True

    def _note(self, error: Exception) -> None:
        problem = str(error) or type(error).__name__
        if problem != self.problem:
            fault = None if isinstance(error, WatchkeeperError) else error
            log.warning("The store can't be opened yet, it will be tried again: %s", problem, exc_info=fault)
        self.problem = problem


class OpenedStore(Store):
    """A store that raises ``StoreUnavailableError`` with the reason as long as it is not open."""

    def __init__(
        self,
        dsn: str,
        opening: Opening,
        *,
        answer_timeout_s: int,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(dsn, answer_timeout_s=answer_timeout_s, settings=settings)
        self._opening = opening

    @contextmanager
    def _client(self) -> Iterator[Any]:
        self._opening.check()
        with super()._client() as client:
            yield client
