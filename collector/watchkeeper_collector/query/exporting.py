"""Tables as files that are made row by row: CSV, JSON Lines and Parquet."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from watchkeeper_collector.query.exports import harmless

ColumnType = Literal["text", "integer", "number", "flag", "json"]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StreamedTable:
    """Rows in chunks that each fit in memory; a chunk is read when it is asked for. ``json`` columns hold
    lists and maps. ``row_count`` is about how many there will be, where that is known.
    """

    columns: dict[str, ColumnType]
    chunks: Iterator[Rows]
    row_count: int | None = None


class Outlet(io.RawIOBase):
    """A file that is only written: what was is taken away now and then, and its place still counts."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


@dataclass(frozen=True, slots=True)
class FileFormat:
    suffix: str
    media_type: str
    encode: Callable[[StreamedTable], Iterator[bytes]]


def encode_csv(table: StreamedTable) -> Iterator[bytes]:
    """Text that a spreadsheet would take for a formula gets a ``'`` before it."""
    yield _csv_lines([list(table.columns)])
    for rows in table.chunks:
        yield _csv_lines([[_cell(row.get(name)) for name in table.columns] for row in rows])


def encode_json_lines(table: StreamedTable) -> Iterator[bytes]:
    for rows in table.chunks:
        lines = ({name: row.get(name) for name in table.columns} for row in rows)
        yield b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def encode_parquet(table: StreamedTable) -> Iterator[bytes]:
    """Each chunk is a row group."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and few ask for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "json": pa.string(),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in table.columns.items()])
    written = Outlet()
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        for rows in table.chunks:
            arrays = [
                pa.array([_parquet_value(row.get(name), kind) for row in rows], types[kind])
                for name, kind in table.columns.items()
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            yield written.take()
    yield written.take()


FILE_FORMATS = {
    "csv": FileFormat("csv", "text/csv", encode_csv),
    "jsonl": FileFormat("jsonl", "application/x-ndjson", encode_json_lines),
    "parquet": FileFormat("parquet", "application/vnd.apache.parquet", encode_parquet),
}


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return harmless(orjson.dumps(value).decode())
    return value


def _parquet_value(value: Any, kind: ColumnType) -> Any:
    return orjson.dumps(value).decode() if kind == "json" and value is not None else value
