"""Requests to erase a user or a session, how far they are, and which collectors did their part."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Column,
    RowMapping,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    text,
    tuple_,
    update,
)

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.records import After
from watchkeeper_collector.state.tables import COMMENTS, METADATA, UtcDateTime

WAITING, RUNNING, DONE = "waiting", "running", "done"
ERASURES = Table(
    "erasures",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
)
ERASURE_SWEEPS = Table(
    "erasure_sweeps",
    METADATA,
    Column("erasure_id", Text, primary_key=True),
    Column("collector", Text, primary_key=True),
    Column("report", Text, nullable=False),
    Column("swept_at", UtcDateTime, nullable=False),
)
COLLECTORS = Table(
    "collectors",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)
SEE = text(
    """
    INSERT INTO collectors (name, seen_at) VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
    """
).bindparams(bindparam("now", type_=UtcDateTime))
SWEEP = text(
    """
    INSERT INTO erasure_sweeps (erasure_id, collector, report, swept_at)
    VALUES (:erasure, :name, :report, :now)
    ON CONFLICT (erasure_id, collector) DO NOTHING
    """
).bindparams(bindparam("now", type_=UtcDateTime))
GONE_AFTER = timedelta(minutes=3)
"""A collector that was not seen for so long is not waited for: what it has yet to store is found later."""
KEPT_WHOLE = ("audit", "erasure", "schema_")
"""Tables in which no text is edited: the audit holds hashes of people's ids."""
TRACES_AT_ONCE = 500
INSTEAD = "[erased]"


@dataclass(frozen=True, slots=True)
class Erasure:
    """``subject`` is empty once it is done; ``report`` says how much was removed or edited, by place."""

    id: str
    project: str
    kind: str
    subject: str = field(repr=False)
    subject_hash: str
    state: str
    phase: str
    report: Mapping[str, int]
    failure: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    finished_at: datetime | None


