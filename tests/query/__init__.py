"""Spans to ask for: the tables of the schema in a database of their own, filled row by row.

with open_shelf(engine_dsn, "query_lists") as shelf:
    shelf.put(Span(name="chat", cost_usd=0.1, output="Hello"))
    list_spans(shelf.source, Slice("shop"), limit=10)
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.store.client import Result, Store

from tests.storage import drop, forgo_fsync, kept, migrated

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000


NOON_NS = nanoseconds(NOON)
TABLES = ("spans", "span_content", "trace_index")


@dataclass(frozen=True)
class Span:
    """A row of `spans`, with its content. ``after_s`` counts from noon; ``extra`` holds other columns."""

    id: str = "a1"
    trace: str = "t1"
    parent: str = ""
    after_s: float = 0.0
    duration_ms: float = 1.0
    project: str = "shop"
    name: str = "step"
    kind: str = "llm"
    model: str = ""
    user: str = ""
    session: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    is_error: bool = False
    is_duplicate: bool = False
    day: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    input: str = ""
    output: str = ""
    content: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def time_ns(self) -> int:
        return NOON_NS + round(self.after_s * 1e9)

    @property
    def event_day(self) -> date:
        return self.day or (EPOCH + timedelta(microseconds=self.time_ns // 1_000)).date()

    def columns(self) -> dict[str, Any]:
        return {
            "Project": self.project, "EventDay": self.event_day, "Timestamp": self.time_ns,
            "TraceId": self.trace, "SpanId": self.id, "ParentSpanId": self.parent, "SpanName": self.name,
            "Kind": self.kind, "ResponseModel": self.model, "UserId": self.user, "SessionId": self.session,
            "InputTokens": self.input_tokens, "OutputTokens": self.output_tokens, "CostUsd": self.cost_usd,
            "IsError": self.is_error, "IsDuplicate": self.is_duplicate,
            "Duration": round(self.duration_ms * 1e6),
            "SpanAttributes": dict(self.attributes), **self.extra,
        }  # fmt: skip


class KnownNames:
    """A connection that answers every query with the same names: what a filter asks while it is compiled."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Result:
        assert sql.startswith("SELECT DISTINCT SpanName")
        return Result(("SpanName",), [(name,) for name in self.names])

    def raw_query(
        self,
        sql: str,
        fmt: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> bytes:
        raise NotImplementedError


class Shelf:
    """Tables of spans, and the source that queries read them from."""

    def __init__(self, store: Store, database: str, limits: Limits) -> None:
        self.store = store
        self.source = Source(store, database, limits)

    def put(self, *spans: Span) -> None:
        for span in spans:
            self._insert("spans", span.columns())
            bounds = {"First": span.time_ns, "Last": span.time_ns}
            keys = {"Project": span.project, "TraceId": span.trace, "EventDay": span.event_day}
            self._insert("trace_index", keys | bounds)
            if span.input or span.output or span.content:
                self.put_content(span, span.content, input_text=span.input, output_text=span.output)

    def put_content(
        self,
        span: Span,
        content: Mapping[str, str],
        *,
        source: str = "span",
        name: str = "",
        input_text: str = "",
        output_text: str = "",
    ) -> None:
        self._insert(
            "span_content",
            {
                "Project": span.project, "EventDay": span.event_day, "Timestamp": span.time_ns,
                "ContentGroup": span.session or span.trace, "TraceId": span.trace, "SpanId": span.id,
                "Source": source, "Format": name,
                "Content": {**content, "InputText": input_text, "OutputText": output_text},
            },
        )  # fmt: skip

    def clear(self) -> None:
        for table in TABLES:
            self.store.command(f"TRUNCATE TABLE {self.source.database}.{table}")

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        with self.store._client() as client:
            client.insert(table, [list(row.values())], column_names=list(row), database=self.source.database)


@contextmanager
def open_shelf(
    dsn: str, database: str, *, settings: Mapping[str, Any] | None = None, limits: Limits | None = None
) -> Iterator[Shelf]:
    """Make the tables, and drop them at the end. ``settings`` are those of the store that queries use."""
    layout = kept(database)
    with_tables = migrated(dsn, layout, ["spans"])
    forgo_fsync(with_tables, database, TABLES)
    shelf = Shelf(with_tables, database, limits or Limits())
    if settings is not None:
        shelf.source = Source(Store(dsn, settings=settings), database, limits or Limits())
    yield shelf
    drop(with_tables, layout)
    with_tables.close()
    if settings is not None:
        shelf.source.connection.close()  # type: ignore[attr-defined]
