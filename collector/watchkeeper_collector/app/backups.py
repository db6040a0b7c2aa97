"""Backups, wired: of a running collector, and of one that is stopped."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchkeeper_collector.api.backups import Backups
from watchkeeper_collector.app.backend import Backend
from watchkeeper_collector.backup.making import Origin, make_backup
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.spool import Spool
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.connection import read_database
from watchkeeper_collector.store.embedded_engine import BACKUPS

LONGEST_S = 86_400
Held = Callable[[], AbstractContextManager[Any]]


def build_backups(settings: Settings, spool: Spool, state: State, backend: Backend) -> Backups:
    engine = backend.store if backend.store.is_embedded else open_engine(settings)
    origin = build_origin(settings, engine, state.database, held=spool.backlog.held)
    return Backups(settings.backups_dir, lambda folder: make_backup(origin, folder), backend.opening.check)


def build_origin(settings: Settings, store: Store, state: Database, *, held: Held = nullcontext) -> Origin:
    """``held`` keeps a running collector's spool from delivering."""
    chain = settings.chain
    return Origin(
        version=version("watchkeeper"),
        database=read_database(settings.store_dsn),
        engine=store,
        engine_backups=engine_backups(settings),
        target=settings.backup_target,
        state=state,
        spool_dir=settings.spool_dir,
        held=held,
        key_ids=tuple(chain.keys) if chain else (),
    )


def open_engine(settings: Settings) -> Store:
    """A store that waits for as long as a server's backup takes."""
    return Store(settings.store_dsn, pool_size=1, answer_timeout_s=LONGEST_S)


def engine_backups(settings: Settings) -> Path | None:
    """The folder that the embedded engine may write backups to; none: it is a server."""
    parts = urlsplit(settings.store_dsn)
    return Path(parts.path).resolve() / BACKUPS if parts.scheme == "chdb" else None
