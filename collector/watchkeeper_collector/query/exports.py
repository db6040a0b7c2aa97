"""Answers as files: CSV, Parquet and Arrow, encoded by the engine.

The engine knows the columns by place only (``attr.<key>`` is the caller's text and never SQL); their names
are put on afterwards.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from watchkeeper_collector.query.aggregation import (
    Question,
    Statement,
    group_table,
    series_statement,
    table_statement,
)
from watchkeeper_collector.query.source import Source

Format = Literal["csv", "parquet", "arrow"]

# A spreadsheet takes text that starts with one of these for a formula.
FORMULA_START = r"^[=+\\-@\\t\\r]"
CSV_SETTINGS = {"date_time_output_format": "iso", "format_csv_null_representation": ""}
ARROW_SETTINGS = {"output_format_arrow_string_as_string": 1}


def export_query(source: Source, question: Question, fmt: Format) -> bytes:
    """The rows of :func:`run_query` as a file, with the same names."""
    statement, names = _statement(source, question)
    columns = _columns(question, is_csv=fmt == "csv")
    order = "" if question.step_ns is None else f"\nORDER BY {', '.join([*_keys(question), 'bucket'])}"
    sql = "SELECT\n    " + ",\n    ".join(columns) + f"\nFROM\n(\n{statement.sql}\n){order}"
    if fmt == "csv":
        return _header(names) + source.raw_query(sql, "CSV", statement.bindings, CSV_SETTINGS)
    return _named(source.raw_query(sql, "ArrowStream", statement.bindings, ARROW_SETTINGS), names, fmt)


def _statement(source: Source, question: Question) -> tuple[Statement, Sequence[str]]:
    if question.step_ns is None:
        statement = table_statement(source, question, question.limit)
        return statement, statement.names
    groups = group_table(source, question) if question.by else None
    statement = series_statement(source, question, groups)
    return statement, ("time", *statement.names[1:])


def _keys(question: Question) -> list[str]:
    return [f"d{place}" for place in range(len(question.by))]


def _columns(question: Question, *, is_csv: bool) -> list[str]:
    time = (
        [] if question.step_ns is None else [f"fromUnixTimestamp64Nano(bucket * {question.step_ns}) AS time"]
    )
    keys = [f"{_harmless(key)} AS {key}_text" if is_csv else key for key in _keys(question)]
    return [*time, *keys, *(f"m{place}" for place in range(len(question.measures)))]


def _harmless(column: str) -> str:
    return f"if(match({column}, '{FORMULA_START}'), concat('\\'', {column}), {column})"


def _header(names: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name for name in names
    )
    return line.getvalue().encode()


def _named(stream: bytes, names: Sequence[str], fmt: Format) -> bytes:
    """The same table with its columns named; as Parquet or as an Arrow stream."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and few ask for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    table: Any = pa.ipc.open_stream(stream).read_all().rename_columns(list(names))
    encoded = io.BytesIO()
    if fmt == "parquet":
        pq.write_table(table, encoded)
    else:
        with pa.ipc.new_stream(encoded, table.schema) as writer:
            writer.write_table(table)
    return encoded.getvalue()
