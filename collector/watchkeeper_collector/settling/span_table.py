"""Where settling reads and writes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

# Sorting and grouping go to disk rather than take the collector's memory. Two threads leave the other cores
# to inserts and to people's questions.
SETTINGS = {"max_threads": 2, "max_bytes_before_external_group_by": 512 << 20}

# A server takes 128 KiB of text for one parameter; longer lists are bound in pieces.
PIECE_BYTES = 120_000

# So many keys go into one statement: with three times as many the engine takes a minute to begin.
MOST_KEYS = 10_000


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


Extent = tuple[str, int, int]
"""A project with the first and the last nanosecond of spans that are changed."""

Touch = Callable[[Collection[Extent]], None]
"""Is told, before and after, which spans are changed in place."""


@dataclass(frozen=True, slots=True)
class SpanTable:
    """The spans of one database, and the index of their traces."""

    connection: Connection
    database: str = "watchkeeper"
    cluster: str = ""
    touch: Touch = lambda _: None

    @property
    def local_spans(self) -> str:
        """The table that updates go to, which on a cluster is not the one to read from."""
        if not self.cluster:
            return f"{self.database}.spans"
        return f"{self.database}.spans_local ON CLUSTER '{self.cluster}'"

    def query(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        sql = statement.replace("{database}", self.database)
        return self.connection.query(sql, parameters, settings=SETTINGS).rows


class Lists:
    """Lists of values as bound parameters of one statement."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def add(self, values: Sequence[Any], kind: str = "String") -> str:
        """Bind a list; the SQL expression of the array."""
        names = [self._bind(piece) for piece in pieces(values)]
        return f"arrayConcat({', '.join(f'{{{name}:Array({kind})}}' for name in names)})"

    def _bind(self, piece: Sequence[Any]) -> str:
        name = f"list{len(self.parameters)}"
        self.parameters[name] = piece
        return name


def pieces(values: Sequence[Any]) -> list[list[Any]]:
    """Cut a list so that each piece is short enough as text, with every character escaped at worst."""
    cut: list[list[Any]] = [[]]
    size = 0
    for value in values:
        length = 2 * len(str(value).encode("utf-8", "replace")) + 3
        if cut[-1] and size + length > PIECE_BYTES:
            cut.append([])
            size = 0
        cut[-1].append(value)
        size += length
    return cut


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut keys, or what has one each, into as many as one statement takes."""
    for start in range(0, len(items), MOST_KEYS):
        yield items[start : start + MOST_KEYS]
