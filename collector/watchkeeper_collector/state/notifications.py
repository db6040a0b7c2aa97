"""What the router of notifications keeps: the alerts it knows, its groups, silences and acknowledgements."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from watchkeeper_collector.state.alert_documents import read_record, render_record
from watchkeeper_collector.state.alert_records import Notice
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.notification_records import (
    Acknowledgement,
    ReceiverRecord,
    RouteRecord,
    Silence,
)
from watchkeeper_collector.state.notification_tables import (
    ACKNOWLEDGEMENTS,
    GROUPS,
    NOTIFIED_ALERTS,
    RECEIVERS,
    ROUTES,
    SILENCES,
)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of alerts that are notified together; ``state`` is the router's, as JSON."""

    key: str
    project: str
    flush_at: datetime
    state: Mapping[str, Any]


class Notifications:
    """Methods that take a connection are parts of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- alerts

    def keep_alerts(self, connection: Connection, notices: Iterable[Notice]) -> None:
        """The newest notice of each alert."""
        newest = {notice.fingerprint: notice for notice in notices}
        if newest:
            self.forget_alerts(connection, newest)
            connection.execute(insert(NOTIFIED_ALERTS), [_alert_row(notice) for notice in newest.values()])

    def alerts(self, connection: Connection) -> list[Notice]:
        """Of every alert the newest notice, oldest first."""
        columns = NOTIFIED_ALERTS.c
        query = select(columns.notice).order_by(columns.updated_at, columns.fingerprint)
        return [read_record(Notice, text) for text in connection.execute(query).scalars()]

    def forget_alerts(self, connection: Connection, fingerprints: Iterable[str]) -> None:
        gone = NOTIFIED_ALERTS.c.fingerprint.in_(list(fingerprints))
        connection.execute(delete(NOTIFIED_ALERTS).where(gone))

    # --- groups

    def groups(self, connection: Connection) -> list[GroupRow]:
        rows = connection.execute(select(GROUPS).order_by(GROUPS.c.key)).mappings()
        return [
            GroupRow(row["key"], row["project"], row["flush_at"], json.loads(row["state"])) for row in rows
        ]

    def next_flush(self) -> datetime | None:
        """When the first group is due."""
        with self._database.read() as connection:
            due: datetime | None = connection.execute(
                select(GROUPS.c.flush_at).order_by(GROUPS.c.flush_at).limit(1)
            ).scalar()
        return due

    def keep_group(self, connection: Connection, group: GroupRow) -> None:
        self.forget_group(connection, group.key)
        state = json.dumps(group.state, ensure_ascii=False, separators=(",", ":"))
        connection.execute(insert(GROUPS).values(**asdict(group) | {"state": state}))

    def forget_group(self, connection: Connection, key: str) -> None:
        connection.execute(delete(GROUPS).where(GROUPS.c.key == key))

    # --- what people said

    def silences(self, connection: Connection, at: datetime) -> list[Silence]:
        """Those in force."""
        columns = SILENCES.c
        query = select(SILENCES).where(columns.starts_at <= at, columns.ends_at > at)
        return [Silence(**row) for row in connection.execute(query).mappings()]

    def end_silence(self, silence_id: str, project: str) -> None:
        """It is over now; one that did not begin is removed by its maker."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            mine = (
                (SILENCES.c.id == silence_id) & (SILENCES.c.project == project) & (SILENCES.c.ends_at > now)
            )
            connection.execute(update(SILENCES).where(mine).values(ends_at=now, updated_at=now))

    def acknowledge(
        self, project: str, episodes: Mapping[str, str], author: str, comment: str
    ) -> list[Acknowledgement]:
        """Of these episodes (with the alerts' fingerprints); who acknowledged first stays."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            known = set(self.acknowledgements(connection, episodes))
            made = [
                Acknowledgement(episode, project, fingerprint, author, comment, now)
                for episode, fingerprint in episodes.items()
            ]
            new = [asdict(one) for one in made if one.episode not in known]
            if new:
                connection.execute(insert(ACKNOWLEDGEMENTS), new)
            kept = self.acknowledgements(connection, episodes)
        return [kept[episode] for episode in episodes]

    def unacknowledge(self, project: str, episode: str) -> bool:
        """Whether there was something to take back."""
        columns = ACKNOWLEDGEMENTS.c
        mine = (columns.project == project) & (columns.episode == episode)
        with self._database.write() as connection:
            return connection.execute(delete(ACKNOWLEDGEMENTS).where(mine)).rowcount > 0

    def acknowledgements(
        self, connection: Connection | None = None, episodes: Iterable[str] | None = None
    ) -> dict[str, Acknowledgement]:
        """By episode; of these, or all."""
        if connection is None:
            with self._database.read() as reading:
                return self.acknowledgements(reading, episodes)
        query = select(ACKNOWLEDGEMENTS)
        if episodes is not None:
            query = query.where(ACKNOWLEDGEMENTS.c.episode.in_(list(episodes)))
        rows = connection.execute(query).mappings()
        return {row["episode"]: Acknowledgement(**row) for row in rows}

    def mark_told(self, connection: Connection, episodes: Collection[str], now: datetime) -> None:
        if episodes:
            told = ACKNOWLEDGEMENTS.c.episode.in_(list(episodes))
            connection.execute(update(ACKNOWLEDGEMENTS).where(told).values(told_at=now))

    def has_untold(self) -> bool:
        """Whether an acknowledgement waits to be told to the pagers."""
        query = select(ACKNOWLEDGEMENTS.c.episode).where(ACKNOWLEDGEMENTS.c.told_at.is_(None)).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def expire(self, connection: Connection, before: datetime) -> None:
        """Forget older acknowledgements, and silences that ended before."""
        connection.execute(delete(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.acknowledged_at < before))
        connection.execute(delete(SILENCES).where(SILENCES.c.ends_at < before))

    # --- receivers and routes of all projects

    def configuration_mark(self) -> tuple[object, ...]:
        """Another one than before where a receiver or a route was made, changed or removed."""
        with self._database.read() as connection:
            return tuple(
                part
                for table in (RECEIVERS, ROUTES)
                for part in connection.execute(
                    select(func.count(), func.max(table.c.updated_at), func.max(table.c.created_at))
                ).one()
            )

    def configured(self) -> tuple[Sequence[ReceiverRecord], Sequence[RouteRecord]]:
        """Every receiver and route that the API made, oldest first."""
        with self._database.read() as connection:
            receivers, routes = (
                connection.execute(select(table).order_by(table.c.created_at, table.c.id)).mappings().all()
                for table in (RECEIVERS, ROUTES)
            )
        return [ReceiverRecord(**row) for row in receivers], [RouteRecord(**row) for row in routes]


def _alert_row(notice: Notice) -> dict[str, Any]:
    return {
        "fingerprint": notice.fingerprint,
        "project": notice.project,
        "status": notice.status,
        "updated_at": notice.at,
        "notice": render_record(notice),
    }
