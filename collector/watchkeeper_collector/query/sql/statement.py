"""What our own parser sees in a statement: that it is one ``SELECT``, and which tables it names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchkeeper_collector.errors import InvalidQueryError

if TYPE_CHECKING:
    from sqlglot import exp

STARTS_QUERY = re.compile(r"[( ]*(?:SELECT|WITH)\b")
PLAIN_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
ONE_SELECT = "Expected one SELECT, which may begin with WITH and hold UNION."


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose tables all say their database. ``common_tables`` are those it defines itself."""

    text: str
    common_tables: frozenset[str]


def read_statement(text: str, database: str) -> Statement:
    """Read a statement in canonical form; tables without a database get the given one."""
    from sqlglot import exp  # noqa: PLC0415 - slow to load, and few ask for it

    tree = _parse(text) if STARTS_QUERY.match(text) else None
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        raise InvalidQueryError(f"This is no query: '{text[:60]}'. {ONE_SELECT}")
    for clause in ("format", "settings", "into"):
        if any(part.args.get(clause) for part in tree.walk()):
            raise InvalidQueryError(f"The clause {clause.upper()} is not allowed. {ONE_SELECT}")
    common_tables = frozenset(found.alias for found in tree.find_all(exp.CTE) if _is_table(found))
    odd = sorted(name for name in common_tables if not PLAIN_NAME.fullmatch(name))
    if odd:  # a name with a dot would look like a table of another database
        raise InvalidQueryError(f"WITH can't define '{odd[0][:60]}'. Expected letters, digits and '_'.")
    for place in sorted(_places_without_database(tree), reverse=True):
        text = f"{text[:place]}{database}.{text[place:]}"
    return Statement(text, common_tables)


def _parse(text: str) -> "exp.Expr":
    import sqlglot  # noqa: PLC0415
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    try:
        statements = [statement for statement in sqlglot.parse(text, read="clickhouse") if statement]
    except (SqlglotError, RecursionError) as error:
        raise InvalidQueryError(f"This SQL is not understood ({_first_line(error)}). {ONE_SELECT}") from None
    if len(statements) != 1:
        raise InvalidQueryError(f"There are {len(statements)} statements. {ONE_SELECT}")
    return statements[0]


def _places_without_database(tree: "exp.Expr") -> Iterator[int]:
    """Where the names of tables stand that neither say a database nor are defined around them."""
    from sqlglot import exp  # noqa: PLC0415

    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not table.db and not _is_defined(table):
            yield table.this.meta["start"]


def _is_defined(table: "exp.Table") -> bool:
    """True if a ``WITH`` around the table defines its name; a definition sees itself only if it is recursive.

    Where none does, the engine would look into the database of its session.
    """
    from sqlglot import exp  # noqa: PLC0415

    inside: exp.Expr = table
    own: exp.Expr | None = None
    while (around := inside.parent) is not None:
        if isinstance(around, exp.With):
            own = None if around.recursive else inside
        clause = around.args.get("with_")
        defined = clause.expressions if clause is not None else []
        if any(found.alias == table.name and found is not own and _is_table(found) for found in defined):
            return True
        inside = around
    return False


def _is_table(definition: "exp.CTE") -> bool:
    """False for ``WITH 1 AS name``, which names a value."""
    return not definition.args.get("scalar")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
