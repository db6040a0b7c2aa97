"""Everything behind the spool: the store, what fills it and what completes what is in it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Protocol

from watchkeeper_collector.app.erasing import build_erasure
from watchkeeper_collector.app.keeping import Keeping
from watchkeeper_collector.app.reporting_sink import ReportingSink
from watchkeeper_collector.app.walls import build_walls
from watchkeeper_collector.errors import StateUnavailableError, StoreUnavailableError
from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.worker import PriceWorker
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.source import Rollup, Source
from watchkeeper_collector.query.sql.running import SESSION_SETTINGS
from watchkeeper_collector.rollup.tables import RollupTables
from watchkeeper_collector.rollup.worker import RollupWorker
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.settling.worker import SettlingWorker
from watchkeeper_collector.spool import Drain, Spool
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.connection import read_credentials, read_database
from watchkeeper_collector.store.erasure import erase_project
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate, schema_version
from watchkeeper_collector.store.opening import OpenedStore, Opening
from watchkeeper_collector.store.retention_worker import RetentionWorker
from watchkeeper_collector.store.sealed_tables import seal_tables
from watchkeeper_collector.store.sink import StoreSink

LEASE_S = 60.0
"""Rounds are shorter. Should one not be, two collectors do the same work to the same end."""

LEASED = ("erasure", "prices", "retention", "rollup", "settling")
MIGRATION_LEASE_S = 300.0
"""One file takes less, on a cluster too. Who is killed meanwhile keeps the others waiting so long."""

STATUS_TIMEOUT_S = 10
ANSWER_TIME_S = 10.0
"""A query that the engine ended at its limit has so long to say it."""

log = logging.getLogger(__name__)


class Worker(Protocol):
    """Works on a thread of its own. ``status`` is a dataclass of counters."""

    status: Any

    def start(self) -> None: ...

    def close(self) -> None: ...


class Backend:
    """The store with its drain and workers, which begin once it is open, however late that is.

    What people ask goes through ``queries``, their SQL through ``statements``: slow questions take no place
    from the inserts of ``store``, nor from ``status``.
    """

    def __init__(self, settings: Settings, spool: Spool, state: State) -> None:
        self._settings = settings
        self._spool = spool
        self._layout = build_layout(settings)
        self.keeping = Keeping(self._layout, state.retentions)
        self._limits = Limits(settings.query_timeout_s, settings.query_memory_bytes)
        self.store = Store(settings.store_dsn)
        self.opening = Opening(self._migrate, self._begin)
        self.status = Store(settings.store_dsn, pool_size=2, answer_timeout_s=STATUS_TIMEOUT_S)
        longest_s = round(settings.query_timeout_s + ANSWER_TIME_S)
        self.queries = OpenedStore(settings.store_dsn, self.opening, answer_timeout_s=longest_s)
        self.statements = OpenedStore(
            settings.store_dsn, self.opening, answer_timeout_s=longest_s, settings=SESSION_SETTINGS
        )
        self._walls = build_walls(
            settings,
            self._layout,
            self.store,
            self.opening,
            {self.queries: {}, self.statements: SESSION_SETTINGS},
            answer_timeout_s=longest_s,
        )
        self._migration_lease = state.lease("migration", ttl_s=MIGRATION_LEASE_S)
        self._is_retired = False
        self._drain: Drain | None = None
        self._leases = {name: state.lease(name, ttl_s=LEASE_S) for name in LEASED}
        self._rollup = RollupWorker(
            RollupTables(self.store, self._layout.database, self._layout.cluster),
            kept_days=settings.span_retention_days,
            kept_days_of=self.keeping.shortest_span_days,
            may_run=self._leases["rollup"].acquire,
        )
        self._settling = SettlingWorker(
            self.store,
            self._layout.database,
            self._layout.cluster,
            touch=self._rollup.mark,
            interval_s=settings.settle_interval_s,
            may_run=self._leases["settling"].acquire,
        )
        prices = PriceWorker(self.price_table(self.store), may_run=self._leases["prices"].acquire)
        self.retention = RetentionWorker(
            self.store, self.keeping.layout, self._bring_to, may_run=self._leases["retention"].acquire
        )
        erasure = build_erasure(
            self.store,
            self._layout,
            spool,
            state,
            mark=self._rollup.mark,
            may_run=self._leases["erasure"].acquire,
        )
        self._workers: Mapping[str, Worker] = {
            "erasure": erasure,
            "prices": prices,
            "retention": self.retention,
            "rollup": self._rollup,
            "settling": self._settling,
        }

    def price_table(self, store: Store) -> PriceTable:
        return PriceTable(store, self._layout.database, self._layout.cluster, touch=self._rollup.mark)

    def source(self, store: Store) -> Source:
        """What queries on the store may read, and cost."""
        rollup = Rollup(
            kept_days=self._settings.span_retention_days, kept_days_of=self.keeping.shortest_span_days
        )
        return Source(self._walls.around(store), self._layout.database, self._limits, rollup)

    def erase(self, project: str) -> None:
        """Remove everything that the store has of a project."""
        erase_project(self.queries, self._layout, project)

    def statuses(self) -> dict[str, Any]:
        """What the workers count, by their names."""
        return {name: worker.status for name, worker in self._workers.items()}

    def problem(self) -> str:
        """What keeps the collector from being ready; empty: nothing."""
        return "The collector is stopping." if self._is_retired else self.opening.problem

    def retire(self) -> None:
        """Be ready no more: the collector is about to end."""
        self._is_retired = True

    def schema_version(self) -> int:
        """The number of the newest migration that the store has."""
        return schema_version(self.store, self._layout)

    def close(self, timeout_s: float) -> None:
        """Bring the spool to the store as far as the time allows, and end all threads.

        The spool is closed before. What still waits for the store afterwards is left alone: it ends with
        the process.
        """
        ends_at_s = time.monotonic() + timeout_s
        is_idle = self.opening.close(timeout_s)
        if self._drain is not None:
            closing = [_in_background(worker.close) for worker in self._workers.values()]
            is_idle &= self._drain.close(ends_at_s - time.monotonic())
            for thread in closing:
                thread.join(max(0.0, ends_at_s - time.monotonic()))
                is_idle &= not thread.is_alive()
            self._release_leases()
        if is_idle:
            for store in (*self._walls.readers, self.status, self.statements, self.queries, self.store):
                store.close()
        else:
            log.warning("The store has not taken everything after %.0f s: the rest waits on disk.", timeout_s)

    def _migrate(self) -> None:
        self._bring_to(self.keeping.layout())
        if self._settings.chain is not None and self.store.is_embedded:
            seal_tables(self.store, self._layout)
        if self.store.is_embedded:  # opening leaves some 40 MB that the engine would keep for later
            self.store.command("SYSTEM JEMALLOC PURGE")

    def _bring_to(self, layout: Layout) -> None:
        """Bring the store's schema to this version, and to a layout."""
        lock = nullcontext() if self.store.is_embedded else self._migrating_alone()
        migrate(self.store, layout, lock=lock, report=self._report_migration)

    def _report_migration(self, label: str) -> None:
        log.info("Migrating: %s.", label)
        if not self.store.is_embedded:
            self._migration_lease.acquire()  # for another while

    @contextmanager
    def _migrating_alone(self) -> Iterator[None]:
        """Other collectors on this store wait. The embedded engine is one process's anyway."""
        if not self._migration_lease.acquire():
            raise StoreUnavailableError("Another collector is bringing the store's schema up to date.")
        try:
            yield
        finally:
            self._migration_lease.release()

    def _begin(self) -> None:
        sink = ReportingSink(
            StoreSink(self.store, self._layout, reserve_bytes=self._settings.disk_reserve_bytes // 2),
            self._look_back_to,
        )
        self._drain = Drain(self._spool, sink, self._spool.dead_letters)
        self._drain.start()
        for worker in self._workers.values():
            worker.start()

    def _look_back_to(self, received_ns: int) -> None:
        """Spans that were received then have just become visible."""
        self._settling.look_back_to(received_ns)
        self._rollup.look_back_to(received_ns)

    def _release_leases(self) -> None:
        """Let another collector go on at once; one that can't be told waits for the leases' end."""
        with suppress(StateUnavailableError):
            for lease in self._leases.values():
                lease.release()


def build_layout(settings: Settings) -> Layout:
    """The shape that the settings give the store."""
    user, password = read_credentials(settings.store_dsn)
    return Layout(
        database=read_database(settings.store_dsn),
        cluster=settings.cluster,
        content_retention_days=settings.content_retention_days,
        span_retention_days=settings.span_retention_days,
        aggregate_retention_days=settings.aggregate_retention_days,
        user=user,
        password=password,
    )


def _in_background(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
