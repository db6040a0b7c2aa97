"""What pricing needs of the store."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Answer(Protocol):
    """Rows of a query."""

    @property
    def rows(self) -> Sequence[Sequence[Any]]: ...

    def dicts(self) -> list[dict[str, Any]]: ...


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

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, database: str
    ) -> None: ...
