"""The way of spans through the engine, as the store itself tells it: what views read, and what they fill."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from watchkeeper_collector.store.client import Store

TARGET = re.compile(r" TO watchkeeper\.(\w+)")
ENTRANCE = "otlp_traces"
READERS = """
SELECT name, as_select, create_table_query
FROM system.tables
WHERE database = 'watchkeeper' AND name IN
(
    SELECT arrayJoin(dependencies_table)
    FROM system.tables
    WHERE database = 'watchkeeper' AND name = {source:String}
)
ORDER BY name
"""
KEEPING = """
SELECT endsWith(engine, 'MergeTree')
FROM system.tables
WHERE database = 'watchkeeper' AND name = {table:String}
"""


class View(NamedTuple):
    """A view from one table to another; ``keeps`` says that the other one is on disk."""

    name: str
    source: str
    target: str
    select: str
    keeps: bool

    def over(self, table: str) -> str:
        """Its SELECT, over another table of the same columns."""
        return re.sub(rf"\bwatchkeeper\.{self.source}\b", f"watchkeeper.{table}", self.select)


def read_views(store: Store, source: str = ENTRANCE) -> Iterator[View]:
    """The views that an insert into ``source`` passes, each after those that it reads from."""
    for name, select, statement in store.query(READERS, {"source": source}).rows:
        found = TARGET.search(statement)
        if found is None:
            raise LookupError(f"The view '{name}' does not say which table it fills: {statement[:200]}")
        keeps = bool(store.query(KEEPING, {"table": found[1]}).rows[0][0])
        yield View(name, source, found[1], select, keeps)
        if not keeps:
            yield from read_views(store, found[1])
