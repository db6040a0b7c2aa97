"""Calls to compare: rows of `spans` put in many at once, with what they said.

with open_calls(engine_dsn, "drift_unit") as calls:
    calls.put(calls.some(300, hour=0, OutputChars=range(300)), calls.some(300, hour=1))
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window
from watchkeeper_collector.store.client import Store

from tests.query import EPOCH, NOON_NS
from tests.storage import drop, forgo_fsync, kept, migrated

HOUR_NS = 3_600 * SECOND_NS
NUMBERS = count()
TABLES = ("spans", "span_content", "drift_results", "drift_events")


def hour(first: int, hours: int = 1) -> Window:
    """The window of so many hours from that one after noon."""
    return Window(NOON_NS + first * HOUR_NS, NOON_NS + (first + hours) * HOUR_NS)


@dataclass(frozen=True, slots=True)
class Calls:
    """A store of calls, in a database of its own."""

    store: Store
    source: Source

    def put(self, *rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, with content where they have `Input` or `Output`."""
        for some_rows in rows:
            self._insert("spans", [_span(row) for row in some_rows])
            self._insert("span_content", [_content(row) for row in some_rows if "Output" in row])

    def compare(self, before: Window, after: Window, **options: Any) -> Comparison:
        sides = [Side(Slice("shop", window)) for window in (before, after)]
        return Comparison(self.source, *sides, **options)

    def clear(self) -> None:
        for table in TABLES:
            self.store.command(f"TRUNCATE TABLE {self.source.database}.{table}")

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            values = [list(row.values()) for row in rows]
            self.store.insert(table, list(rows[0]), values, database=self.source.database)


def some(units: int, at: int = 0, **columns: Any) -> list[dict[str, Any]]:
    """So many calls in an hour, each a trace of its own. A column is one value, or a list of one for each."""
    rows = []
    for place in range(units):
        number = next(NUMBERS)
        row = {
            "Project": "shop", "TraceId": f"t{number}", "SpanId": f"s{number}", "Kind": "llm",
            "Timestamp": NOON_NS + at * HOUR_NS + place * HOUR_NS // max(1, units),
            "RequestModel": "gpt-4", "ResponseModel": "gpt-4-0314", "Provider": "openai",
            "HasOutput": True, "FinishReason": "stop", "OutputScript": "Latn", "Duration": 1_000_000,
        }  # fmt: skip
        row |= {name: value[place] if isinstance(value, list) else value for name, value in columns.items()}
        row["EventDay"] = EPOCH.fromtimestamp(row["Timestamp"] / 1e9, EPOCH.tzinfo).date()
        rows.append(row)
    return rows


def _span(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"Input", "Output"}}


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Project": row["Project"], "EventDay": row["EventDay"], "Timestamp": row["Timestamp"],
        "ContentGroup": row.get("SessionId") or row["TraceId"], "TraceId": row["TraceId"],
        "SpanId": row["SpanId"], "Source": "span",
        "Content": {"InputText": row.get("Input", ""), "OutputText": row["Output"]},
    }  # fmt: skip


@contextmanager
def open_calls(dsn: str, database: str) -> Iterator[Calls]:
    """Make the tables, and drop them at the end."""
    layout = kept(database)
    store = migrated(dsn, layout)
    forgo_fsync(store, database, TABLES)
    try:
        yield Calls(store, Source(store, database))
    finally:
        drop(store, layout)
        store.close()
