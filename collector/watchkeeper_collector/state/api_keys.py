"""The API keys of one state store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, text, update

from watchkeeper_collector.errors import InvalidRequestError, NotFoundError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.key_ring import KeyRing
from watchkeeper_collector.state.keys import (
    SCOPES,
    ApiKey,
    KeyLock,
    Principal,
    build_key_id,
    build_secret,
    check_name,
    check_rate,
    check_scopes,
    hash_secret,
    render_key,
)
from watchkeeper_collector.state.projects import check_project, insert_project
from watchkeeper_collector.state.tables import API_KEYS, UtcDateTime

SHOWN = [column for column in API_KEYS.c if column.name != "secret_hash"]
RECORD_USE = text(
    """
    UPDATE api_keys SET last_used_at = :used_at
    WHERE id = :key_id AND (last_used_at IS NULL OR last_used_at < :used_at)
    """
).bindparams(bindparam("used_at", type_=UtcDateTime))


class ApiKeys:
    """Make, list, revoke and recognise keys. ``authenticate`` and ``has_any`` need ``start``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ring = KeyRing(self._load_locks, self._record_use)

    def create(
        self,
        project: str,
        name: str,
        scopes: Sequence[str] = ("ingest",),
        expires_at: datetime | None = None,
        rates: tuple[float | None, float | None] = (None, None),
    ) -> tuple[ApiKey, str]:
        """Make a key, and its project if need be: its record, and the text that is shown this once.

        ``rates`` are spans and bytes a second, where they are not those of the settings. Raises
        ``InvalidRequestError``.
        """
        wanted = tuple(scope for scope in SCOPES if scope in scopes)
        check_project(project)
        check_name(name)
        check_scopes(tuple(scopes))
        for rate in rates:
            check_rate(rate)
        secret = build_secret()
        with self._database.write() as connection:
            now = self._database.now(connection)
            _check_expiry(expires_at, now)
            insert_project(connection, project, now)
            key = ApiKey(build_key_id(), project, name, wanted, now, expires_at, None, None, *rates)
            connection.execute(insert(API_KEYS).values(**_row(key), secret_hash=hash_secret(secret)))
        self.ring.catch_up()
        return key, render_key(key.id, secret)

    def list(self, project: str | None = None) -> list[ApiKey]:
        """All keys, or one project's, oldest first; the revoked too."""
        query = select(*SHOWN).order_by(API_KEYS.c.created_at, API_KEYS.c.id)
        if project is not None:
            query = query.where(API_KEYS.c.project == project)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(query).mappings()]

    def revoke(self, key_id: str, project: str | None = None) -> ApiKey:
        """End a key, here at once and elsewhere within a second; a revoked one stays as it is.

        Raises ``NotFoundError``, also for another project's key where ``project`` is given.
        """
        mine = API_KEYS.c.id == key_id
        if project is not None:
            mine &= API_KEYS.c.project == project
        with self._database.write() as connection:
            now = self._database.now(connection)
            connection.execute(
                update(API_KEYS).where(mine, API_KEYS.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            row = connection.execute(select(*SHOWN).where(mine)).mappings().first()
        if row is None:
            raise NotFoundError(f"There is no API key '{key_id}'.")
        self.ring.catch_up()
        return _key(row)

    def authenticate(self, key_text: str) -> Principal | None:
        """Whom the key stands for; ``None`` for one unknown, wrong, expired or revoked. Waits for nothing."""
        return self.ring.authenticate(key_text)

    def has_any(self) -> bool:
        """Whether a key exists that was not revoked: without one, loopback callers get the default project.

        An expired key counts: doors do not open by themselves.
        """
        return not self.ring.is_empty()

    def start(self) -> None:
        """Read the keys, and keep on reading them until ``close``. Raises ``StateUnavailableError``."""
        self.ring.start()

    def close(self) -> None:
        self.ring.close()

    def _load_locks(self) -> dict[str, KeyLock]:
        with self._database.read() as connection:
            rows = connection.execute(select(API_KEYS).where(API_KEYS.c.revoked_at.is_(None))).mappings()
            return {row["id"]: _lock(row) for row in rows}

    def _record_use(self, last_used: Mapping[str, datetime]) -> None:
        uses = [{"key_id": key_id, "used_at": used_at} for key_id, used_at in sorted(last_used.items())]
        with self._database.write() as connection:
            connection.execute(RECORD_USE, uses)


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is None:
        return
    if expires_at.tzinfo is None or expires_at <= now:
        raise InvalidRequestError(f"The expiry '{expires_at.isoformat()}' must lie ahead and name its zone.")


def _row(key: ApiKey) -> dict[str, Any]:
    return {column.name: getattr(key, column.name) for column in SHOWN} | {"scopes": " ".join(key.scopes)}


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"].split())})


def _lock(row: RowMapping) -> KeyLock:
    rates = {name: row[name] for name in ("spans_per_s", "bytes_per_s")}
    principal = Principal(row["project"], row["id"], frozenset(row["scopes"].split()), **rates)
    return KeyLock(row["secret_hash"], principal, row["expires_at"])
