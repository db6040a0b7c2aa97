"""Users, roles and row policies as far as the collector makes them: chDB has none, so the double keeps them.

What a server does by itself is done here with ``additional_table_filters``, which the engine applies
wherever a table is read. Semantics are those of https://clickhouse.com/docs/operations/access-rights: a role
counts only where the request names it, and a user with no role that grants it may read nothing of a database.
"""

import ast
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping

from tests.clickhouse_server.engine import EngineError, quoted

NAME = r"`(?P<%s>[^`]+)`"
USER = re.compile(
    rf"(?:CREATE USER IF NOT EXISTS|ALTER USER) {NAME % 'user'}\s+"
    r"IDENTIFIED WITH sha256_hash BY '(?P<hash>\w+)'"
)
ROLE = re.compile(rf"CREATE ROLE IF NOT EXISTS {NAME % 'role'}")
POLICY = re.compile(
    rf"CREATE ROW POLICY IF NOT EXISTS {NAME % 'policy'}\s+ON (?P<table>\S+) FOR SELECT"
    rf" USING (?P<condition>.+) TO {NAME % 'role'}"
)
GRANT_DATABASE = re.compile(rf"GRANT\s+SELECT, dictGet ON (?P<database>\w+)\.\* TO {NAME % 'role'}")
GRANT_ROLE = re.compile(rf"GRANT\s+{NAME % 'role'} TO {NAME % 'user'}")
DEFAULT_ROLE = re.compile(rf"SET DEFAULT ROLE NONE TO {NAME % 'user'}")


class AccessControl:
    """What was made by statements, and what it means for a request."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}
        self._granted: dict[str, set[str]] = defaultdict(set)
        self._databases: dict[str, set[str]] = defaultdict(set)
        self._policies: dict[str, dict[str, str]] = defaultdict(dict)

    def knows(self, user: str, password: str) -> bool:
        return self._hashes.get(user) == hashlib.sha256(password.encode()).hexdigest()

    def take(self, statement: str) -> bool:
        """Whether it is a statement about access, which then is in force."""
        text = " ".join(statement.split())
        if found := USER.fullmatch(text):
            self._hashes[found["user"]] = found["hash"]
        elif ROLE.fullmatch(text):
            pass
        elif found := POLICY.fullmatch(text):
            self._policies[found["role"]].setdefault(found["table"], found["condition"])
        elif found := GRANT_DATABASE.fullmatch(text):
            self._databases[found["role"]].add(found["database"])
        elif found := GRANT_ROLE.fullmatch(text):
            self._granted[found["user"]].add(found["role"])
        elif not DEFAULT_ROLE.fullmatch(text):
            return False
        return True

    def check(self, user: str, role: str, statement: str) -> None:
        """Raise for what the user may not read in this role."""
        if role and role not in self._granted[user]:
            raise EngineError(
                f"Code: 512. DB::Exception: Role {role} should be granted to {user}. (SET_NON_GRANTED_ROLE)"
            )
        read = set(re.findall(r"(?:FROM|JOIN|IN)\s+(\w+)\.\w+", statement, re.IGNORECASE)) - {"system"}
        if read - self._databases[role] or re.match(
            r"\s*(INSERT|ALTER|CREATE|DROP|KILL|SYSTEM)\b", statement, re.IGNORECASE
        ):
            raise EngineError(f"Code: 497. DB::Exception: {user}: Not enough privileges. (ACCESS_DENIED)")

    def filters(self, role: str, given: str) -> str:
        """The conditions of the role's policies beside those that the request itself brings."""
        conditions: Mapping[str, str] = ast.literal_eval(given) if given else {}
        both = dict(conditions)
        for table, condition in self._policies[role].items():
            both[table] = f"({condition}) AND ({both[table]})" if table in both else condition
        return "{" + ", ".join(f"{quoted(table)}: {quoted(text)}" for table, text in both.items()) + "}"
