"""Errors by what they have in common: type, provider, model and the pattern of their message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.error_faces import Face, build_intervals, load_faces, load_shares
from watchkeeper_collector.query.error_origins import (
    FINGERPRINT,
    MODEL,
    SAME_GROUP,
    failures,
    filled,
    origins,
)
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import Window, render_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_GROUPS = 10_000

GROUPS = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    count() AS found,
    uniqExactIf(UserId, UserId != '') AS user_count,
    uniqExact(TraceId) AS trace_count,
    toUnixTimestamp64Nano(min(Timestamp)) AS first_ns,
    toUnixTimestamp64Nano(max(Timestamp)) AS last_ns,
    toString(any(ErrorType)) AS error_type,
    toString(any(Provider)) AS provider,
    toString(any({MODEL})) AS model,
    toString(any(ErrorPattern)) AS pattern
FROM {{database}}.spans
WHERE {{conditions}}
GROUP BY fingerprint
ORDER BY found DESC, fingerprint
LIMIT {MOST_GROUPS}"""

HISTORY = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    toUnixTimestamp64Nano(min(Timestamp))
FROM {{database}}.spans
WHERE {{conditions}}
    AND ErrorType IN {{types}}
    AND ErrorPattern IN {{patterns}}
GROUP BY fingerprint"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Errors of a slice, whose window has both ends, and when groups of the project were resolved."""

    slice: Slice
    resolved: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of errors in a window. ``first_ns`` is when one was first seen at all."""

    fingerprint: str
    count: int
    users: int
    traces: int
    first_ns: int
    last_ns: int
    error_type: str
    provider: str
    model: str
    pattern: str

    def state(self, wanted: Wanted) -> str:
        resolved_at = wanted.resolved.get(self.fingerprint)
        if resolved_at is not None:
            return "regressed" if self.last_ns > _nanoseconds(resolved_at) else "resolved"
        return "new" if self.first_ns >= (wanted.slice.window.start_ns or 0) else "ongoing"

    def rank(self, order: str) -> tuple[int, str]:
        values = {
            "count": self.count,
            "users": self.users,
            "first_seen": self.first_ns,
            "last_seen": self.last_ns,
        }
        return values[order], self.fingerprint


def list_groups(
    source: Source, wanted: Wanted, *, states: Sequence[str], order: str, limit: int, cursor: str = ""
) -> Page:
    """A page of the groups that have errors in the slice, the greatest first."""
    place = read_cursor(cursor, (int, str))
    known = _with_history(source, wanted.slice, _query_groups(source, wanted.slice))
    groups = [group for group in known if not states or group.state(wanted) in states]
    groups.sort(key=lambda group: group.rank(order), reverse=True)
    following = [group for group in groups if place is None or group.rank(order) < place]
    shown = following[:limit]
    items = _render(source, wanted, shown)
    return Page(items, render_cursor(shown[-1].rank(order)) if len(following) > limit else None)


def get_group(source: Source, wanted: Wanted, fingerprint: str) -> dict[str, Any]:
    """One group with where it happens. Raises ``NotFoundError`` for one that never was."""
    ever = Slice(wanted.slice.project, Window(None, wanted.slice.window.end_ns))
    known = _query_groups(source, ever, fingerprint)
    if not known:
        raise NotFoundError(f"There is no error group '{fingerprint[:64]}' in this project.")
    seen = _query_groups(source, wanted.slice, fingerprint)
    found = seen[0] if seen else replace(known[0], count=0, users=0, traces=0)
    group = replace(found, first_ns=known[0].first_ns, last_ns=known[0].last_ns)
    (rendered,) = _render(source, wanted, [group])
    return rendered | load_shares(source, wanted.slice, fingerprint)


def _query_groups(source: Source, slice_: Slice, fingerprint: str = "") -> list[Group]:
    """The groups of a slice, or the one of that fingerprint."""
    bindings = Bindings()
    conditions = origins(source, slice_, bindings)
    if fingerprint:
        conditions.append(SAME_GROUP.replace("{fingerprint}", bindings.bind(fingerprint)))
    return [Group(*row) for row in source.query(filled(GROUPS, source, conditions), bindings).rows]


def _with_history(source: Source, slice_: Slice, groups: Sequence[Group]) -> list[Group]:
    """The groups with when they were first seen at all."""
    if not groups or slice_.window.start_ns is None:
        return list(groups)
    bindings = Bindings()
    before = Slice(slice_.project, Window(None, slice_.window.start_ns))
    sql = (
        filled(HISTORY, source, failures(source, before, bindings))
        .replace("{types}", bindings.bind(sorted({group.error_type for group in groups}), "Array(String)"))
        .replace("{patterns}", bindings.bind(sorted({group.pattern for group in groups}), "Array(String)"))
    )
    first = {row[0]: row[1] for row in source.query(sql, bindings).rows}
    return [replace(group, first_ns=first.get(group.fingerprint, group.first_ns)) for group in groups]


def _render(source: Source, wanted: Wanted, groups: Sequence[Group]) -> list[dict[str, Any]]:
    if not groups:
        return []
    window = wanted.slice.window
    intervals = build_intervals(
        window.start_ns or min(group.first_ns for group in groups),
        window.end_ns or max(group.last_ns for group in groups) + 1,
    )
    faces = load_faces(source, wanted.slice, [group.fingerprint for group in groups], intervals)
    return [_render_group(group, wanted, faces[group.fingerprint]) for group in groups]


def _render_group(group: Group, wanted: Wanted, face: Face) -> dict[str, Any]:
    resolved_at = wanted.resolved.get(group.fingerprint)
    return {
        "fingerprint": group.fingerprint,
        "state": group.state(wanted),
        "error_type": group.error_type,
        "error_status": face.status,
        "provider": group.provider,
        "model": group.model,
        "pattern": group.pattern,
        "message": face.message or group.pattern,
        "count": group.count,
        "users": group.users,
        "traces": group.traces,
        "first_seen": render_time(group.first_ns),
        "last_seen": render_time(group.last_ns),
        "resolved_at": render_time(_nanoseconds(resolved_at)) if resolved_at else None,
        "trend": face.trend,
        "examples": face.examples,
    }


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
