"""A PostgreSQL server of the tests' own: Debian's programs, a fresh cluster, a free port.

with PostgresqlServer() as server:
    server.create_database("test")  # → its URL
    server.stop()   # an outage …
    server.start()  # … and its end: same port, same data
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from tests.programs import find_program

PROGRAMS = Path("/usr/lib/postgresql")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
OPTIONS = ("fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1", "unix_socket_directories=")


class PostgresqlServer:
    """One cluster in a folder below the system's temporary one: pytest's own is closed to other users."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="watchkeeper-postgresql-"))
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        self._databases = 0

    def create_database(self) -> str:
        """A new, empty database: its URL."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        options = [part for option in (*OPTIONS, f"port={self._port}") for part in ("-c", option)]
        with (self._folder / "log").open("ab") as log:
            command = [str(_program("postgres")), "-D", str(self._data), *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._identity())
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as an operator in a hurry does: connections are cut."""
        if self._process is not None:
            self._process.send_signal(2)
            self._process.wait(STOP_TIMEOUT_S)
            self._process = None

    def __enter__(self) -> "PostgresqlServer":
        if os.geteuid() == 0:
            shutil.chown(self._folder, *_postgres_ids())
        options = ("-U", "watchkeeper", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        command = [str(_program("initdb")), "-D", str(self._data), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._identity())
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _url(self, database: str) -> str:
        return f"postgresql://watchkeeper@127.0.0.1:{self._port}/{database}"

    def _is_up(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _identity(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {"cwd": self._folder}
        user, group = _postgres_ids()
        return {"cwd": self._folder, "user": user, "group": group, "extra_groups": []}


def _program(name: str) -> Path:
    versions = sorted(PROGRAMS.glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return find_program(name, package="postgresql", folders=versions)


def _postgres_ids() -> tuple[int, int]:
    account = pwd.getpwnam("postgres")
    return account.pw_uid, account.pw_gid


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
