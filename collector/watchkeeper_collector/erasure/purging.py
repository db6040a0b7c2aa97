"""The end of an erasure: what the engine still has on disk of rows that are gone."""

from datetime import datetime, timedelta
from typing import Protocol

from watchkeeper_collector.erasure.tables import ErasureTables
from watchkeeper_collector.erasure.targets import COLUMN

PATCHED = """
SELECT DISTINCT table
FROM {parts}
WHERE database = {database_name:String} AND active AND startsWith(name, 'patch-')"""
OLD_PARTS = """
SELECT count()
FROM {parts}
WHERE database = {database_name:String}
    AND table IN {tables:Array(String)}
    AND if(active, startsWith(name, 'patch-') AND modification_time <= fromUnixTimestamp({until_s:Int64}),
        remove_time <= fromUnixTimestamp({until_s:Int64}))"""
LATE = """
SELECT {column}
FROM {database}.spans
WHERE Project = {project:String}
    AND ReceivedAt >= fromUnixTimestamp({since_s:Int64})
    AND Timestamp < fromUnixTimestamp({until_s:Int64})
    AND lower(hex(SHA256({column}))) = {hash:String}
LIMIT 1"""
NOTES = ("erasure_subjects", "erasure_targets")


class Finished(Protocol):
    """A request that is done."""

    @property
    def project(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject_hash(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...


def write_anew(tables: ErasureTables) -> None:
    """Have changes that lie beside the rows that they change written into these: so they can go."""
    for (table,) in tables.query(PATCHED, {"database_name": tables.database}):
        name = table.removesuffix("_local") if tables.cluster else table
        tables.alter(name, "APPLY PATCHES", {})


def drop_notes(tables: ErasureTables, erasure: str) -> None:
    """Forget whom it was about, and what was removed."""
    for table in NOTES:
        tables.command(
            f"ALTER TABLE {{database}}.{table} {{on_cluster}} DROP PARTITION {{erasure:String}}",
            {"erasure": erasure},
        )


def holds_old_parts(tables: ErasureTables, until: datetime) -> bool:
    """Whether files are left of parts that were replaced before this time."""
    until_s = int((until + timedelta(seconds=1)).timestamp())
    suffix = "_local" if tables.cluster else ""
    names = [*NOTES, *(f"{table.name}{suffix}" for table in tables.tables())]
    about = {"database_name": tables.database, "until_s": until_s, "tables": names}
    return bool(tables.query(OLD_PARTS, about)[0][0])


def find_late(tables: ErasureTables, done: Finished) -> str:
    """The id, where spans from before the end of its erasure came after it; else empty."""
    about = {
        "project": done.project,
        "since_s": int(done.created_at.timestamp()),
        "until_s": int((done.finished_at or done.created_at).timestamp()),
        "hash": done.subject_hash,
    }
    rows = tables.query(LATE.replace("{column}", COLUMN[done.kind]), about)
    return str(rows[0][0]) if rows else ""
