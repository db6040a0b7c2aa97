"""Where the tables are and how they are kept: what the placeholders of a migration stand for."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchkeeper_collector.store.connection import DATABASE
from watchkeeper_collector.store.conventions.data import quote

LOCAL = re.compile(r"\{local:(\w+)\}")
CREATED = re.compile(r"CREATE TABLE (\S+)")
TTL = re.compile(r"^TTL\s.*?\n(?=SETTINGS)", re.DOTALL | re.MULTILINE)
STANDARD = "standard"
"""The retention class of projects that have none of their own."""
DEDUPLICATED_INSERTS = 10_000
"""Tokens of so many inserts are remembered by each table: hours of them, where a retry comes in minutes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Days that a project keeps prompts and answers, spans, and logs with metrics."""

    project: str
    content_days: int
    span_days: int
    log_days: int

    @property
    def retention_class(self) -> str:
        """What its rows carry. No project's name has a colon."""
        return f"project:{self.project}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape that migrations give a store. With ``cluster`` tables are replicated and distributed.

    ``user`` and ``password`` are what the store itself reads its tables with, for the dictionary of prices.
    """

    database: str = DATABASE
    cluster: str = ""
    content_retention_days: int = 30
    span_retention_days: int = 90
    aggregate_retention_days: int = 400
    user: str = ""
    password: str = field(default="", repr=False)
    projects: tuple[Kept, ...] = ()
    """Those with a retention of their own."""

    @property
    def shown(self) -> "Layout":
        """The same, as people may see it."""
        return replace(self, password="[HIDDEN]" if self.password else "")

    @property
    def recorded(self) -> "Layout":
        """The same, with something in place of the password that tells only whether it is another one."""
        secret = self.password.encode()
        known = hashlib.pbkdf2_hmac("sha256", secret, self.user.encode(), 100_000).hex() if secret else ""
        return replace(self, password=known)

    @property
    def on_cluster(self) -> str:
        return f"ON CLUSTER '{self.cluster}'" if self.cluster else ""

    def local(self, table: str) -> str:
        """The table that holds rows; on a cluster the one that is read spans all shards."""
        return f"{self.database}.{table}{'_local' if self.cluster else ''}"

    def fill(self, statement: str) -> str:
        """Put values in place of ``{placeholder}``."""
        text = LOCAL.sub(lambda found: self.local(found[1]), statement)
        created = CREATED.search(text)
        table = created[1].rpartition(".")[2] if created else ""
        if "RetentionClass" in text:
            text = TTL.sub(lambda clause: self._by_class(clause[0], is_log=table.startswith("otel_")), text)
        for placeholder, value in self._values(table).items():
            text = text.replace("{" + placeholder + "}", value)
        return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)

    def _values(self, table: str) -> Mapping[str, str]:
        return {
            "database": self.database,
            "on_cluster": self.on_cluster,
            "engine": self._engine("MergeTree", table, "{shard}/"),
            "engine:Aggregating": self._engine("AggregatingMergeTree", table, "{shard}/"),
            "engine:everywhere": self._engine("MergeTree", table, ""),
            "durable": self._durable,
            "updatable": "enable_block_number_column = 1, enable_block_offset_column = 1",
            "content_retention_days": str(self.content_retention_days),
            "span_retention_days": str(self.longest_days),
            "retention_class": self._class_of_project,
            "aggregate_retention_days": str(self.aggregate_retention_days),
            "reader": self._reader,
        }

    @property
    def longest_days(self) -> int:
        """That spans or logs of any project are kept: what is older has an absurd clock, or came too late."""
        own = (days for one in self.projects for days in (one.span_days, one.log_days))
        return max((self.span_retention_days, *own))

    def _by_class(self, clause: str, *, is_log: bool) -> str:
        """A clause of retention in which the days follow from a row's class."""
        spans = {one.retention_class: one.log_days if is_log else one.span_days for one in self.projects}
        content = {one.retention_class: one.content_days for one in self.projects}
        clause = clause.replace("{span_retention_days}", _choice(spans, self.span_retention_days))
        return clause.replace("{content_retention_days}", _choice(content, self.content_retention_days))

    @property
    def _class_of_project(self) -> str:
        """SQL for the class of a row, from its column ``Project``."""
        if not self.projects:
            return quote(STANDARD)
        projects = ", ".join(quote(one.project) for one in self.projects)
        classes = ", ".join(quote(one.retention_class) for one in self.projects)
        return f"transform(toString(Project), [{projects}], [{classes}], {quote(STANDARD)})"

    def _engine(self, kind: str, table: str, shard: str) -> str:
        """Replicas of a shard share a path in the keeper; one without a shard is the same on every node."""
        if not self.cluster:
            return kind
        return f"Replicated{kind}('/clickhouse/tables/{shard}{self.database}/{table}', '{{replica}}')"

    @property
    def _reader(self) -> str:
        return f"USER {quote(self.user)} PASSWORD {quote(self.password)} " if self.user else ""

    @property
    def _durable(self) -> str:
        """An insert is answered once it is on disk, and a repeated one is recognised by its token."""
        replicated = "replicated" if self.cluster else "non_replicated"
        return (
            f"fsync_after_insert = 1, fsync_part_directory = 1,"
            f" {replicated}_deduplication_window = {DEDUPLICATED_INSERTS}"
        )

    def distributed(self, table: str, sharding: str) -> str:
        """The statement that makes the table over all shards for a local one; empty without a cluster."""
        if not self.cluster:
            return ""
        return (
            f"CREATE TABLE {self.database}.{table} {self.on_cluster} AS {self.local(table)}"
            f" ENGINE = Distributed('{self.cluster}', '{self.database}', '{table}_local', {sharding})"
        )


def _choice(days: Mapping[str, int], otherwise: int) -> str:
    """SQL for the days of a row's class: a number where all classes agree."""
    differing = {name: number for name, number in days.items() if number != otherwise}
    if not differing:
        return str(otherwise)
    cases = ", ".join(f"RetentionClass = {quote(name)}, {number}" for name, number in differing.items())
    return f"multiIf({cases}, {otherwise})"
