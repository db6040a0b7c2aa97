"""Events of drift: when a provider changed something, or answers changed though nothing was said."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from watchkeeper_collector.drift.features import FEATURES, TEXT
from watchkeeper_collector.drift.provider_changes import Change, find_changes, look_at
from watchkeeper_collector.drift.results import Result, Table
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source, at
from watchkeeper_collector.query.times import EPOCH, Window

CONFIRMED_WINDOWS = 2
"""So many on end make drift of a model an event."""

COLUMNS = (
    "Project",
    "Timestamp",
    "Id",
    "Kind",
    "Provider",
    "Model",
    "Before",
    "After",
    "Calls",
    "TraceId",
    "Evidence",
)

FIELDS = (
    "project",
    "timestamp",
    "id",
    "kind",
    "provider",
    "model",
    "before",
    "after",
    "calls",
    "trace_id",
)

FOUND = """SELECT {columns}
FROM {database}.drift_events
WHERE {conditions}
ORDER BY Timestamp DESC, Id DESC
LIMIT 1 BY Id
LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class Event:
    """``kind``: ``response_model``, ``fingerprint``, ``api_version`` or ``answers``."""

    project: str
    timestamp: datetime
    id: int
    kind: str
    provider: str
    model: str
    before: str
    after: str
    calls: int
    trace_id: str
    evidence: Mapping[str, Any]


def find_provider_events(source: Source, project: str, window: Window, before: Window) -> list[Event]:
    """What providers changed in a window, with evidence."""
    return [
        _of_change(project, change, look_at(source, project, change, window, before))
        for change in find_changes(source, project, window, before)
    ]


def find_silent_events(results: Sequence[Result], known: Sequence[Event]) -> list[Event]:
    """Answers of a model that are confirmed to have changed, where no event says that the provider did."""
    explained = {event.model for event in known if event.kind != "answers"}
    changed: dict[str, list[Result]] = {}
    for result in results:
        is_new = result.slice_by == "model" and result.windows == CONFIRMED_WINDOWS
        if is_new and result.slice_value not in explained and _is_of_answers(result.feature):
            changed.setdefault(result.slice_value, []).append(result)
    return [_of_answers(model, found) for model, found in changed.items()]


def write_events(table: Table, database: str, events: Sequence[Event], at_: datetime) -> None:
    rows = [
        [*(getattr(event, name) for name in FIELDS), json.dumps(event.evidence, ensure_ascii=False), at_]
        for event in events
    ]
    if rows:
        table.insert("drift_events", [*COLUMNS, "WrittenAt"], rows, database=database)


def read_events(
    source: Source, project: str, *, window: Window, after: tuple[int, int] | None = None, limit: int = 100
) -> list[Event]:
    """Events of a time, the newest first; ``after`` is time in ns and id of the last one of a page."""
    bindings = Bindings()
    conditions = [f"Project = {bindings.bind(project)}"]
    for sign, end_ns in ((">=", window.start_ns), ("<", window.end_ns)):
        conditions += [] if end_ns is None else [f"Timestamp {sign} {at(end_ns, bindings)}"]
    if after is not None:
        place = f"({at(after[0], bindings)}, {bindings.bind(after[1], 'UInt64')})"
        conditions.append(f"(Timestamp, Id) < {place}")
    sql = (
        FOUND.replace("{columns}", ", ".join(COLUMNS))
        .replace("{database}", source.database)
        .replace("{conditions}", " AND ".join(conditions))
        .replace("{most}", bindings.bind(limit, "UInt32"))
    )
    return [_read(row) for row in source.query(sql, bindings).rows]


def _read(row: Sequence[Any]) -> Event:
    values = dict(zip([*FIELDS, "evidence"], row, strict=True))
    timestamp = values["timestamp"]
    aware = timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp
    return Event(**{**values, "timestamp": aware, "evidence": json.loads(values["evidence"])})


def _of_change(project: str, change: Change, evidence: Mapping[str, Any]) -> Event:
    return Event(
        project,
        EPOCH + timedelta(milliseconds=change.first_ns // 1_000_000),
        _identity(project, change.kind, change.provider, change.model, change.after),
        change.kind,
        change.provider,
        change.model,
        change.before,
        change.after,
        change.calls,
        change.trace_id,
        evidence,
    )


def _of_answers(model: str, results: Sequence[Result]) -> Event:
    first = results[0]
    since = first.window_start - (CONFIRMED_WINDOWS - 1) * (first.window_end - first.window_start)
    return Event(
        first.project,
        since,
        _identity(first.project, "answers", "", model, since.isoformat()),
        "answers",
        "",
        model,
        "",
        "",
        first.calls,
        "",
        {"findings": [{"feature": result.feature, "reason": result.reason} for result in results]},
    )


def _is_of_answers(feature: str) -> bool:
    return feature == TEXT.name or (feature in FEATURES and FEATURES[feature].population == "answers")


def _identity(*parts: str) -> int:
    """The same for what changed to the same, whoever sees it first."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")
