"""What queries need of the store."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Answer(Protocol):
    """Rows of a query."""

    @property
    def columns(self) -> tuple[str, ...]: ...

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

    def raw_query(
        self,
        sql: str,
        fmt: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> bytes: ...
