"""The one way to ClickHouse: a pool of ``clickhouse-connect`` clients, embedded or over HTTP.

``chdb:///path`` opens the embedded engine (only one process may own a path), ``clickhouse://`` and
``clickhouses://`` a server. Everything here is synchronous: the engine releases the interpreter
lock, so callers on the event loop use :func:`anyio.to_thread.run_sync`.
"""

import queue
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.store.connection import DATABASE, check_dsn, connect
from watchkeeper_collector.store.engine_errors import is_answer, translated_errors

IS_SELECT = re.compile(r"(?:\s|--.*\n)*(?:SELECT|WITH|\()", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a query: column names and rows, values as Python objects."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Store:
    """A bounded pool of clients for one DSN. Safe to share between threads; close it at the end."""

    def __init__(
        self,
        dsn: str,
        *,
        pool_size: int = 8,
        answer_timeout_s: int = 300,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.dsn = dsn
        self.is_embedded = urlsplit(dsn).scheme == "chdb"
        self._settings = {"async_insert": 0, "session_timezone": "UTC", **(settings or {})}
        self._answer_timeout_s = answer_timeout_s
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(pool_size)
        check_dsn(dsn)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run one SELECT. ``{name:Type}`` placeholders are bound by the engine, never pasted.

        A server takes at most 128 KiB of text for one parameter (``http_max_field_value_size``).
        """
        with self._client() as client:
            answer = client.query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))
            columns = answer.column_names
            if not columns and IS_SELECT.match(sql):  # an empty answer in Native says nothing at all
                shape = client.query(
                    f"DESCRIBE TABLE (\n{sql.rstrip('; ')}\n)",
                    parameters=dict(parameters or {}),
                    settings=dict(settings or {}),
                )
                columns = shape.result_columns[0]
            return Result(tuple(columns), answer.result_rows)

    def raw_query(
        self,
        sql: str,
        fmt: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Run one SELECT and return the engine's own encoding of the answer (``CSV``, ``Parquet``, …)."""
        with self._client() as client:
            answer: bytes = client.raw_query(
                sql, parameters=dict(parameters or {}), settings=dict(settings or {}), fmt=fmt
            )
            return answer

    def command(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Run one statement that returns nothing."""
        with self._client() as client:  # `client.command` would put all parameters into the URL
            client.raw_query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        database: str = DATABASE,
    ) -> None:
        """Insert a few rows of Python objects; telemetry goes through :meth:`raw_insert`."""
        with self._client() as client:
            client.insert(table, rows, column_names=list(columns), database=database)

    def raw_insert(
        self,
        target: str,
        payload: bytes,
        fmt: str,
        settings: Mapping[str, Any],
        *,
        database: str = DATABASE,
    ) -> None:
        """Insert an encoded payload; the engine decodes it. ``target`` is a table or a table function."""
        name = target if target.startswith("FUNCTION ") else f"{database}.{target}"
        with self._client() as client:
            client.raw_insert(name, insert_block=payload, fmt=fmt, settings=dict(settings))

    def protobuf_settings(self, schema: Path, message: str) -> dict[str, str]:
        """The settings that tell this engine the schema of a Protobuf payload.

        A server gets the text. The embedded engine gets the file: it would write a text to ``__cache__``
        in the process's current folder, which may be read-only.
        """
        if self.is_embedded:
            return {"format_schema": f"{schema.resolve()}:{message}"}
        return {
            "format_schema_source": "string",
            "format_schema": schema.read_text("utf-8"),
            "format_schema_message_name": message,
        }

    def ping(self) -> bool:
        """True when the engine answers."""
        try:
            return bool(self.query("SELECT 1").rows[0][0] == 1)
        except WatchkeeperError:
            return False

    def close(self) -> None:
        """Close every idle client. Callers have stopped using the store."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Lend a client; it comes back to the pool only where it surely still works."""
        with self._places, translated_errors():
            client = self._idle_client() or connect(self.dsn, self._settings, self._answer_timeout_s)
            try:
                yield client
            except BaseException as error:
                if is_answer(error):
                    self._idle.put(client)
                else:
                    client.close()
                raise
            self._idle.put(client)

    def _idle_client(self) -> Any | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None
