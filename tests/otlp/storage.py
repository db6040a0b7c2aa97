"""The tables of logs and metrics in a database of their own, filled by segments as the spool makes them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from google.protobuf.message import Message
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.spool.record import encode_head, encode_sender
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.conventions import Template
from watchkeeper_schemas.protobuf import render_columns, render_type, schema_path

RECEIVED_NS = 1_795_400_000_123_456_789
RECEIVED_DAY = "2026-11-23"
DEDUPLICATED = {"deduplicate_blocks_in_dependent_materialized_views": 1, "max_partitions_per_insert_block": 0}
TARGETS = {
    "logs": ("otel_logs",),
    "metrics": tuple(
        f"otel_metrics_{kind}" for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary")
    ),
}
INNERMOST = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
SCALAR = (
    "multiIf({v}.string_value IS NOT NULL, {string}, {v}.bool_value IS NOT NULL, toString({v}.bool_value),"
    " {v}.int_value IS NOT NULL, toString({v}.int_value), {v}.double_value IS NOT NULL, {double}, {rest})"
)
ITEM = SCALAR.format(
    v="i", string="toJSONString(i.string_value)", double="toJSONString(i.double_value)", rest="'null'"
)
ITEMS = f"concat('[', arrayStringConcat(arrayMap(i -> {ITEM}, a.value.array_value.values), ','), ']')"
REST = (
    f"multiIf(notEmpty(a.value.array_value.values), {ITEMS}, ifNull(base64Encode(a.value.bytes_value), ''))"
)
VALUE = SCALAR.format(
    v="a.value", string="a.value.string_value", double="toString(a.value.double_value)", rest=REST
)


class Tables(Store):
    """A store with the tables in ``database``."""

    def __init__(self, dsn: str, database: str, **placeholders: str) -> None:
        super().__init__(dsn)
        self.database = database
        self.command(f"CREATE DATABASE {database}")
        for statement in render_statements(database, placeholders):
            self.command(statement)
        self._admissions = {name: Admission(signal, Limits(), Forms()) for name, signal in SIGNALS.items()}

    def drop(self) -> None:
        self.command(f"DROP DATABASE {self.database}")
        self.close()

    def raw_insert(self, table: str, payload: bytes, fmt: str, settings: Mapping[str, Any]) -> None:
        with self._client() as client:
            client.raw_insert(
                f"{self.database}.{table}", insert_block=payload, fmt=fmt, settings=dict(settings)
            )

    def send(
        self, signal: str, *requests: Message, segment_id: str = "segment-1", token: str = "", **sender: Any
    ) -> int:
        """Store requests as one segment, through the door's admission; returns how many items that is."""
        admitted = [self._admissions[signal].admit(request.SerializeToString()) for request in requests]
        head = encode_sender("shop", sender.get("received_ns", RECEIVED_NS), "key-1")
        payload = b"".join(
            encode_head(head, segment_id, len(one.body)) + one.body for one in admitted if one.items
        )
        schema = self.protobuf_settings(schema_path(signal), "Record")
        tokens = {"insert_deduplication_token": token or segment_id}
        self.raw_insert(f"otlp_{signal}", payload, "Protobuf", {**schema, **DEDUPLICATED, **tokens})
        return sum(one.items for one in admitted)

    def read(self, table: str, order_by: str = "tuple()") -> list[dict[str, Any]]:
        return self.query(f"SELECT * FROM {self.database}.{table} ORDER BY {order_by}").dicts()

    def count(self, table: str, segment_id: str = "segment-1") -> int:
        sql = f"SELECT count() FROM {self.database}.{table} WHERE SegmentId = {{segment:String}}"
        return int(self.query(sql, {"segment": segment_id}).rows[0][0])

    def count_items(self, signal: str, segment_id: str = "segment-1") -> int:
        return sum(self.count(table, segment_id) for table in TARGETS[signal])

    def discard(self, table: str, segment_id: str = "segment-1") -> None:
        sql = f"DELETE FROM {self.database}.{table} WHERE SegmentId = {{segment:String}}"
        self.command(sql, {"segment": segment_id})

    def clear(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.command(f"TRUNCATE TABLE {self.database}.{table}")

    def insert_foreign(self, table: str, columns: Sequence[str], *rows: Sequence[Any]) -> None:
        """As the OpenTelemetry Collector's exporter does it: its own columns and nothing else."""
        with self._client() as client:
            client.insert(table, rows, column_names=list(columns), database=self.database)


def render_statements(database: str, placeholders: Mapping[str, str]) -> Iterator[str]:
    filled = {
        "engine": "MergeTree",
        "on_cluster": "",
        "durable": "fsync_after_insert = 0, non_replicated_deduplication_window = 1000",
        "span_retention_days": "36500",
        "content_retention_days": "36500",
        "database": database,
        **placeholders,
    }
    for name in ("0001_spans.sql", "0004_logs.sql", "0005_metrics.sql"):
        text = files("watchkeeper_schemas").joinpath("clickhouse", name).read_text("utf-8")
        text = re.sub(r"\{local:(\w+)\}", rf"{database}.\1", render(re.sub(r"(?m)^--.*\n", "", text)))
        for placeholder, value in filled.items():
            text = text.replace("{" + placeholder + "}", value)
        statements = (statement.strip().rstrip(";") for statement in text.split(";\n"))
        yield from (
            one for one in statements if one and not re.search(r"TABLE \w+\.(spans|trace_index)", one)
        )


def render(text: str) -> str:
    while found := INNERMOST.search(text):
        head, _, argument = found[1].partition("|")
        name, _, parameter = head.partition(":")
        text = text[: found.start()] + render_macro(name, parameter, argument) + text[found.end() :]
    return text


def render_macro(name: str, parameter: str, argument: str) -> str:
    match name:
        case "record_columns":
            return render_columns(parameter)
        case "message_type":
            return render_type(parameter, argument)
        case "time":
            return f"fromUnixTimestamp64Nano(toInt64(least({argument}, 9223372036854775807)))"
        case "attributes":
            pairs = f"arrayMap(a -> (a.key, assumeNotNull({VALUE})), {argument})"
            return f"CAST({pairs}, 'Map(LowCardinality(String), String)')"
        case _:
            return Template(f"{{{{{name}:{parameter}|{argument}}}}}").render()
