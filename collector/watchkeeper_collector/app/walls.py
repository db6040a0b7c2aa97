"""Which connection people's questions take: the store itself, or one behind row policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.query.connection import Connection
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.deeds import CURRENT
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.opening import OpenedStore, Opening
from watchkeeper_collector.store.row_policies import RowPolicies, Walled


@dataclass(frozen=True, slots=True)
class Walls:
    """``readers`` are stores to be closed with the others."""

    walled: Mapping[Store, Connection] = field(default_factory=dict)
    readers: tuple[Store, ...] = ()

    def around(self, store: Store) -> Connection:
        return self.walled.get(store, store)


def build_walls(
    settings: Settings,
    layout: Layout,
    store: Store,
    opening: Opening,
    asked: Mapping[Store, Mapping[str, Any]],
    *,
    answer_timeout_s: int,
) -> Walls:
    """Walls around the stores that people's questions go through, each with the settings of its sessions.

    Raises ``ConfigurationError`` for an engine that knows no users.
    """
    if not settings.row_policies:
        return Walls()
    if store.is_embedded:
        raise ConfigurationError(
            "`row_policies` needs a ClickHouse server: the embedded engine has no users."
        )
    policies = RowPolicies(store, layout)
    dsn = policies.reader_dsn(settings.store_dsn)
    walled: dict[Store, Connection] = {}
    readers = []
    for own, session in asked.items():
        reader = OpenedStore(dsn, opening, answer_timeout_s=answer_timeout_s, settings=session)
        walled[own] = Walled(own, reader, policies, _asking_project)
        readers.append(reader)
    return Walls(walled, tuple(readers))


def _asking_project() -> str:
    """The project of the request that is being answered; empty in a worker."""
    deed = CURRENT.get()
    return "" if deed is None or deed.is_over else deed.project
