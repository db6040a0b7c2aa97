"""The tables that an erasure goes through, as the engine lists them: those of tomorrow's migrations, too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.erasure.subject import Connection

COLUMNS = """
SELECT table, name, type, is_in_sorting_key OR is_in_partition_key
FROM system.columns
WHERE database = {database_name:String}
    AND default_kind NOT IN ('ALIAS', 'MATERIALIZED', 'EPHEMERAL')
    AND table IN (SELECT name FROM system.tables
        WHERE database = {database_name:String} AND endsWith(engine, 'MergeTree'))
ORDER BY table, position"""
APART = ("erasure_", "model_prices", "rollup_", "schema_")
"""Tables of nobody's telemetry; roll-ups have sums, and are built again."""
SYNCHRONOUS = {"mutations_sync": 2, "allow_nondeterministic_mutations": 1}
TEXT_TYPES = {
    "String": "{text}",
    "Nullable(String)": "{text}",
    "Array(String)": "arrayMap(text -> {each}, {text})",
    "Map(String, String)": "mapApply((key, value) -> ({key}, {value}), {text})",
    "Array(Map(String, String))": "arrayMap(one -> mapApply((key, value) -> ({key}, {value}), one), {text})",
}
FOUND = {
    "String": "position({text}, {name}) > 0",
    "Nullable(String)": "position(ifNull({text}, ''), {name}) > 0",
    "Array(String)": "arrayExists(text -> position(text, {name}) > 0, {text})",
    "Map(String, String)": "mapExists("
    "(key, value) -> position(key, {name}) + position(value, {name}) > 0, {text})",
    "Array(Map(String, String))": "arrayExists("
    "one -> mapExists((key, value) -> position(key, {name}) + position(value, {name}) > 0, one), {text})",
}


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is its type without what only says how it is stored."""

    name: str
    kind: str
    is_key: bool

    @property
    def sql(self) -> str:
        return f"`{self.name}`"

    @property
    def has_text(self) -> bool:
        return self.kind in TEXT_TYPES

    def found(self, name: str) -> str:
        """SQL for whether the SQL expression ``name`` is in it."""
        return FOUND[self.kind].replace("{text}", self.sql).replace("{name}", name)

    def replaced(self, name: str, by: str) -> str:
        """SQL for what it is with ``by`` in place of ``name``."""

        def swap(text: str) -> str:
            return f"replaceAll({text}, {name}, {by})"

        if self.kind in ("String", "Nullable(String)"):
            return swap(self.sql)
        template = TEXT_TYPES[self.kind].replace("{text}", self.sql)
        for placeholder, text in (("each", "text"), ("key", "key"), ("value", "value")):
            template = template.replace("{" + placeholder + "}", swap(text))
        return template


@dataclass(frozen=True, slots=True)
class Table:
    """``name`` is what is read, over all shards where there are some."""

    name: str
    columns: Mapping[str, Column]

    def has(self, *names: str) -> bool:
        return all(name in self.columns for name in names)


@dataclass(frozen=True, slots=True)
class ErasureTables:
    """Where an erasure looks and writes."""

    connection: Connection
    database: str = "watchkeeper"
    cluster: str = ""

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        return self.connection.query(self._fill(statement), parameters).rows

    def command(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement, and wait until every part that it touches is written anew."""
        self.connection.command(self._fill(statement), parameters, settings=SYNCHRONOUS)

    def alter(self, table: str, change: str, parameters: Mapping[str, Any]) -> None:
        suffix = "_local" if self.cluster else ""
        self.command(f"ALTER TABLE {{database}}.{table}{suffix} {{on_cluster}} {change}", parameters)

    def tables(self) -> Iterator[Table]:
        """Those that keep rows of projects."""
        columns: dict[str, dict[str, Column]] = {}
        for table, name, kind, is_key in self.query(COLUMNS, {"database_name": self.database}):
            name_read = table.removesuffix("_local") if self.cluster else table
            columns.setdefault(name_read, {})[name] = Column(name, plain_type(kind), bool(is_key))
        for table, found in columns.items():
            if "Project" in found and not table.startswith(APART):
                yield Table(table, found)

    def _fill(self, statement: str) -> str:
        on_cluster = f"ON CLUSTER '{self.cluster}'" if self.cluster else ""
        parts = f"clusterAllReplicas('{self.cluster}', system.parts)" if self.cluster else "system.parts"
        return (
            statement.replace("{database}", self.database)
            .replace("{on_cluster}", on_cluster)
            .replace("{parts}", parts)
            .strip()
        )


def plain_type(kind: str) -> str:
    return kind.replace("LowCardinality(String)", "String").replace(
        "LowCardinality(Nullable(String))", "String"
    )
