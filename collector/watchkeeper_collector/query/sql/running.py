"""Runs a statement of a person on the rows of their project."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.errors import InvalidQueryError, QueryLimitError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.statement import Statement, read_statement
from watchkeeper_collector.query.sql.syntax_tree import TREE_FORMAT, Node, check_tree, read_tree

MOST_CHARS = 50_000
MOST_ROWS = 10_000
MOST_RESULT_BYTES = 64 << 20
RESULT_LIMIT_CODE = 396

SESSION_SETTINGS: Mapping[str, Any] = {"readonly": 2}
"""Of the store that statements run on, and nothing else: whatever gets past the checks writes nothing."""

SHARED_TABLES = frozenset({"model_prices", "current_prices"})
"""Rows without a project are everybody's there."""

SYSTEM_TABLES = {"system.one": "1", "system.columns": "database = {database}"}

CANONICAL = "SELECT formatQuerySingleLine({text})"

# What holds no project (price look-ups, migrations) is not for people, nor is what reads others' tables.
TABLES = """SELECT name
FROM system.tables
WHERE database = {database}
    AND (endsWith(engine, 'MergeTree') OR engine IN ('Distributed', 'View'))
    AND name IN (SELECT table FROM system.columns WHERE database = {database} AND name = 'Project')"""


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """Values are those of JSON; times are RFC 3339, numbers that JSON lacks are null."""

    columns: list[str]
    rows: list[list[Any]]


def run_sql(source: Source, project: str, text: str) -> SqlAnswer:
    """Run one ``SELECT``. ``source`` is on a store with :data:`SESSION_SETTINGS`.

    Raises ``InvalidQueryError`` for everything else than a plain query, ``QueryLimitError`` for a dear one.
    """
    filters = table_filters(source, project)
    statement = read_statement(_canonical(source, text), source.database)
    check_tree(_tree(source, statement), filters, statement.common_tables)
    settings = _settings(filters)
    try:
        answer = json.loads(source.raw_query(statement.text, "JSONCompact", Bindings(), settings))
    except QueryLimitError as error:
        raise _explained(error) from error
    return SqlAnswer([column["name"] for column in answer["meta"]], answer["data"])


def table_filters(source: Source, project: str) -> dict[str, str]:
    """The tables that may be read, and which of their rows: the project's."""
    bindings = Bindings()
    sql = TABLES.replace("{database}", bindings.bind(source.database))
    own = f"Project = {_literal(project)}"
    filters = {
        f"{source.database}.{name}": f"({own} OR Project = '')" if name in SHARED_TABLES else own
        for (name,) in source.query(sql, bindings).rows
    }
    system = {
        name: condition.replace("{database}", _literal(source.database))
        for name, condition in SYSTEM_TABLES.items()
    }
    return filters | system


def _tree(source: Source, statement: Statement) -> Node:
    """As the engine reads the statement."""
    lines = source.raw_query(f"EXPLAIN AST {statement.text}", TREE_FORMAT, Bindings(), {})
    return read_tree(lines.decode("utf-8", "replace").removesuffix("\n").split("\n"))


def _canonical(source: Source, text: str) -> str:
    if not 0 < len(text.strip()) <= MOST_CHARS or not _is_unicode(text):
        raise InvalidQueryError(f"Expected one SELECT of at most {MOST_CHARS:,} characters of Unicode.")
    bindings = Bindings()
    sql = CANONICAL.replace("{text}", bindings.bind(text))
    try:
        return str(source.query(sql, bindings).rows[0][0])
    except InvalidQueryError as error:
        said = error.message.partition(": In scope SELECT formatQuery")[0]
        raise InvalidQueryError(said, details=error.details) from error


def _is_unicode(text: str) -> bool:
    """False for text with halves of surrogate pairs, which JSON can hold and nothing else can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _settings(filters: Mapping[str, str]) -> dict[str, Any]:
    pairs = ", ".join(f"{_quoted(table)}: {_quoted(condition)}" for table, condition in filters.items())
    return {
        "additional_table_filters": f"{{{pairs}}}",
        "max_result_rows": MOST_ROWS,
        "max_result_bytes": MOST_RESULT_BYTES,
        "result_overflow_mode": "throw",
        "date_time_output_format": "iso",
        "output_format_json_quote_64bit_integers": 0,
        "output_format_json_quote_denormals": 0,
    }


def _literal(text: str) -> str:
    """The text as an expression that no character of it can get out of."""
    return f"unhex('{text.encode().hex()}')"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _explained(error: QueryLimitError) -> QueryLimitError:
    if error.details.get("engine_code") != RESULT_LIMIT_CODE:
        return error
    return QueryLimitError(
        f"The answer has more than {MOST_ROWS:,} rows or {MOST_RESULT_BYTES >> 20} MiB. Add a LIMIT, or"
        " aggregate.",
        details=error.details,
    )
