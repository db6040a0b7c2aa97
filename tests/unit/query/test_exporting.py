"""Files that are made while they are sent."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from watchkeeper_collector.query.exporting import FILE_FORMATS, ColumnType, Rows, StreamedTable

COLUMNS: dict[str, ColumnType] = {
    "name": "text", "calls": "integer", "cost": "number", "is_error": "flag", "models": "json",
}  # fmt: skip
ROWS: list[Rows] = [
    [
        {
            "name": "=HYPERLINK(1)",
            "calls": 1,
            "cost": None,
            "is_error": True,
            "models": ["a", "b"],
            "more": 1,
        },
        {"name": "two\nlines", "calls": None, "cost": 0.5, "is_error": False, "models": []},
    ],
    [{"name": "", "calls": 3, "cost": 2.0, "is_error": None, "models": {"k": "v"}}],
]


def encode(name: str, chunks: list[Rows]) -> list[bytes]:
    return list(FILE_FORMATS[name].encode(StreamedTable(COLUMNS, iter(chunks))))


def test_csv_has_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(b"".join(encode("csv", ROWS)).decode())))
    assert rows == [
        ["name", "calls", "cost", "is_error", "models"],
        ["'=HYPERLINK(1)", "1", "", "true", '["a","b"]'],
        ["two\nlines", "", "0.5", "false", "[]"],
        ["", "3", "2.0", "", '{"k":"v"}'],
    ]


@pytest.mark.parametrize("start", ["=1", "+1", "-1", "@a", "\tb", "\rc"])
def test_no_text_begins_as_a_formula_does(start: str) -> None:
    (_, chunk) = encode("csv", [[{"name": start}]])
    rows = list(csv.reader(io.StringIO(chunk.decode(), newline="")))
    assert [row[0] for row in rows] == [f"'{start}"]


def test_json_lines_have_a_row_each() -> None:
    lines = b"".join(encode("jsonl", ROWS)).splitlines()
    assert [json.loads(line) for line in lines] == [
        {name: row.get(name) for name in COLUMNS} for rows in ROWS for row in rows
    ]


def test_parquet_has_a_row_group_for_each_chunk() -> None:
    chunks = encode("parquet", ROWS)
    file = pq.ParquetFile(io.BytesIO(b"".join(chunks)))
    assert file.num_row_groups == 2
    assert file.read().to_pylist() == [
        {"name": "=HYPERLINK(1)", "calls": 1, "cost": None, "is_error": True, "models": '["a","b"]'},
        {"name": "two\nlines", "calls": None, "cost": 0.5, "is_error": False, "models": "[]"},
        {"name": "", "calls": 3, "cost": 2.0, "is_error": None, "models": '{"k":"v"}'},
    ]


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_a_table_without_rows_is_a_file_too(name: str) -> None:
    made = b"".join(encode(name, []))
    if name == "parquet":
        assert pq.read_table(io.BytesIO(made)).column_names == list(COLUMNS)
    else:
        assert made == (b'"name","calls","cost","is_error","models"\n' if name == "csv" else b"")


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_a_chunk_is_read_when_it_is_asked_for_and_not_before(name: str) -> None:
    read: list[int] = []

    def chunks() -> Iterator[Rows]:
        for number in range(100):
            read.append(number)
            yield [{"name": str(number)}]

    made = FILE_FORMATS[name].encode(StreamedTable(COLUMNS, chunks()))
    taken: list[Any] = [next(made) for _ in range(3)]
    assert len(taken) == 3
    assert len(read) <= 3
