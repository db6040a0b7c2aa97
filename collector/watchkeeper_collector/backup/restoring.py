"""Making a collector's data folder of a backup."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from watchkeeper_collector.backup.making import ENGINE, SPOOLED, quoted
from watchkeeper_collector.backup.manifest import Manifest, check_backup
from watchkeeper_collector.backup.state_copy import load_state
from watchkeeper_collector.errors import InvalidBackupError
from watchkeeper_collector.state.database import Database


class Engine(Protocol):
    """``watchkeeper_collector.store.client.Store`` is one."""

    def command(self, sql: str) -> None: ...

    def query(self, sql: str, parameters: dict[str, Any]) -> Any: ...


def restore(
    folder: Path,
    *,
    database: str,
    engine: Engine,
    engine_backups: Path | None,
    state: Database,
    spool_dir: Path,
    key_ids: tuple[int, ...],
    report: Callable[[str], None],
) -> Manifest:
    """Restore into empty stores. Raises ``InvalidBackupError`` before anything is changed, where it may.

    ``engine_backups`` is the folder that the embedded engine may read from; none: it is a server.
    """
    report("Looking at every byte of the backup …")
    manifest = check_backup(folder)
    _check_fit(manifest, database, engine, key_ids, is_embedded=engine_backups is not None)
    _check_spool(spool_dir)
    report("Restoring the state store …")
    load_state(state, folder / "state.jsonl", manifest.state_migrations)
    report("Restoring ClickHouse …")
    _restore_engine(folder, manifest, engine, engine_backups)
    for name in SPOOLED:
        shutil.copytree(folder / "spool" / name, spool_dir / name, dirs_exist_ok=True)
    return manifest


def _check_fit(
    manifest: Manifest, database: str, engine: Engine, key_ids: tuple[int, ...], *, is_embedded: bool
) -> None:
    if is_embedded == bool(manifest.target):
        kinds = ("a ClickHouse server", "the embedded engine")
        made, here = kinds if is_embedded else kinds[::-1]
        raise InvalidBackupError(f"The backup is of {made}, and here is {here}. Give another --dsn.")
    if manifest.database != database:
        raise InvalidBackupError(
            f"The backup is of the database '{manifest.database}', and the DSN names '{database}'."
        )
    if missing := set(manifest.key_ids) - set(key_ids):
        raise InvalidBackupError(
            f"The backup is encrypted with the keys {sorted(manifest.key_ids)}; not given: {sorted(missing)}."
            " Name the file with them: setting `encryption_key_file`."
        )
    sql = "SELECT count() FROM system.tables WHERE database = {database:String}"
    if engine.query(sql, {"database": database}).rows[0][0]:
        raise InvalidBackupError(
            f"The database '{database}' has tables already. Restore into an empty one: another data folder,"
            " or another server."
        )


def _check_spool(spool_dir: Path) -> None:
    waiting = [path for name in SPOOLED for path in (spool_dir / name).glob("*")]
    if waiting:
        raise InvalidBackupError(f"The spool '{spool_dir}' is not empty. Restore into another data folder.")


def _restore_engine(folder: Path, manifest: Manifest, engine: Engine, engine_backups: Path | None) -> None:
    if engine_backups is None:
        engine.command(f"RESTORE DATABASE {manifest.database} FROM {manifest.target}")
        return
    read = engine_backups / "restoring"
    shutil.rmtree(read, ignore_errors=True)
    shutil.copytree(folder / ENGINE, read)
    try:
        engine.command(f"RESTORE DATABASE {manifest.database} FROM File('{quoted(read)}')")
    finally:
        shutil.rmtree(read, ignore_errors=True)
