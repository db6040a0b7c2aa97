"""The audit of one state store: entries are added and read, never changed.

Each has a hash over itself and the hash before it, so whoever changes one has to change all after it; and the
last hash of a chain, written down elsewhere, tells whether that was done (see ``docs/access.md``).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text, update

from watchkeeper_collector.state.audit_redaction import redact
from watchkeeper_collector.state.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.deeds import CURRENT, Change, Deed, nobody

GENESIS = "0" * 64
BATCH = 1_000
BY_LINK = "link"
"""Who changes something by an address with a secret in it, such as that of a button in a notification."""
MOST_CHARS = 16_000
# Made once: putting statements together costs more than running them.
ADD = insert(AUDIT_ENTRIES)
OF = AUDIT_HEADS.c.project == bindparam("of")
LOCK_HEAD = (
    select(AUDIT_HEADS.c.project, AUDIT_HEADS.c.number, AUDIT_HEADS.c.hash).where(OF).with_for_update()
)
MOVE_HEAD = update(AUDIT_HEADS).where(OF).values(number=bindparam("to"), hash=bindparam("with_hash"))
OPEN_HEAD = text(
    "INSERT INTO audit_heads (project, number, hash) VALUES (:project, 0, :hash) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """``kind`` is ``change`` or ``read``, ``outcome`` ``done`` or ``refused``.

    ``target``, ``before`` and ``after`` are JSON, as text since the hash is over that; empty: nothing.
    """

    project: str
    number: int
    at: datetime
    kind: str
    actor: str
    source: str
    action: str
    target: str
    outcome: str
    before: str
    after: str
    hash: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of a project; ``before_number`` is where a page begins, 0: at the newest."""

    start: datetime | None = None
    end: datetime | None = None
    actor: str = ""
    action: str = ""
    kind: str = ""
    before_number: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    project: str
    number: int
    hash: str


class Audit:
    """``keep`` adds entries of its own transaction; ``finish`` is what each writing transaction ends with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, deeds: Sequence[Deed]) -> None:
        """Add an entry for each, durably. Raises ``StateUnavailableError``; then nothing was added."""
        with nobody(), self._database.write() as connection:
            self._append(connection, deeds)

    def finish(self, connection: Connection) -> None:
        """Add the entry of what is being done to the transaction that does it."""
        deed = CURRENT.get()
        if deed is None or deed.is_over or not (deed.changes or (deed.actor and not deed.is_kept)):
            return
        deed.actor = deed.actor or BY_LINK
        self._append(connection, [deed])
        deed.changes, deed.is_kept = [], True

    def newest(self, project: str, wanted: Wanted, *, limit: int) -> list[Entry]:
        """A project's entries, newest first."""
        columns = AUDIT_ENTRIES.c
        query = select(AUDIT_ENTRIES).where(columns.project == project)
        for column in ("actor", "action", "kind"):
            if value := getattr(wanted, column):
                query = query.where(columns[column] == value)
        if wanted.start is not None:
            query = query.where(columns.at >= wanted.start)
        if wanted.end is not None:
            query = query.where(columns.at < wanted.end)
        if wanted.before_number:
            query = query.where(columns.number < wanted.before_number)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(columns.number.desc()).limit(limit)).mappings()
            return [Entry(**row) for row in rows]

    def chain(self, project: str) -> Iterator[Entry]:
        """All entries of a project, oldest first; read bit by bit."""
        columns, number = AUDIT_ENTRIES.c, 0
        while True:
            mine = (columns.project == project) & (columns.number > number)
            query = select(AUDIT_ENTRIES).where(mine).order_by(columns.number).limit(BATCH)
            with self._database.read() as connection:
                found = [Entry(**row) for row in connection.execute(query).mappings()]
            if not found:
                return
            yield from found
            number = found[-1].number

    def heads(self) -> list[Head]:
        """Where each project's chain ends, by the project."""
        with self._database.read() as connection:
            rows = connection.execute(select(AUDIT_HEADS).order_by(AUDIT_HEADS.c.project)).mappings()
            return [Head(**row) for row in rows]

    def chains(self) -> list[str]:
        """The projects that entries, or heads, are about."""
        with self._database.read() as connection:
            found = connection.execute(select(AUDIT_ENTRIES.c.project).distinct()).scalars()
            return sorted({*found, *(head.project for head in self.heads())})

    def _append(self, connection: Connection, deeds: Sequence[Deed]) -> None:
        """Heads are taken in the order of their names: two writers never wait for each other."""
        at = self._database.now(connection).astimezone(UTC)
        by_project = defaultdict(list)
        for deed in deeds:
            by_project[deed.project or _project_of(deed.changes)].append(deed)
        for project in sorted(by_project):
            head = _take_head(connection, project)
            entries = build_entries(head, by_project[project], at)
            connection.execute(ADD, [asdict(entry) for entry in entries])
            last = entries[-1]
            connection.execute(MOVE_HEAD, {"of": project, "to": last.number, "with_hash": last.hash})


def build_entries(head: Head, deeds: Sequence[Deed], at: datetime) -> list[Entry]:
    """What is written down of the deeds, as a continuation of the chain that ends at ``head``."""
    entries = []
    for deed in deeds:
        before = {change.table: redact(change.before) for change in deed.changes if change.before}
        facts: dict[str, Any] = {
            "project": head.project,
            "number": head.number + 1,
            "at": at,
            "kind": deed.kind,
            "actor": deed.actor,
            "source": deed.source,
            "action": deed.action,
            "target": _render(redact(deed.target)),
            "outcome": deed.outcome,
            "before": _render(before),
            "after": _render(_after(deed)),
        }
        entry = Entry(**facts, hash=hash_entry(head.hash, facts))
        head = Head(head.project, entry.number, entry.hash)
        entries.append(entry)
    return entries


def hash_entry(previous: str, facts: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and every field, each told apart from the next."""
    names = [name for name in Entry.__slots__ if name != "hash"]
    values = [facts[name] for name in names]
    told = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return hashlib.sha256(json.dumps([previous, *told]).encode()).hexdigest()


def _take_head(connection: Connection, project: str) -> Head:
    """The end of the chain, which nobody else continues until the transaction ends."""
    connection.execute(OPEN_HEAD, {"project": project, "hash": GENESIS})
    return Head(*connection.execute(LOCK_HEAD, {"of": project}).one())


def _project_of(changes: Sequence[Change]) -> str:
    for change in changes:
        for row in (*change.after, *change.before):
            found = row.get("id" if change.table == "projects" else "project")
            if found:
                return str(found)
    return ""


def _after(deed: Deed) -> Any:
    """The rows as they are now; what was asked for, where no row was seen."""
    rows = {change.table: redact(change.after) for change in deed.changes if change.after}
    return rows or (redact(deed.body) if not deed.changes else None)


def _render(value: Any) -> str:
    if value is None or value == {}:
        return ""
    rendered = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return rendered if len(rendered) <= MOST_CHARS else json.dumps(rendered[:MOST_CHARS] + "…")
