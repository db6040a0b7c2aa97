"""What a backup is of, and whether all of it is there: ``manifest.json`` beside the files.

::

    <backup>/manifest.json   what it is of, and each file's size and SHA-256
    <backup>/state.jsonl     the state store, a row a line
    <backup>/spool/…         what the store had not got, and what it refused
    <backup>/clickhouse/…    the engine's own backup; of a server's only where it went
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from watchkeeper_collector.errors import InvalidBackupError

FILE = "manifest.json"
FORM = 1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """``target`` is where a server put its part, as SQL; empty: in the folder. ``form`` is the backup's."""

    form: int
    made_at: str
    version: str
    database: str
    target: str
    state_migrations: tuple[int, ...]
    key_ids: tuple[int, ...]
    files: Mapping[str, tuple[int, str]]

    @property
    def size_bytes(self) -> int:
        return sum(size for size, _ in self.files.values())


def write_manifest(
    folder: Path,
    *,
    made_at: datetime,
    version: str,
    database: str,
    target: str,
    state_migrations: tuple[int, ...],
    key_ids: tuple[int, ...],
) -> Manifest:
    """Read every file of a backup once, and write down what it is."""
    files = {str(path.relative_to(folder)): fingerprint(path) for path in _files(folder)}
    manifest = Manifest(
        FORM, made_at.isoformat(), version, database, target, state_migrations, key_ids, files
    )
    (folder / FILE).write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
    return manifest


def check_backup(folder: Path) -> Manifest:
    """Look at every byte of a backup. Raises ``InvalidBackupError`` that says what is wrong with it."""
    manifest = _load(folder)
    wrong = []
    for name, (size, digest) in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            wrong.append(f"'{name}' is missing")
        elif path.stat().st_size != size:
            wrong.append(f"'{name}' has {path.stat().st_size} bytes where there were {size}")
        elif fingerprint(path)[1] != digest:
            wrong.append(f"'{name}' has other bytes than it had")
    if wrong:
        more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise InvalidBackupError(
            f"The backup '{folder}' is damaged: {'; '.join(wrong[:5])}{more}. Nothing was restored: take"
            " another one."
        )
    return manifest


def fingerprint(path: Path) -> tuple[int, str]:
    """A file's size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)


def _load(folder: Path) -> Manifest:
    path = folder / FILE
    if not path.is_file():
        raise InvalidBackupError(
            f"'{folder}' is no backup: it has no '{FILE}'. One that was interrupted has none either."
        )
    try:
        found: Any = json.loads(path.read_text("utf-8"))
        if found["form"] > FORM:
            raise InvalidBackupError(
                f"The backup '{folder}' was made by a newer version ({found['version']}): upgrade first."
            )
        found["files"] = {_checked(folder, name): tuple(one) for name, one in found["files"].items()}
        found["state_migrations"], found["key_ids"] = (
            tuple(found["state_migrations"]),
            tuple(found["key_ids"]),
        )
        return Manifest(**found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidBackupError(f"The backup '{folder}' is damaged: its '{FILE}' can't be read.") from error


def _checked(folder: Path, name: str) -> str:
    """A name that stays within the folder, whoever wrote it."""
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError(name)
    return name
