"""The history of alerts: changes of their states, and the episodes in which they fired."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import SECOND_NS, Window

COLUMNS = {
    "Id": "id",
    "Timestamp": "at",
    "Project": "project",
    "RuleUid": "rule_uid",
    "Alert": "alert",
    "Fingerprint": "fingerprint",
    "Episode": "episode",
    "StartedAt": "started_at",
    "IsResolved": "is_resolved",
    "FromState": "from_state",
    "ToState": "to_state",
    "Reason": "reason",
    "Measure": "measure",
    "Filter": "filter",
    "Value": "value",
    "Labels": "labels",
    "Annotations": "annotations",
    "Figures": "figures",
    "Links": "links",
}
TIMES = ("at", "started_at", "ended_at")

EVENTS = """SELECT
    {columns}
FROM {database}.alert_events
WHERE {conditions}
ORDER BY Timestamp DESC, Id DESC
LIMIT 1 BY Id
LIMIT {limit}"""

EPISODES = """SELECT
    Project AS project,
    Episode AS episode,
    any(RuleUid) AS rule_uid,
    any(Alert) AS alert,
    any(Fingerprint) AS fingerprint,
    any(Measure) AS measure,
    any(Filter) AS filter,
    argMin(Labels, Id) AS labels,
    argMin(Annotations, Id) AS annotations,
    argMin(Value, Id) AS value,
    min(StartedAt) AS started_at,
    minOrNullIf(Timestamp, IsResolved) AS ended_at,
    argMaxIf(Reason, Id, IsResolved) AS reason
FROM {database}.alert_events
WHERE {conditions}
    AND Episode != ''
    AND StartedAt < {end}
GROUP BY project, episode
HAVING ended_at IS NULL OR ended_at >= {start}
ORDER BY started_at DESC, episode DESC
LIMIT {limit}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts' history. Empty texts and mappings: any. ``window`` has both ends."""

    projects: Sequence[str]
    window: Window
    rule: str = ""
    fingerprint: str = ""
    measure: str = ""

    @property
    def start(self) -> datetime:
        return _moment(self.window.start_ns or 0)

    @property
    def end(self) -> datetime:
        return _moment(self.window.end_ns or 0)

    def keeps(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is of these alerts, whenever it was."""
        return (
            event["project"] in self.projects
            and self.rule in ("", event["rule_uid"], event["alert"])
            and self.fingerprint in ("", event["fingerprint"])
            and self.measure in ("", event["measure"])
        )

    def conditions(self, bindings: Bindings) -> list[str]:
        found = [f"Project IN {bindings.bind(list(self.projects), 'Array(String)')}"]
        if self.rule:
            rule = bindings.bind(self.rule)
            found.append(f"(RuleUid = {rule} OR Alert = {rule})")
        if self.fingerprint:
            found.append(f"Fingerprint = {bindings.bind(self.fingerprint)}")
        if self.measure:
            found.append(f"Measure = {bindings.bind(self.measure)}")
        return found


Place = tuple[int, int]
"""Milliseconds since 1970 and the id of the last event of a page."""


def list_events(source: Source, wanted: Wanted, *, limit: int, after: Place | None) -> list[dict[str, Any]]:
    """Changes of states in the window, the newest first."""
    bindings = Bindings()
    conditions = [
        *wanted.conditions(bindings),
        f"Timestamp >= {_at(wanted.window.start_ns, bindings)}",
        f"Timestamp < {_at(wanted.window.end_ns, bindings)}",
    ]
    if after is not None:
        at_ms, event_id = (bindings.bind(part, "Int64") for part in after)
        conditions.append(f"(toUnixTimestamp64Milli(Timestamp), toInt64(Id)) < ({at_ms}, {event_id})")
    sql = EVENTS.replace("{database}", source.database)
    sql = sql.replace("{columns}", ",\n    ".join(f"{column} AS {name}" for column, name in COLUMNS.items()))
    sql = sql.replace("{conditions}", "\n    AND ".join(conditions))
    rows = source.query(sql.replace("{limit}", bindings.bind(limit, "UInt32")), bindings).dicts()
    return [_render(row) | {"figures": json.loads(row["figures"])} for row in rows]


def list_episodes(source: Source, wanted: Wanted, *, limit: int) -> list[dict[str, Any]]:
    """Episodes that overlap the window, the newest first; ``ended_at`` is null while one lasts."""
    bindings = Bindings()
    sql = EPISODES.replace("{database}", source.database)
    sql = sql.replace("{conditions}", "\n    AND ".join(wanted.conditions(bindings)))
    sql = sql.replace("{start}", _at(wanted.window.start_ns, bindings))
    sql = sql.replace("{end}", _at(wanted.window.end_ns, bindings))
    rows = source.query(sql.replace("{limit}", bindings.bind(limit, "UInt32")), bindings).dicts()
    return [_render(row) for row in rows]


def _at(time_ns: int | None, bindings: Bindings) -> str:
    milliseconds = (time_ns or 0) // (SECOND_NS // 1_000)
    return f"fromUnixTimestamp64Milli({bindings.bind(milliseconds, 'Int64')})"


def _moment(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / SECOND_NS, UTC)


def _render(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose times have their zone."""
    times = {name: _aware(row[name]) for name in TIMES if name in row}
    return {**row, **times}


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
