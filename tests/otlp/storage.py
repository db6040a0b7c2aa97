"""A store's tables in a database of their own, filled with segments as the spool makes them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.spool.record import encode_head, encode_sender
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.sink import TARGETS, StoreSink

from tests.storage import drop, forgo_fsync, kept, make_tables

RECEIVED_NS = 1_795_400_000_123_456_789
RECEIVED_DAY = "2026-11-23"


class Tables(Store):
    """A store with a database of its own: spans, logs, metrics and scores, or the tables of ``only``."""

    def __init__(
        self,
        dsn: str,
        database: str,
        only: Sequence[str] = ("spans", "logs", "metrics", "scores"),
        **retention: int,
    ) -> None:
        super().__init__(dsn)
        self.received_ns = RECEIVED_NS
        self.layout = replace(kept(database), **retention)
        self.sink = StoreSink(self, self.layout)
        make_tables(self, self.layout, only)
        forgo_fsync(self, self.database, sorted({table for tables in TARGETS.values() for table in tables}))
        self._admissions = {name: Admission(signal, Limits(), Forms()) for name, signal in SIGNALS.items()}

    @property
    def database(self) -> str:
        return self.layout.database

    def drop(self) -> None:
        drop(self, self.layout)
        self.close()

    def send(self, signal: str, *requests: Message, segment_id: str = "segment-1", token: str = "") -> int:
        """Store requests as one segment, through the door's admission; returns how many items that is."""
        payload, items = self.payload(signal, *requests, segment_id=segment_id)
        self.sink.insert(signal, segment_id, payload, token or segment_id)
        return items

    def payload(self, signal: str, *requests: Message, segment_id: str) -> tuple[bytes, int]:
        """What a segment of these requests holds, and of how many items."""
        admitted = [self._admissions[signal].admit(request.SerializeToString()) for request in requests]
        sender = encode_sender("shop", self.received_ns, "key-1")
        records = (encode_head(sender, segment_id, len(one.body)) + one.body for one in admitted if one.items)
        return b"".join(records), sum(one.items for one in admitted)

    def read(self, table: str, order_by: str = "tuple()") -> list[dict[str, Any]]:
        rows = self.query(f"SELECT * FROM {self.database}.{table} ORDER BY {order_by}").dicts()
        for row in rows:
            if table == "span_content":  # where decoded texts lie beside the attributes that they come from
                row |= {text: row["Content"].pop(text, "") for text in ("InputText", "OutputText")}
        return rows

    def count(self, table: str, segment_id: str = "segment-1") -> int:
        sql = f"SELECT count() FROM {self.database}.{table} WHERE SegmentId = {{segment:String}}"
        return int(self.query(sql, {"segment": segment_id}).rows[0][0])

    def clear(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.command(f"TRUNCATE TABLE {self.database}.{table}")

    def insert_foreign(self, table: str, columns: Sequence[str], *rows: Sequence[Any]) -> None:
        """As the OpenTelemetry Collector's exporter does it: its own columns and nothing else."""
        self.insert(table, columns, rows, database=self.database)
