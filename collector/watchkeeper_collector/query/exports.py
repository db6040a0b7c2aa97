"""Answers as files: CSV, Parquet and Arrow."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from watchkeeper_collector.query.aggregation import Table
from watchkeeper_collector.query.comparison import BEFORE
from watchkeeper_collector.query.measures import MEASURES
from watchkeeper_collector.query.question import Question

Format = Literal["csv", "parquet", "arrow"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that starts so for a formula, behind spaces and in wide forms too."""
WIDE_FORMS = str.maketrans("\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b", "=+-@=+-@")
SPACES = " \n\v\f\u00a0\u200b\u2060\u3000\ufeff"
OTHER = "(other)"
"""What the dimensions of all other groups together are in CSV, which has no null that is not empty."""


def export_table(question: Question, table: Table, fmt: Format) -> bytes:
    """The rows of an answer as a file, with the same names."""
    return _render_csv(table, question) if fmt == "csv" else _render_columns(table, question, fmt)


def _render_csv(table: Table, question: Question) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(harmless(name) for name in table.names)
    dimensions = {table.names.index(name) for name in question.by}
    for row in table.rows:
        writer.writerow(_cells(row, dimensions))
    return text.getvalue().encode()


def _cells(row: Sequence[Any], dimensions: set[int]) -> Iterator[Any]:
    for place, value in enumerate(row):
        if place in dimensions:
            yield OTHER if value is None else harmless(value)
        else:
            yield value


def harmless(text: str) -> str:
    start = text.lstrip(SPACES)[:1].translate(WIDE_FORMS)
    return f"'{text}" if start in FORMULA_STARTS else text


def _render_columns(table: Table, question: Question, fmt: Format) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and few ask for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = zip(*table.rows, strict=True) if table.rows else ([] for _ in table.names)
    arrays = [
        pa.array(_values(name, list(column)), _type(pa, name, question))
        for name, column in zip(table.names, columns, strict=True)
    ]
    found: Any = pa.table(arrays, names=list(table.names))
    encoded = io.BytesIO()
    if fmt == "parquet":
        pq.write_table(found, encoded)
    else:
        with pa.ipc.new_stream(encoded, found.schema) as writer:
            writer.write_table(found)
    return encoded.getvalue()


def _values(name: str, column: list[Any]) -> list[Any]:
    return [datetime.fromisoformat(text) for text in column] if name == "time" else column


def _type(pa: Any, name: str, question: Question) -> Any:
    if name == "time":
        return pa.timestamp("ns", "UTC")
    if name in question.by:
        return pa.string()
    measure = MEASURES.get(name.removesuffix(BEFORE))
    is_whole = measure is not None and measure.unit in {"count", "tokens"}
    return pa.uint64() if is_whole else pa.float64()
