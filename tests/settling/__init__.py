"""A migrated store in a database of its own, with the collector's way in for requests and spans."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.settling.settlement import SettleCounts
from watchkeeper_collector.settling.worker import SettlingWorker
from watchkeeper_collector.spool.record import encode_head, encode_sender
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate
from watchkeeper_schemas.protobuf import schema_path

SECOND_NS = 1_000_000_000
NOW_NS = 1_795_600_000 * SECOND_NS
"""2026-11-25, when tests begin."""

TABLES = ("spans", "span_content", "trace_index", "log_features")
NUMBERS = (
    "Duration", "Inherited", "IsDuplicate", "IsError", "InputChars", "InputHash", "HasOutput", "OutputChars",
    "OutputHash", "IsBlank", "IsJson", "HasCodeFence", "ToolCallCount",
)  # fmt: skip
STATE = """
SELECT SpanId, UserId, SessionId, PromptName, PromptVersion, Release, Environment, Feature,
    Inherited, IsDuplicate, DuplicateOf
FROM {database}.spans
WHERE Project = {project:String}
ORDER BY TraceId, SpanId
"""
FEATURES = """
SELECT SpanId, UserId, SessionId, FinishReason, IsTruncated,
    Provider, RequestModel, ResponseModel, ResponseId,
    InputTokens, CacheReadTokens, CacheWriteTokens, OutputTokens, ReasoningTokens, TokensBasis,
    InputChars, InputHash, HasOutput, OutputChars, OutputWords, OutputHash, OutputShingles, IsEmpty, IsJson,
    IsJsonExpected, HasCodeFence, ListItemCount, HeadingCount, IsRefusal, RefusalCue, IsApology, IsQuestion,
    OutputScript, OutputScriptShare, RepeatedShare, ToolCallCount, InvalidToolCallCount,
    Inherited, FromLogs, IsDuplicate, DuplicateOf
FROM {database}.spans
WHERE Project = {project:String}
ORDER BY TraceId, SpanId
"""


class SettlingStore(Store):
    """The embedded engine with all tables in ``database``, a clock that tests turn, and workers."""

    def __init__(self, dsn: str, database: str) -> None:
        super().__init__(dsn)
        self.database = database
        self.now_ns = NOW_NS
        self._segments = 0
        self._admission = Admission(SIGNALS["traces"], Limits(), Forms())
        layout = Layout(database, content_retention_days=36_500, span_retention_days=36_500)
        migrate(self, layout)

    def worker(self, **options: Any) -> SettlingWorker:
        return SettlingWorker(self, self.database, clock_ns=lambda: self.now_ns, **options)

    def settle(self) -> SettleCounts:
        """A worker that has just started looks at everything of the last day."""
        return self.worker().run_round()

    def send(self, *requests: tuple[str, bytes]) -> None:
        """Store requests, each with its project, as one segment of the spool."""
        self._segments += 1
        payload = b"".join(self._frame(project, body) for project, body in requests)
        schema = self.protobuf_settings(schema_path("traces"), "Record")
        with self._client() as client:
            client.raw_insert(
                f"{self.database}.otlp_traces", insert_block=payload, fmt="Protobuf", settings=schema
            )

    def _frame(self, project: str, body: bytes) -> bytes:
        admitted = self._admission.admit(body).body
        head = encode_sender(project, self.now_ns, "key-1")
        return encode_head(head, f"segment-{self._segments}", len(admitted)) + admitted

    def put(self, *rows: Mapping[str, Any]) -> None:
        """Store rows as one block of normalised spans; what a row leaves out has its default."""
        self._insert("normalised_spans", rows)

    def tell(self, *rows: Mapping[str, Any]) -> None:
        """Store as one block what log records tell of spans."""
        self._insert("log_features", rows)

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        defaults = {"ReceivedAt": self.now_ns, "Timestamp": self.now_ns, "Project": "shop"}
        columns = sorted({column for row in rows for column in row} | {*defaults, "EventDay"})
        whole = [{column: blank(column) for column in columns} | defaults | dict(row) for row in rows]
        day = self.now_ns // (86_400 * SECOND_NS)
        values = [[day if column == "EventDay" else row[column] for column in columns] for row in whole]
        self.insert(table, columns, values, database=self.database)

    def state(self, project: str = "shop") -> dict[str, Mapping[str, Any]]:
        """What settling writes, by span id."""
        return rows_by_span(self, STATE, self.database, project)

    def features(self, project: str = "shop") -> dict[str, Mapping[str, Any]]:
        """What log records may tell, by span id, and what follows from it."""
        return rows_by_span(self, FEATURES, self.database, project)

    def clear(self) -> None:
        for table in TABLES:
            self.command(f"TRUNCATE TABLE {self.database}.{table}")


def rows_by_span(store: Store, sql: str, database: str, project: str) -> dict[str, Mapping[str, Any]]:
    rows = store.query(sql.replace("{database}", database), {"project": project}).dicts()
    return {row.pop("SpanId"): row for row in rows}


def blank(column: str) -> Any:
    """The default of a column in a block where another row has a value."""
    if column in ("InputTokens", "OutputTokens"):
        return None
    return 0 if column in NUMBERS else ""


@contextmanager
def open_settling(dsn: str, database: str) -> Iterator[SettlingStore]:
    store = SettlingStore(dsn, database)
    yield store
    store.command(f"DROP DATABASE {database}")
    store.close()
