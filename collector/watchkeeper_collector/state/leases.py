"""Leases: of several collectors on one state store, one at a time does a certain work."""

import os
import secrets
import socket
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, text

from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.tables import LEASES, UtcDateTime

TAKE = text(
    """
    INSERT INTO leases (name, holder, expires_at) VALUES (:name, :holder, :expires_at)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE leases.holder = excluded.holder OR leases.expires_at <= :now
    """
).bindparams(bindparam("expires_at", type_=UtcDateTime), bindparam("now", type_=UtcDateTime))


def build_holder() -> str:
    """A name for this process that no other has, readable for people."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Lease:
    """The right to do the work ``name``, for ``ttl_s`` seconds at a time.

    Two contenders meet at the row: PostgreSQL locks it for the statement, SQLite the whole file. Time is the
    store's, so that collectors whose clocks differ agree on who holds it.
    """

    def __init__(self, database: Database, name: str, *, ttl_s: float, holder: str | None = None) -> None:
        self._database = database
        self.name = name
        self.holder = holder or build_holder()
        self._ttl = timedelta(seconds=ttl_s)

    def acquire(self) -> bool:
        """Take the lease if it is free, or renew it. Who works longer than ``ttl_s`` renews on the way."""
        with self._database.write() as connection:
            return self.renew(connection)

    def renew(self, connection: Connection) -> bool:
        """As ``acquire``, within the caller's transaction: whoever holds it then holds it to its end."""
        now = self._database.now(connection)
        values = {"name": self.name, "holder": self.holder, "expires_at": now + self._ttl, "now": now}
        return connection.execute(TAKE, values).rowcount == 1

    def release(self) -> None:
        """Let the next one have it now. Nothing happens where another holds it."""
        with self._database.write() as connection:
            mine = (LEASES.c.name == self.name) & (LEASES.c.holder == self.holder)
            connection.execute(delete(LEASES).where(mine))
