"""A second wall between projects, on a ClickHouse server: roles that see the rows of one project each.

The first wall is the condition that every question of ours has. Behind it, questions of people are put by a
user that may read nothing by itself: each names a role, and the role's row policies leave only its project's
rows, whatever the question says. A project's role is made when it is first asked for.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.store.client import Result, Store
from watchkeeper_collector.store.layout import Layout

Project = Callable[[], str]
Parameters = Mapping[str, Any] | None
PURPOSE = b"watchkeeper row policies"
SHARED_TABLES = frozenset({"model_prices", "current_prices"})
"""Rows without a project are everybody's there."""

TABLES = """SELECT name
FROM system.tables
WHERE database = {database:String}
    AND (endsWith(engine, 'MergeTree') OR engine = 'Distributed')
    AND name IN (SELECT table FROM system.columns WHERE database = {database:String} AND name = 'Project')
ORDER BY name"""


class RowPolicies:
    """Makes user, roles and policies with ``store``, whose user needs the right to (``access_management``).

    Safe to share between threads. Names of projects hold nothing that SQL text could mistake.
    """

    def __init__(self, store: Store, layout: Layout) -> None:
        if not layout.password:
            raise ConfigurationError(
                "`row_policies` needs a password in the DSN: that of the reading user is made from it."
            )
        self._store = store
        self._layout = layout
        self._admitted: set[str] = set()
        self._lock = threading.Lock()
        self.reader = f"{layout.database}_reader"
        self._password = hmac.new(layout.password.encode(), PURPOSE, hashlib.sha256).hexdigest()

    def reader_dsn(self, dsn: str) -> str:
        """The same server as the user that people's questions are put by."""
        parts = urlsplit(dsn)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{quote(self.reader, safe='')}:{self._password}@{host}"))

    def role_of(self, project: str) -> str:
        """The role that sees the project's rows; it is there when this returns."""
        role = f"{self._layout.database}:{project}"
        if project not in self._admitted:
            with self._lock:
                if project not in self._admitted:
                    for statement in self._statements(project, role):
                        self._store.command(statement)
                    self._admitted.add(project)
        return role

    def _statements(self, project: str, role: str) -> Iterator[str]:
        database, cluster = self._layout.database, self._layout.on_cluster
        digest = hashlib.sha256(self._password.encode()).hexdigest()
        identified = f"IDENTIFIED WITH sha256_hash BY '{digest}'"
        yield f"CREATE USER IF NOT EXISTS `{self.reader}` {cluster} {identified}"
        yield f"ALTER USER `{self.reader}` {cluster} {identified}"
        yield f"CREATE ROLE IF NOT EXISTS `{role}` {cluster}"
        for (table,) in self._store.query(TABLES, {"database": database}).rows:
            own = f"Project = '{project}'"
            condition = f"{own} OR Project = ''" if table.removesuffix("_local") in SHARED_TABLES else own
            yield (
                f"CREATE ROW POLICY IF NOT EXISTS `{role}` {cluster} ON {database}.{table}"
                f" FOR SELECT USING {condition} TO `{role}`"
            )
        yield f"GRANT {cluster} SELECT, dictGet ON {database}.* TO `{role}`"
        yield f"GRANT {cluster} `{role}` TO `{self.reader}`"
        yield f"SET DEFAULT ROLE NONE TO `{self.reader}`"


class Walled:
    """A connection for questions of people: each is put in the role of the project that ``project`` says.

    Where nobody asks, as in a worker, it is the plain store's.
    """

    def __init__(self, store: Store, reader: Store, policies: RowPolicies, project: Project) -> None:
        self._store = store
        self._reader = reader
        self._policies = policies
        self._project = project

    def query(self, sql: str, parameters: Parameters = None, *, settings: Parameters = None) -> Result:
        store, given = self._choose(settings)
        return store.query(sql, parameters, settings=given)

    def raw_query(
        self, sql: str, fmt: str, parameters: Parameters = None, *, settings: Parameters = None
    ) -> bytes:
        store, given = self._choose(settings)
        return store.raw_query(sql, fmt, parameters, settings=given)

    def _choose(self, settings: Parameters) -> tuple[Store, dict[str, Any]]:
        project = self._project()
        if not project:
            return self._store, dict(settings or {})
        return self._reader, {**(settings or {}), "role": self._policies.role_of(project)}
