"""Whom an erasure is about, and what it has done so far."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

USER, SESSION = "user", "session"
FEWEST_CHARS = 6
"""A shorter id is looked for where ids of its kind stand, and not in texts, which have it by chance."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``name`` is the id of the user or session in the project; ``erasure`` the id of the request."""

    erasure: str
    project: str
    kind: str
    name: str = field(repr=False)

    @property
    def is_telling(self) -> bool:
        """Whether the name can be looked for in any text."""
        return len(self.name) >= FEWEST_CHARS


class Report(Counter[str]):
    """Rows, or letters, by place and what became of them: ``spans: removed``, ``comments: edited``."""

    def removed(self, place: str, count: int) -> None:
        self[f"{place}: removed"] += count

    def edited(self, place: str, count: int) -> None:
        self[f"{place}: edited"] += count


class Answer(Protocol):
    @property
    def rows(self) -> Sequence[Sequence[Any]]: ...


class Connection(Protocol):
    """A ClickHouse connection: ``watchkeeper_collector.store.client.Store`` is one."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer: ...

    def command(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> None: ...
