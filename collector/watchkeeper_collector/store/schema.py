"""The store's schema as files: numbered migrations, and in them views that follow the conventions' data.

Tables are made once, by their migration. Views, the columns of the tables between them, and how long rows
are kept follow what the files, the conventions and the settings say today: they are changed in place whenever
that gives another text.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from watchkeeper_collector.store.conventions import Template
from watchkeeper_collector.store.layout import Layout

FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
COMMENT = re.compile(r"^[ \t]*--.*\n", re.MULTILINE)
CREATED = re.compile(r"CREATE (?:TABLE|MATERIALIZED VIEW|DICTIONARY) (\S+)")
VIEW = re.compile(r"CREATE MATERIALIZED VIEW .*? AS\s(.*)", re.DOTALL)
LEG = re.compile(r"CREATE TABLE [^(]*?ENGINE = Null EMPTY AS\s(.*)", re.DOTALL)
RETENTION = re.compile(r"^TTL\s(.*?)\n(?=SETTINGS)", re.DOTALL | re.MULTILINE)
CREATE = re.compile(r"^CREATE (TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) ")
LOCAL_TABLE = re.compile(r"^CREATE TABLE \{local:(\w+)\}")
TRACE_ID = re.compile(r"^ {4}TraceId ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. Statements end with a semicolon at the end of a line."""

    number: int
    name: str
    sql: str

    @property
    def label(self) -> str:
        return f"{self.number:04d}_{self.name}"

    @property
    def checksum(self) -> str:
        """Of what is applied once: views are free to change."""
        lasting = (statement for statement in self._statements() if not is_view(statement))
        return checksum("\n".join(lasting))

    def tables(self, layout: Layout) -> Iterator[str]:
        """What makes and changes the file's tables. Whatever exists already is passed over."""
        for statement in self._statements():
            if is_view(statement):
                continue
            yield CREATE.sub(r"CREATE \1 IF NOT EXISTS ", layout.fill(render(statement)))
            if (local := LOCAL_TABLE.match(statement)) and layout.cluster:
                yield CREATE.sub(
                    r"CREATE \1 IF NOT EXISTS ", layout.distributed(local[1], sharding_key(statement))
                )

    def views(self, layout: Layout) -> Iterator["Changeable"]:
        """What fills tables from others: to be made once the tables of all files are there."""
        return (one for one in self.changeables(layout) if one.made_by)

    def changeables(self, layout: Layout) -> Iterator["Changeable"]:
        """The file's views, columns of legs, dictionaries and retentions, as they should be today."""
        for statement in self._statements():
            filled = layout.fill(render(statement))
            created = CREATED.match(filled)
            name = created[1] if created else ""
            alter = f"ALTER TABLE {name} {layout.on_cluster}".rstrip()
            if view := VIEW.match(filled):
                made_by = CREATE.sub(r"CREATE \1 IF NOT EXISTS ", filled)
                yield Changeable(name, view[1], f"{alter} MODIFY QUERY {view[1]}", made_by=made_by)
            elif leg := LEG.match(filled):
                yield Changeable(f"{name} columns", leg[1], alter, columns_of=leg[1])
            elif filled.startswith("CREATE DICTIONARY "):
                known = layout.recorded.fill(statement)
                yield Changeable(name, known, filled.replace("CREATE ", "CREATE OR REPLACE ", 1))
            elif created and (kept := RETENTION.search(filled)):
                yield Changeable(f"{name} TTL", kept[1], f"{alter} MODIFY TTL {kept[1]}")

    def _statements(self) -> list[str]:
        code = COMMENT.sub("", self.sql)
        return [part.strip() for part in re.split(r";[ \t]*\n", code) if part.strip()]


@dataclass(frozen=True, slots=True)
class Changeable:
    """Something that a statement changes in place, to what ``text`` says.

    With ``columns_of``, a query, the statement goes on with the columns that the query gives: the engine
    knows their types. None goes: a collector of the version before may still be inserting.

    ``made_by`` makes a view in the first place: as it is today, and so with columns that any file may add.
    """

    name: str
    text: str
    change: str
    columns_of: str = ""
    made_by: str = ""

    @property
    def checksum(self) -> str:
        return checksum(self.text)


def sharding_key(statement: str) -> str:
    """What keeps a trace, or the series of a metric, on one shard: also when a segment is sent again."""
    return "cityHash64(TraceId)" if TRACE_ID.search(statement) else "cityHash64(MetricName, Attributes)"


def is_view(statement: str) -> bool:
    return statement.startswith("CREATE MATERIALIZED VIEW")


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def render(statement: str) -> str:
    """Expand the conventions' macros; placeholders stay."""
    return Template(statement).render() if "{{" in statement else statement


def load_migrations() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    entries = files("watchkeeper_schemas").joinpath("clickhouse").iterdir()
    named = ((FILE_NAME.fullmatch(entry.name), entry) for entry in entries)
    found = [Migration(int(match[1]), match[2], entry.read_text("utf-8")) for match, entry in named if match]
    return tuple(sorted(found, key=lambda migration: migration.number))
