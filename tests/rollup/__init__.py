"""Spans that are rolled up, in a database of their own, and a worker to roll them up."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from watchkeeper_collector.query.source import Rollup, Source
from watchkeeper_collector.rollup.tables import RollupTables
from watchkeeper_collector.rollup.worker import RollupWorker
from watchkeeper_collector.store.client import Store

from tests.storage import drop, kept, migrated

HOUR_NS = 3_600 * 1_000_000_000
NOW_NS = time.time_ns()
"""The engine tells by its own clock which hours are over."""
FIRST_NS = NOW_NS // HOUR_NS * HOUR_NS - 12 * HOUR_NS
"""An hour that is over; the eleven after it are over as well."""


class RolledStore(Store):
    """An engine with spans and roll-ups; ``spans_only`` and ``rolled_up`` are the two ways to ask it."""

    def __init__(self, dsn: str, database: str) -> None:
        super().__init__(dsn)
        self.database = database
        self.tables = RollupTables(self, database)
        self.spans_only = Source(self, database)
        self.rolled_up = replace(self.spans_only, rollup=Rollup(from_spans=0, estimates_from_spans=0))

    def worker(self, **options: Any) -> RollupWorker:
        """One that has just started looks at everything."""
        return RollupWorker(self.tables, **{"rest_s": 0.0, **options})

    def put(self, *rows: Mapping[str, Any]) -> None:
        """Store spans, received just now unless they say otherwise."""
        rows = tuple({"ReceivedAt": time.time_ns(), **row} for row in rows)
        columns = sorted({column for row in rows for column in row})
        values = [[row.get(column) for column in columns] for row in rows]
        self.insert("spans", columns, values, database=self.database)

    def change(self, assignment: str, condition: str) -> None:
        """Change spans in place, as settling and pricing do; nobody is told."""
        self.command(f"UPDATE {self.database}.spans SET {assignment} WHERE {condition}")

    def clear(self) -> None:
        for table in ("spans", "rollup_1h", "rollup_hours", "rollup_marks"):
            self.command(f"TRUNCATE TABLE {self.database}.{table}")


def span(number: int, hour: float, **columns: Any) -> dict[str, Any]:
    """A row of `spans` that starts so many hours after the first one."""
    start_ns = FIRST_NS + round(hour * HOUR_NS)
    return {
        "Project": "shop",
        "EventDay": start_ns // (24 * HOUR_NS),
        "Timestamp": start_ns,
        "TraceId": f"t{number // 3}",
        "SpanId": f"s{number}",
        "Kind": "llm",
        "Duration": 1_000_000,
        **columns,
    }


@contextmanager
def open_rolled(dsn: str, database: str) -> Iterator[RolledStore]:
    migrated(dsn, kept(database), ["spans", "rollup"]).close()
    store = RolledStore(dsn, database)
    yield store
    drop(store, kept(database))
    store.close()
