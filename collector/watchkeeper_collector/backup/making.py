"""Making a backup: the spool, the state store, then the engine's own, while nothing is delivered.

What was acknowledged before it began is in the spool's copy, in the engine's, or in both: then the next
start counts the segment's rows and stores what is missing, as after a crash.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from watchkeeper_collector.backup.manifest import Manifest, write_manifest
from watchkeeper_collector.backup.state_copy import write_state
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.state.database import Database

SPOOLED = ("segments", "dead-letters", "retries")
UNFINISHED = ".unfinished"
ENGINE = "clickhouse"


class Engine(Protocol):
    """``watchkeeper_collector.store.client.Store`` is one."""

    def command(self, sql: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """What a backup is made of. ``engine_backups`` is the folder that the embedded engine may write to.

    ``target`` is where a server writes its part, as SQL with ``{name}`` in it. ``held`` keeps the spool from
    delivering for as long as its block lasts.
    """

    version: str
    database: str
    engine: Engine
    engine_backups: Path | None
    target: str
    state: Database
    spool_dir: Path
    held: Callable[[], AbstractContextManager[Any]]
    key_ids: tuple[int, ...] = ()


def make_backup(origin: Origin, folder: Path) -> Manifest:
    """Make a backup in a folder that is not there yet. It appears whole, or not at all."""
    if folder.exists():
        raise ConfigurationError(f"'{folder}' exists already. Name a folder that is to be made.")
    if origin.engine_backups is None and not origin.target:
        raise ConfigurationError(
            "A ClickHouse server writes its backup where it may: say where with the setting `backup_target`,"
            " such as Disk('backups', '{name}')."
        )
    unfinished = folder.with_name(folder.name + UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    made_at = datetime.now(UTC)
    target = origin.target.replace("{name}", f"{folder.name}-{made_at:%Y%m%dT%H%M%S}")
    with origin.held():
        _copy_spool(origin.spool_dir, unfinished / "spool")
        migrations = write_state(origin.state, unfinished / "state.jsonl")
        _back_up_engine(origin, unfinished / ENGINE, target)
    manifest = write_manifest(
        unfinished,
        made_at=made_at,
        version=origin.version,
        database=origin.database,
        target="" if origin.engine_backups else target,
        state_migrations=migrations,
        key_ids=origin.key_ids,
    )
    os.sync()
    unfinished.rename(folder)
    return manifest


def _copy_spool(spool: Path, copy: Path) -> None:
    """Files are copied up to what is in them now: a record that is just being written is cut at its start."""
    for name in SPOOLED:
        (copy / name).mkdir(parents=True)
        for path in sorted((spool / name).glob("*")):
            if path.is_file() and not path.name.endswith(UNFINISHED):
                shutil.copyfile(path, copy / name / path.name)


def _back_up_engine(origin: Origin, folder: Path, target: str) -> None:
    if origin.engine_backups is None:
        origin.engine.command(f"BACKUP DATABASE {origin.database} TO {target}")
        return
    written = origin.engine_backups / folder.parent.name
    shutil.rmtree(written, ignore_errors=True)
    origin.engine.command(f"BACKUP DATABASE {origin.database} TO File('{quoted(written)}')")
    shutil.move(written, folder)


def quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
