"""The price worker: keeps the price table up with what spans name, and their costs up with the table."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.pricing.price_table import Pair, PriceRecord, PriceTable
from watchkeeper_collector.pricing.repricing import WITHOUT_PRICE, count_waiting, fill_costs

logger = logging.getLogger(__name__)

# Spans become visible some time after they were received; a sweep over all of them finds the stragglers
# (segments that waited while the store was away).
OVERLAP_NS = 120 * 1_000_000_000
SWEEP_EVERY_S = 600.0
MOST_PAIRS = 5_000
LONGEST_NAME = 256

NEW_PAIRS = """
SELECT DISTINCT Provider, arrayJoin([toString(ResponseModel), toString(RequestModel)]) AS Model
FROM {database}.spans
WHERE {without_price}
    AND ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})
    AND length(Model) BETWEEN 1 AND {longest:UInt16}
    AND length(Provider) <= {longest:UInt16}
    AND (Provider, Model) NOT IN
        (SELECT Provider, Model FROM {database}.model_prices WHERE Source = 'catalogue')
LIMIT {limit:UInt32}
"""


def catalogue_version() -> str:
    """What is written beside each cost that the catalogue gave."""
    return f"genai-prices {version('genai-prices')}"


@dataclass(slots=True)
class PriceStatus:
    """Counters since the start, for ``/status`` and ``/metrics``."""

    rounds: int = 0
    failed_rounds: int = 0
    pairs_looked_up: int = 0
    calls_filled: int = 0
    last_error: str = ""


class PriceWorker:
    """Looks new (provider, model) pairs up and prices what was stored before they were known.

    :meth:`run_round` may be called from any thread; :meth:`start` runs rounds on an own one until
    :meth:`close`, each if ``may_run`` says so: of several collectors one does this work.
    """

    def __init__(
        self,
        table: PriceTable,
        *,
        interval_s: float = 5.0,
        clock_ns: Callable[[], int] = time.time_ns,
        may_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self.table = table
        self.status = PriceStatus()
        self._may_run = may_run
        self._interval_s = interval_s
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_synced = False
        self._owes_reload = False
        self._since_ns = 0
        self._swept_ns = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="prices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the round that is running."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def run_round(self) -> int:
        """Look new pairs up and fill costs in; how many calls got theirs.

        The first round syncs the catalogue.
        """
        with self._lock:
            if self._owes_reload:
                self.table.reload()
                self._owes_reload = False
            if not self._is_synced:
                self.sync()
                self._is_synced = True
            started_ns = self._clock_ns()
            since_ns = self._next_window(started_ns)
            filled = 0
            if count_waiting(self.table, since_ns):
                self._look_up(self._new_pairs(since_ns))
                filled = fill_costs(self.table, since_ns)
            self._since_ns = started_ns - OVERLAP_NS
            self.status.rounds += 1
            self.status.calls_filled += filled
            return filled

    def sync(self) -> int:
        """Bring known pairs to the installed price data; how many were looked up.

        History keeps the costs it has: what is newly found is filled in, the rest waits for a re-pricing.
        """
        from watchkeeper_collector.pricing.catalogue import warm_pairs  # noqa: PLC0415 - loads the price data: slow

        current = catalogue_version()
        known = self.table.catalogue_versions()
        outdated = {pair for pair, price_version in known.items() if price_version != current}
        if outdated or not known:
            outdated.update(pair for pair in warm_pairs() if known.get(pair) != current)
        return self._look_up(sorted(outdated))

    def _next_window(self, now_ns: int) -> int:
        if now_ns - self._swept_ns >= SWEEP_EVERY_S * 1e9:
            self._swept_ns = now_ns
            return 0
        return self._since_ns

    def _new_pairs(self, since_ns: int) -> list[Pair]:
        query = self.table.sql(NEW_PAIRS.replace("{without_price}", WITHOUT_PRICE))
        rows = self.table.connection.query(
            query, {"since_ns": since_ns, "longest": LONGEST_NAME, "limit": MOST_PAIRS}
        ).rows
        return [(provider, model) for provider, model in rows]

    def _look_up(self, pairs: Iterable[Pair]) -> int:
        from watchkeeper_collector.pricing.catalogue import find_entry  # noqa: PLC0415 - loads the price data: slow

        current, records = catalogue_version(), []
        for provider, model in pairs:
            entry = find_entry(provider, model)
            found = (entry.priced_as, entry.terms) if entry else ("", ())
            records.append(PriceRecord("catalogue", "", provider, model, current, *found))
        self._owes_reload = True  # should the store go away between the insert and the reload
        self.table.put(records, datetime.fromtimestamp(self._clock_ns() / 1e9, UTC))
        self._owes_reload = False
        self.status.pairs_looked_up += len(records)
        return len(records)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._may_run():
                    self.run_round()
            except WatchkeeperError as error:  # the next round sees the same spans again
                self.status.failed_rounds += 1
                self.status.last_error = error.message
                logger.warning("Pricing round failed, will be repeated: %s", error.message)
            self._closing.wait(self._interval_s)
