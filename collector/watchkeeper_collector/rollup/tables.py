"""Where roll-ups are read from and written to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol

HOUR_S = 3_600
HOUR_NS = HOUR_S * 1_000_000_000

# What people ask has the other cores.
SETTINGS = {"max_threads": 2, "max_bytes_before_external_group_by": 512 << 20}
MOST_KEYS = 500
"""So many hours go into one statement: a server takes 128 KiB of text for one parameter."""


class ProjectHour(NamedTuple):
    """An hour of a project; ``hour_s`` is its start in seconds since 1970."""

    project: str
    hour_s: int


class Answer(Protocol):
    """Rows of a query."""

    @property
    def rows(self) -> Sequence[Sequence[Any]]: ...


class Connection(Protocol):
    """A ClickHouse connection: ``watchkeeper_collector.store.client.Store`` is one."""

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Answer: ...

    def command(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class RollupTables:
    """The spans of one database and the tables of their roll-ups."""

    connection: Connection
    database: str = "watchkeeper"
    cluster: str = ""

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        return self.connection.query(self._fill(statement), parameters, settings=SETTINGS).rows

    def command(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.connection.command(self._fill(statement), parameters, settings={**SETTINGS, **(settings or {})})

    def _fill(self, statement: str) -> str:
        on_cluster = f"ON CLUSTER '{self.cluster}'" if self.cluster else ""
        nodes = f"clusterAllReplicas('{self.cluster}', system.mutations)"
        return (
            statement.replace("{database}", self.database)
            .replace("{on_cluster}", on_cluster)
            .replace("{mutations}", nodes if self.cluster else "system.mutations")
            .replace("{spans_table}", "spans_local" if self.cluster else "spans")
            .strip()
        )


def batches(hours: Iterable[ProjectHour]) -> Iterator[list[ProjectHour]]:
    """Cut into as many as one statement takes."""
    rest = iter(hours)
    while some := list(islice(rest, MOST_KEYS)):
        yield some


def hour_lists(hours: Sequence[ProjectHour]) -> dict[str, Any]:
    """The parameters ``projects`` and ``hours``, side by side."""
    return {"projects": [hour.project for hour in hours], "hours": [hour.hour_s for hour in hours]}
