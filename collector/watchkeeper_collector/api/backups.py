"""Backups of the whole collector, made on its own disk while it runs."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin, IsOperator, operators_only
from watchkeeper_collector.errors import ConflictError, NotFoundError, WatchkeeperError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Made(Protocol):
    """A finished backup."""

    @property
    def size_bytes(self) -> int: ...


@dataclass(slots=True)
class Run:
    """One backup on its way."""

    name: str
    path: str
    started_at: datetime
    state: str = "running"
    failure: str = ""
    size_bytes: int = 0


class Backups:
    """Makes backups in ``folder``, one at a time. ``check`` raises where the store is not open."""

    def __init__(self, folder: Path, make: Callable[[Path], Made], check: Callable[[], None]) -> None:
        self._folder = folder
        self._make = make
        self._check = check
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def start(self, name: str) -> Run:
        """Raises ``ConflictError`` while another one is being made, or where there is one of the name."""
        self._check()
        with self._lock:
            if any(run.state == "running" for run in self._runs.values()):
                raise ConflictError("A backup is being made already. Wait until it is done.")
            path = self._folder / name
            if path.exists():
                raise ConflictError(f"There is a backup '{name}' already. Take another name.")
            run = self._runs[name] = Run(name, str(path), datetime.now(UTC))
        threading.Thread(target=self._run, args=(run,), name="backup", daemon=True).start()
        return run

    def get(self, name: str) -> Run:
        if name not in self._runs:
            raise NotFoundError(f"No backup '{name[:64]}' was made since this collector started.")
        return self._runs[name]

    def _run(self, run: Run) -> None:
        try:
            run.size_bytes = self._make(Path(run.path)).size_bytes
            run.state = "done"
        except (WatchkeeperError, OSError) as error:
            run.failure, run.state = str(error), "failed"


class NewBackup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str, Field(pattern=NAME.pattern + "$", description="Of its folder.", examples=["2026-11-25"])
    ]


class Backup(BaseModel):
    """How far a backup is."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    path: Annotated[str, Field(description="On the collector's machine.")]
    state: Annotated[str, Field(description="`running`, `done` or `failed`.")]
    failure: Annotated[str, Field(description="Why it failed; empty: nothing.")]
    size_bytes: int
    started_at: datetime


def build_router(backups: Backups, is_operator: IsOperator) -> APIRouter:
    """A backup holds every project's data: ``is_operator`` says who may make one."""
    router = APIRouter(
        prefix="/backups", tags=["operations"], dependencies=[Depends(operators_only(is_operator))]
    )

    @router.post("", status_code=202)
    def create_backup(_: Admin, wanted: NewBackup) -> Backup:
        """Begin a backup of everything, on the collector's own disk. For admins of the default project.

        Telemetry is taken meanwhile and waits in the spool.
        """
        return Backup.model_validate(backups.start(wanted.name))

    @router.get("/{name}")
    def get_backup(_: Admin, name: str) -> Backup:
        """How far a backup is that was begun since the collector started."""
        return Backup.model_validate(backups.get(name))

    return router
