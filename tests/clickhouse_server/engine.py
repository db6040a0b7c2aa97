"""Runs the statement of one HTTP request on a chDB connection of its own, as a ClickHouse server would."""

import re
import tempfile
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chdb

MOST_REQUESTS_AT_ONCE = 32
ERROR_CODE = re.compile(r"Code:\s*(\d+)")
TRAILING_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^()]*)?;?\s*$", re.IGNORECASE)
RETURNS_ROWS = re.compile(
    rb"[\s(]*(?:SELECT|WITH|SHOW|DESC(?:RIBE)?|EXISTS|EXPLAIN|CHECK|KILL)\b", re.IGNORECASE
)
# INSERT … [SETTINGS …] FORMAT name, one blank, data. A column name in backquotes may be a keyword.
INSERT_DATA = re.compile(
    rb"\s*(?P<into>INSERT\s+INTO\s+(?:(?!(?<!`)\b(?:SELECT|VALUES|SETTINGS)\b|\bFORMAT\s+\w).)+?)"
    rb"(?P<settings>\s+SETTINGS\s+(?:(?!\bFORMAT\s+\w).)+?)?"
    rb"(?P<format>\s+FORMAT\s+\w+)(?:[ \t]*\r?\n|[ \t]|$)",
    re.IGNORECASE | re.DOTALL,
)


class EngineError(Exception):
    """A statement that the engine refused; ``code`` is ClickHouse's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = ERROR_CODE.search(message)
        self.code = int(found[1]) if found else 1002


@dataclass(frozen=True)
class Request:
    """What the HTTP interface found in URL, headers and body."""

    statement: bytes
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    database: str
    default_format: str


@dataclass(frozen=True)
class Answer:
    """The engine's answer; ``format`` is empty for a statement without a result set."""

    body: bytes
    format: str
    summary: dict[str, str]


class Engine:
    """One chDB engine. Every request gets a connection of its own, so nothing leaks into the next one."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._anchor = chdb.connect(self._path)  # keeps the engine up while no request runs
        self._places = threading.Semaphore(MOST_REQUESTS_AT_ONCE)
        self.timezone = self._anchor.query("SELECT timezone()", "TSVRaw").bytes().decode().strip()

    def run(self, request: Request) -> Answer:
        with self._places, closing(chdb.connect(self._path)) as connection:
            try:
                if request.database:
                    connection.query(f"USE `{request.database}`")
                for name, value in request.settings.items():
                    connection.query(f"SET {name} = {quoted(value)}")
                return execute(connection, request)
            except Exception as error:
                raise EngineError(str(error)) from error

    def close(self) -> None:
        """Wait for running requests: a process that ends inside an engine call crashes."""
        for _ in range(MOST_REQUESTS_AT_ONCE):
            self._places.acquire()
        self._anchor.close()


def execute(connection: Any, request: Request) -> Answer:
    if found := INSERT_DATA.match(request.statement):
        return insert(connection, found, request)
    result = connection.query(request.statement, request.default_format, params=dict(request.parameters))
    named = TRAILING_FORMAT.search(request.statement)
    has_rows = RETURNS_ROWS.match(request.statement) is not None
    return Answer(
        body=result.bytes() or b"",
        format=(named[1].decode() if named else request.default_format) if has_rows else "",
        summary={"read_rows": str(result.rows_read()), "read_bytes": str(result.bytes_read())},
    )


def insert(connection: Any, found: re.Match[bytes], request: Request) -> Answer:
    """Insert the data behind the statement by way of a file: chDB reads none from memory."""
    with tempfile.NamedTemporaryFile(suffix=".data") as file:
        file.write(request.statement[found.end() :])
        file.flush()
        source = f" FROM INFILE {quoted(file.name)}".encode()
        sql = found["into"] + source + (found["settings"] or b"") + found["format"]
        result = connection.query(sql, params=dict(request.parameters))
    summary = {"written_rows": str(result.rows_read()), "written_bytes": str(result.bytes_read())}
    return Answer(b"", "", summary)


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
