"""What an erasure removes: spans that name the subject, and traces and sessions that are nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper_collector.erasure.subject import SESSION, USER, Report, Subject
from watchkeeper_collector.erasure.tables import ErasureTables, Table

COLUMN = {USER: "UserId", SESSION: "SessionId"}
NAMED = (
    "coalesce((SELECT any(Subject) FROM {database}.erasure_subjects WHERE Erasure = {erasure:String}"
    " HAVING count() > 0), concat('no subject of ', {erasure:String}))"
)
"""The id, which so stands in no statement that the engine notes down. Where it is gone, what is nobody's."""
TARGETS = "FROM {database}.erasure_targets WHERE Erasure = {erasure:String} AND Kind = "
ADD = "INSERT INTO {database}.erasure_targets (Erasure, Kind, TraceId, SpanId)\n"
SPANS = """SELECT DISTINCT {erasure:String}, 'span', TraceId, SpanId
FROM {database}.{table}
WHERE Project = {project:String} AND SpanId != '' AND ({named})"""
ONLY = """SELECT {erasure:String}, '{kind}', {of}, ''
FROM {database}.spans
WHERE Project = {project:String} AND {of} != ''
    AND {of} GLOBAL IN (SELECT {of} FROM {database}.spans WHERE Project = {project:String}
        AND (TraceId, SpanId) GLOBAL IN (SELECT TraceId, SpanId {targets}'span'))
GROUP BY {of}
HAVING countIf({column} != '' AND {column} != {subject}) = 0"""
HOURS = """SELECT DISTINCT toUnixTimestamp(toStartOfHour(Timestamp))
FROM {database}.spans
WHERE Project = {project:String} AND ({condition})"""


@dataclass(frozen=True, slots=True)
class Finder:
    """``keys`` are the attributes in which senders put ids of the subject's kind."""

    tables: ErasureTables
    keys: Sequence[str]

    def begin(self, subject: Subject) -> None:
        """Tell the store whom it is about; that it was told before does no harm."""
        about = {"erasure": subject.erasure, "name": subject.name}
        self.tables.command(
            "INSERT INTO {database}.erasure_subjects SELECT {erasure:String}, {name:String}"
            " WHERE NOT EXISTS (SELECT 1 FROM {database}.erasure_subjects WHERE Erasure = {erasure:String})",
            about,
        )

    def find(self, subject: Subject) -> None:
        """List what is the subject's now. What was listed and removed before does no harm."""
        about = self.about(subject)
        for table in self.tables.tables():
            if table.has("TraceId", "SpanId", "EventDay") and (named := self._named(table, subject)):
                statement = SPANS.replace("{table}", table.name).replace("{named}", " OR ".join(named))
                self.tables.command(ADD + statement, about)
        for kind, of in (("trace", "TraceId"), ("session", "SessionId")):
            statement = ONLY.replace("{kind}", kind).replace("{of}", of).replace("{targets}", TARGETS)
            statement = statement.replace("{column}", COLUMN[subject.kind]).replace("{subject}", NAMED)
            if (kind, subject.kind) != ("session", SESSION):
                self.tables.command(ADD + statement, about)

    def remove(self, subject: Subject, report: Report) -> int:
        """Remove what is listed from every table, for good; how many rows."""
        about, removed = self.about(subject), 0
        for table in self.tables.tables():
            condition = " OR ".join(self._conditions(table, subject))
            if not condition:
                continue
            where = f"WHERE Project = {{project:String}} AND ({condition})"
            counted = f"SELECT count() FROM {{database}}.{table.name} {where}"
            if count := self.tables.query(counted, about)[0][0]:
                self.tables.alter(table.name, f"DELETE {where}", about)
                report.removed(table.name, count)
                removed += count
        return removed

    def hours(self, subject: Subject) -> list[int]:
        """The hours that have spans to remove, by their start in seconds since 1970."""
        [spans] = [table for table in self.tables.tables() if table.name == "spans"]
        statement = HOURS.replace("{condition}", " OR ".join(self._conditions(spans, subject)))
        return [hour for (hour,) in self.tables.query(statement, self.about(subject))]

    def traces(self, subject: Subject) -> list[str]:
        """The traces that are removed as a whole."""
        rows = self.tables.query(f"SELECT DISTINCT TraceId {TARGETS}'trace'", self.about(subject))
        return [trace for (trace,) in rows]

    def about(self, subject: Subject) -> dict[str, object]:
        return {"erasure": subject.erasure, "project": subject.project, "keys": list(self.keys)}

    def _conditions(self, table: Table, subject: Subject) -> list[str]:
        found = self._named(table, subject)
        if table.has("TraceId"):
            found.append(f"TraceId IN (SELECT TraceId {TARGETS}'trace')")
        if table.has("TraceId", "SpanId"):
            found.append(f"(TraceId, SpanId) IN (SELECT TraceId, SpanId {TARGETS}'span')")
        if table.has("SessionId") and subject.kind == USER:
            found.append(f"SessionId IN (SELECT TraceId {TARGETS}'session')")
        if table.has("ContentGroup") and subject.kind == SESSION:
            found.append(f"ContentGroup = {NAMED}")
        return found

    def _named(self, table: Table, subject: Subject) -> list[str]:
        """Conditions for rows that say themselves that they are the subject's."""
        column = COLUMN[subject.kind]
        found = [f"{column} = {NAMED}"] if table.has(column) else []
        maps = [one for one in table.columns.values() if one.kind == "Map(String, String)"]
        return found + [
            f"arrayExists(key -> {one.sql}[key] = {NAMED}, {{keys:Array(String)}})"
            for one in maps
            if one.name.endswith("Attributes")
        ]