class Erasures:
    """The erasures of one state store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, project: str, kind: str, subject: str, created_by: str) -> Erasure:
        """Ask for one. One of the same subject that is not done yet is that one."""
        table = ERASURES.c
        same = (table.project == project) & (table.kind == kind) & (table.subject == subject)
        with self._database.write() as connection:
            row = connection.execute(select(ERASURES).where(same, table.state != DONE)).mappings().first()
            if row is not None:
                return _erasure(row)
            now = self._database.now(connection)
            values = {
                "id": secrets.token_hex(8),
                "project": project,
                "kind": kind,
                "subject": subject,
                "subject_hash": hashed(subject),
                "state": WAITING,
                "phase": "",
                "report": "{}",
                "failure": "",
                "created_at": now,
                "created_by": created_by,
                "updated_at": now,
                "finished_at": None,
            }
            connection.execute(insert(ERASURES).values(**values))
        return _erasure(values)

    def get(self, project: str, erasure_id: str) -> Erasure:
        """Raises ``NotFoundError``."""
        mine = (ERASURES.c.project == project) & (ERASURES.c.id == erasure_id)
        with self._database.read() as connection:
            row = connection.execute(select(ERASURES).where(mine)).mappings().first()
        if row is None:
            raise NotFoundError(f"There is no erasure '{erasure_id[:64]}' in this project.")
        return _erasure(row)

    def unfinished(self) -> list[Erasure]:
        """Of all projects, oldest first."""
        query = select(ERASURES).where(ERASURES.c.state != DONE).order_by(ERASURES.c.created_at)
        with self._database.read() as connection:
            return [_erasure(row) for row in connection.execute(query).mappings()]

    def finished_since(self, age: timedelta) -> list[Erasure]:
        """Those that were done so lately that spans of before may still come."""
        with self._database.read() as connection:
            since = self._database.now(connection) - age
            query = select(ERASURES).where(ERASURES.c.state == DONE, ERASURES.c.finished_at >= since)
            return [_erasure(row) for row in connection.execute(query).mappings()]

    def note(self, erasure_id: str, phase: str, report: Mapping[str, int], failure: str = "") -> None:
        """Say how far it is."""
        self._change(
            erasure_id, {"state": RUNNING, "phase": phase, "report": json.dumps(report), "failure": failure}
        )

    def reopen(self, erasure_id: str, subject: str) -> None:
        """Something of before came after it was done."""
        with self._database.write() as connection:
            swept = ERASURE_SWEEPS.c.erasure_id == erasure_id
            connection.execute(delete(ERASURE_SWEEPS).where(swept))
        self._change(erasure_id, {"state": WAITING, "phase": "", "subject": subject})

    def finish(self, erasure_id: str, report: Mapping[str, int]) -> None:
        """It is done, and its subject forgotten but for a hash: here and in the file's free pages."""
        done = {"state": DONE, "phase": "", "failure": "", "subject": "", "report": json.dumps(report)}
        self._change(erasure_id, done, is_finished=True)
        self._database.scrub()

    def _change(self, erasure_id: str, values: Mapping[str, Any], *, is_finished: bool = False) -> None:
        with self._database.write() as connection:
            now = self._database.now(connection)
            facts = {**values, "updated_at": now} | ({"finished_at": now} if is_finished else {})
            connection.execute(update(ERASURES).where(ERASURES.c.id == erasure_id).values(**facts))

    def see(self, collector: str) -> None:
        """The collector is there."""
        with self._database.write() as connection:
            connection.execute(SEE, {"name": collector, "now": self._database.now(connection)})

    def sweep(self, erasure_id: str, collector: str, report: Mapping[str, int]) -> None:
        """The collector has stored what waited in its folder, and looked through the rest of it."""
        with self._database.write() as connection:
            about = {"erasure": erasure_id, "name": collector, "report": json.dumps(report)}
            connection.execute(SWEEP, {**about, "now": self._database.now(connection)})

    def sweeps(self, erasure_id: str) -> Mapping[str, Mapping[str, int]]:
        """What the collectors that did so found."""
        table = ERASURE_SWEEPS.c
        query = select(table.collector, table.report).where(table.erasure_id == erasure_id)
        with self._database.read() as connection:
            return {row.collector: json.loads(row.report) for row in connection.execute(query)}

    def unswept(self, erasure_id: str) -> set[str]:
        """The collectors that are there and have not done so yet."""
        with self._database.read() as connection:
            since = self._database.now(connection) - GONE_AFTER
            names = connection.execute(select(COLLECTORS.c.name).where(COLLECTORS.c.seen_at >= since))
            there = set(names.scalars())
        return there - self.sweeps(erasure_id).keys()

    def remove_comments(self, project: str, trace_ids: list[str]) -> int:
        """Remove what was noted at traces that are gone."""
        removed = 0
        with self._database.write() as connection:
            for start in range(0, len(trace_ids), TRACES_AT_ONCE):
                some = COMMENTS.c.trace_id.in_(trace_ids[start : start + TRACES_AT_ONCE])
                gone = delete(COMMENTS).where(COMMENTS.c.project == project, some)
                removed += connection.execute(gone).rowcount
        return removed

    def edit_mentions(self, project: str, subject: str) -> dict[str, int]:
        """Put ``[erased]`` in place of the id wherever the project's rows have it; how many, by table."""
        edited: dict[str, int] = {}
        for table in METADATA.sorted_tables:
            is_edited = "project" in table.c and not table.name.startswith(KEPT_WHOLE)
            if is_edited and (count := self._edit(table, project, subject)):
                edited[table.name] = count
        return edited

    def _edit(self, table: Table, project: str, subject: str) -> int:
        texts = [one for one in table.c if isinstance(one.type, Text) and not one.primary_key]
        keys = list(table.primary_key.columns)
        count = 0
        with self._database.write() as connection:
            rows = connection.execute(select(*keys, *texts).where(table.c.project == project)).mappings()
            for row in rows.all():
                changed = {
                    one.name: edited
                    for one in texts
                    if one.name != "project"
                    and row[one.name]
                    and (edited := without(subject, row[one.name])) != row[one.name]
                }
                if changed:
                    this = [key == row[key.name] for key in keys]
                    connection.execute(update(table).where(*this).values(**changed))
                    count += 1
        return count

    def list(
        self, project: str, equal: Mapping[str, str] | None = None, *, limit: int, after: After | None = None
    ) -> list[Erasure]:
        """Oldest first."""
        del equal
        table = ERASURES.c
        query = select(ERASURES).where(table.project == project)
        if after is not None:
            query = query.where(tuple_(table.created_at, table.id) > tuple_(*after))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.created_at, table.id).limit(limit)).mappings()
            return [_erasure(row) for row in rows]


def without(subject: str, text: str) -> str:
    """The text with something in place of the id, also as it stands in the URL of a view."""
    return text.replace(subject, INSTEAD).replace(quote(subject, safe=""), INSTEAD)


def hashed(subject: str) -> str:
    """What is kept of an id: who knows the id finds its erasure, and late spans of its are recognised."""
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


def _erasure(row: Mapping[str, Any] | RowMapping) -> Erasure:
    return Erasure(**{**row, "report": json.loads(row["report"])})
