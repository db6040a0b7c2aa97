"""Alerts in the state store: instances, the outbox, their history, evaluations of rules."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.state.alert_documents import read_record, read_row, render_record, render_row
from watchkeeper_collector.state.alert_records import (
    AlertState,
    EvaluationRecord,
    Event,
    Instance,
    Notice,
    OutboxLine,
)
from watchkeeper_collector.state.alert_tables import COUNTERS, EVALUATIONS, EVENTS, INSTANCES, OUTBOX
from watchkeeper_collector.state.database import Database

BATCH = 1_000


class Alerts:
    """What the engine keeps. Methods that take a connection are parts of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """A transaction in which instances are read, moved on and kept."""
        with self._database.write() as connection:
            yield connection

    # --- the engine

    def commit(
        self,
        connection: Connection,
        instances: Collection[Instance] = (),
        notices: Sequence[Notice] = (),
        *,
        removed: Collection[str] = (),
        events: Sequence[Event] = (),
        evaluations: Collection[EvaluationRecord] = (),
    ) -> None:
        """Keep what a turn made. ``removed`` are fingerprints."""
        _keep_instances(connection, instances, removed)
        if evaluations:
            self.forget_evaluations(connection, [one.rule_uid for one in evaluations])
            connection.execute(insert(EVALUATIONS), [asdict(one) for one in evaluations])
        _append_notices(connection, notices)
        _append_events(connection, events)

    def load_instances(self, connection: Connection, rule_uids: Collection[str]) -> list[Instance]:
        """Instances of these rules."""
        found: list[Instance] = []
        for some in _batches(rule_uids):
            query = select(INSTANCES).where(INSTANCES.c.rule_uid.in_(some))
            found += [read_row(row) for row in connection.execute(query).mappings()]
        return found

    def load_evaluations(
        self, connection: Connection, rule_uids: Collection[str]
    ) -> dict[str, EvaluationRecord]:
        """The newest evaluation of each of these rules that was ever evaluated."""
        found: dict[str, EvaluationRecord] = {}
        for some in _batches(rule_uids):
            query = select(EVALUATIONS).where(EVALUATIONS.c.rule_uid.in_(some))
            rows = connection.execute(query).mappings()
            found |= {row["rule_uid"]: EvaluationRecord(**row) for row in rows}
        return found

    def rule_uids(self) -> set[str]:
        """Rules that something is kept of."""
        with self._database.read() as connection:
            kept = select(INSTANCES.c.rule_uid).union(select(EVALUATIONS.c.rule_uid))
            return set(connection.execute(kept).scalars())

    def forget_evaluations(self, connection: Connection, rule_uids: Collection[str]) -> None:
        """These rules are no more."""
        for some in _batches(rule_uids):
            connection.execute(delete(EVALUATIONS).where(EVALUATIONS.c.rule_uid.in_(some)))

    # --- what is asked

    def instances(self, projects: Collection[str] | None = None) -> list[Instance]:
        """Instances of these projects (``None``: of all), the oldest first."""
        query = select(INSTANCES).order_by(INSTANCES.c.active_at, INSTANCES.c.fingerprint)
        if projects is not None:
            query = query.where(INSTANCES.c.project.in_(list(projects)))
        with self._database.read() as connection:
            return [read_row(row) for row in connection.execute(query).mappings()]

    def count_states(self, projects: Collection[str] | None = None) -> dict[AlertState, int]:
        """How many instances of these projects (``None``: of all) are in each state."""
        query = select(INSTANCES.c.state, func.count().label("amount")).group_by(INSTANCES.c.state)
        if projects is not None:
            query = query.where(INSTANCES.c.project.in_(list(projects)))
        with self._database.read() as connection:
            return {row.state: row.amount for row in connection.execute(query)}

    def find(self, projects: Collection[str], fingerprint: str) -> Instance:
        """Raises ``NotFoundError``."""
        wanted = fingerprint if fingerprint.isalnum() else ""  # PostgreSQL takes no NUL
        mine = INSTANCES.c.project.in_(list(projects)) & (INSTANCES.c.fingerprint == wanted)
        with self._database.read() as connection:
            row = connection.execute(select(INSTANCES).where(mine)).mappings().first()
        if row is None:
            raise NotFoundError(
                f"There is no alert '{fingerprint[:64]}' in this project. One that resolved is"
                " forgotten after a quarter of an hour: look for it in the history."
            )
        return read_row(row)

    def evaluations(self, projects: Collection[str] | None = None) -> list[EvaluationRecord]:
        """The newest evaluation of each rule of these projects (``None``: of all)."""
        columns = EVALUATIONS.c
        query = select(EVALUATIONS).order_by(columns.source, columns.group_name, columns.alert)
        if projects is not None:
            query = query.where(columns.project.in_(list(projects)))
        with self._database.read() as connection:
            return [EvaluationRecord(**row) for row in connection.execute(query).mappings()]

    # --- the outbox

    def take_notices(self, connection: Connection, after: int, limit: int) -> list[OutboxLine]:
        """The next lines of the outbox, in the order in which they were committed."""
        query = select(OUTBOX).where(OUTBOX.c.id > after).order_by(OUTBOX.c.id).limit(limit)
        rows = connection.execute(query).mappings()
        return [OutboxLine(row["id"], read_record(Notice, row["notice"])) for row in rows]

    def drop_notices(self, connection: Connection, up_to: int) -> None:
        """These lines were dealt with, this one included."""
        connection.execute(delete(OUTBOX).where(OUTBOX.c.id <= up_to))

    def expire_notices(self, connection: Connection, before: datetime) -> int:
        """Drop lines that nobody dealt with for so long; how many."""
        return connection.execute(delete(OUTBOX).where(OUTBOX.c.at < before)).rowcount

    def outbox_depth(self) -> int:
        """Lines that were not dealt with."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one())

    # --- the history

    def events(
        self, projects: Collection[str], since: datetime, until: datetime, *, limit: int
    ) -> list[Event]:
        """What happened between these times, the newest first."""
        columns = EVENTS.c
        wanted = columns.project.in_(list(projects)) & (columns.at >= since) & (columns.at < until)
        query = select(EVENTS).where(wanted).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        return self._read_events(query)

    def unwritten_events(self, limit: int) -> list[Event]:
        """Events that ClickHouse has not got, the oldest first."""
        query = select(EVENTS).where(EVENTS.c.is_written == 0).order_by(EVENTS.c.id).limit(limit)
        return self._read_events(query)

    def mark_written(self, ids: Collection[int]) -> None:
        """ClickHouse has these."""
        with self._database.write() as connection:
            written = update(EVENTS).where(EVENTS.c.id.in_(list(ids))).values(is_written=1)
            connection.execute(written)

    def expire_events(self, connection: Connection, before: datetime) -> int:
        """Forget what ClickHouse has for so long; how many."""
        old = (EVENTS.c.at < before) & (EVENTS.c.is_written == 1)
        return connection.execute(delete(EVENTS).where(old)).rowcount

    def _read_events(self, query: Select[Any]) -> list[Event]:
        with self._database.read() as connection:
            return [read_record(Event, row["event"]) for row in connection.execute(query).mappings()]


def _batches(names: Collection[str]) -> Iterator[list[str]]:
    """As many as a statement takes with ease: both databases have a limit."""
    listed = list(names)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]


def _keep_instances(
    connection: Connection, instances: Collection[Instance], removed: Collection[str]
) -> None:
    for some in _batches([*removed, *(instance.fingerprint for instance in instances)]):
        connection.execute(delete(INSTANCES).where(INSTANCES.c.fingerprint.in_(some)))
    if instances:
        connection.execute(insert(INSTANCES), [render_row(instance) for instance in instances])


def _append_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    if not notices:
        return
    first = _draw_ids(connection, OUTBOX, len(notices))
    rows = [
        {"id": number, "fingerprint": one.fingerprint, "at": one.at, "notice": render_record(one)}
        for number, one in enumerate(notices, first)
    ]
    connection.execute(insert(OUTBOX), rows)


def _append_events(connection: Connection, events: Sequence[Event]) -> None:
    if not events:
        return
    first = _draw_ids(connection, EVENTS, len(events))
    rows = [
        {
            "id": number,
            "project": one.project,
            "at": one.at,
            "rule_uid": one.rule_uid,
            "fingerprint": one.fingerprint,
            "is_written": 0,
            "event": render_record(replace(one, id=number)),
        }
        for number, one in enumerate(events, first)
    ]
    connection.execute(insert(EVENTS), rows)


def _draw_ids(connection: Connection, table: Table, count: int) -> int:
    """The first of so many ids. The row is locked until the transaction ends: ids grow as commits do."""
    counter = COUNTERS.c.name == table.name.removeprefix("alert_")
    drawn = update(COUNTERS).where(counter).values(value=COUNTERS.c.value + count).returning(COUNTERS.c.value)
    return int(connection.execute(drawn).scalar_one()) - count + 1
