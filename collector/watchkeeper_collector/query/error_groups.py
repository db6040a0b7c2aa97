"""Errors by what they have in common: type, provider, model and the pattern of their message.

An error is a failed span. Where one passes through the spans above, which then fail with the same words or
without any, it counts where it happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import COUNTED
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source, at
from watchkeeper_collector.query.times import SECOND_NS, Window, render_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_GROUPS = 10_000
TREND_POINTS = 24
EXAMPLES = 3
MOST_SHARES = 10
HOUR_NS = 3_600 * SECOND_NS
MODEL = DIMENSIONS["model"].sql
FINGERPRINT = (
    f"leftPad(lower(hex(sipHash64(toString(ErrorType), toString(Provider), toString({MODEL}),"
    " toString(ErrorPattern)))), 16, '0')"
)
BARE = r"replaceRegexpOne(ErrorMessage, '^[\\w.]+: ', '')"
"""A message without the class that some instrumentations put before it."""
EXAMPLE = (
    "trace_id",
    "span_id",
    "span_name",
    "service_name",
    "release",
    "user_id",
    "session_id",
    "error_message",
)
SHARES = {
    "services": "ServiceName",
    "releases": "Release",
    "environments": "Environment",
    "span_names": "SpanName",
    "most_affected_users": "UserId",
}

ORIGIN = f"""(TraceId, SpanId, {BARE}) GLOBAL NOT IN
    (
        SELECT TraceId, ParentSpanId, {BARE}
        FROM {{database}}.spans
        WHERE {{children}}
    )
    AND NOT (ErrorMessage = '' AND (TraceId, SpanId) GLOBAL IN
    (
        SELECT TraceId, ParentSpanId
        FROM {{database}}.spans
        WHERE {{children}}
    ))"""

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

FACES = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    argMax(ErrorStatus, Timestamp),
    argMax(ErrorMessage, Timestamp),
    sumMap(map(intDiv(toUnixTimestamp64Nano(Timestamp) - {{first}}, {{step}}), 1)),
    groupArraySorted({EXAMPLES})((
        -toUnixTimestamp64Nano(Timestamp), TraceId, SpanId, toString(SpanName), toString(ServiceName),
        toString(Release), UserId, SessionId, ErrorMessage))
FROM {{database}}.spans
WHERE {{conditions}}
    AND fingerprint IN {{fingerprints}}
GROUP BY fingerprint"""

OCCURRENCES = f"""SELECT
    -toUnixTimestamp64Nano(Timestamp),
    TraceId,
    SpanId,
    SpanName,
    ServiceName,
    Release,
    UserId,
    SessionId,
    ErrorMessage
FROM {{database}}.spans
WHERE {{conditions}}
    AND {FINGERPRINT} = {{fingerprint}}
ORDER BY Timestamp DESC, TraceId DESC, SpanId DESC
LIMIT {{limit}}"""

TOPS = ",\n    ".join(
    f"topKWeighted({MOST_SHARES}, 10, 'counts')(toString({column}), toUInt64({column} != ''))"
    for column in SHARES.values()
)
SHARE = f"""SELECT
    {TOPS}
FROM {{database}}.spans
WHERE {{conditions}}
    AND {FINGERPRINT} = {{fingerprint}}"""


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
        value = {
            "count": self.count, "users": self.users, "first_seen": self.first_ns, "last_seen": self.last_ns,
        }[order]  # fmt: skip
        return value, self.fingerprint


def list_groups(
    source: Source, wanted: Wanted, *, states: Sequence[str], order: str, limit: int, cursor: str = ""
) -> Page:
    """A page of the groups that have errors in the slice, the greatest first."""
    place = read_cursor(cursor, (int, str))
    groups = [
        group for group in _load_groups(source, wanted.slice) if not states or group.state(wanted) in states
    ]
    groups.sort(key=lambda group: group.rank(order), reverse=True)
    following = [group for group in groups if place is None or group.rank(order) < place]
    shown = following[:limit]
    items = _render(source, wanted, shown)
    return Page(items, render_cursor(shown[-1].rank(order)) if len(following) > limit else None)


def get_group(source: Source, wanted: Wanted, fingerprint: str) -> dict[str, Any]:
    """One group with where it happens. Raises ``NotFoundError`` for one that never was."""
    ever = Slice(wanted.slice.project, Window(None, wanted.slice.window.end_ns))
    known = _query_groups(source, ever, f"{FINGERPRINT} = {{fingerprint}}", fingerprint)
    if not known:
        raise NotFoundError(f"There is no error group '{fingerprint[:64]}' in this project.")
    seen = _query_groups(source, wanted.slice, f"{FINGERPRINT} = {{fingerprint}}", fingerprint)
    found = seen[0] if seen else replace(known[0], count=0, users=0, traces=0)
    group = replace(found, first_ns=known[0].first_ns, last_ns=known[0].last_ns)
    (rendered,) = _render(source, wanted, [group])
    return rendered | _load_shares(source, wanted.slice, fingerprint)


def list_occurrences(
    source: Source, slice_: Slice, fingerprint: str, *, limit: int, cursor: str = ""
) -> Page:
    """A page of a group's errors, newest first."""
    place = read_cursor(cursor, (int, str, str))
    bindings = Bindings()
    conditions = _conditions(source, slice_, bindings)
    if place is not None:
        ids = f"{bindings.bind(place[1])}, {bindings.bind(place[2])}"
        conditions.append(f"(Timestamp, TraceId, SpanId) < ({at(int(place[0]), bindings)}, {ids})")
    sql = (
        _filled(OCCURRENCES, source, conditions)
        .replace("{fingerprint}", bindings.bind(fingerprint))
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).rows
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    next_cursor = render_cursor((-last[0], last[1], last[2])) if last else None
    return Page([_render_example(row) for row in rows[:limit]], next_cursor)


def _load_groups(source: Source, slice_: Slice) -> list[Group]:
    """The groups of a slice, with when they were first seen at all."""
    groups = _query_groups(source, slice_)
    if not groups or slice_.window.start_ns is None:
        return groups
    bindings = Bindings()
    before = Slice(slice_.project, Window(None, slice_.window.start_ns))
    sql = (
        HISTORY.replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(_errors_of(before, source, bindings)))
        .replace("{types}", bindings.bind(sorted({group.error_type for group in groups}), "Array(String)"))
        .replace("{patterns}", bindings.bind(sorted({group.pattern for group in groups}), "Array(String)"))
    )
    first = {fingerprint: first_ns for fingerprint, first_ns in source.query(sql, bindings).rows}  # noqa: C416 - typed
    return [replace(group, first_ns=first.get(group.fingerprint, group.first_ns)) for group in groups]


def _query_groups(source: Source, slice_: Slice, condition: str = "", fingerprint: str = "") -> list[Group]:
    bindings = Bindings()
    conditions = _conditions(source, slice_, bindings)
    if condition:
        conditions.append(condition.replace("{fingerprint}", bindings.bind(fingerprint)))
    return [Group(*row) for row in source.query(_filled(GROUPS, source, conditions), bindings).rows]


def _conditions(source: Source, slice_: Slice, bindings: Bindings) -> list[str]:
    """Those for the errors of a slice, each where it happened."""
    window = slice_.window
    reach = Window(window.start_ns, None if window.end_ns is None else window.end_ns + HOUR_NS)
    children = [*_errors_of(Slice(slice_.project, reach), source, bindings), "ParentSpanId != ''"]
    origin = ORIGIN.replace("{database}", source.database)
    origin = origin.replace("{children}", "\n            AND ".join(children))
    return [*_errors_of(slice_, source, bindings), origin]


def _errors_of(slice_: Slice, source: Source, bindings: Bindings) -> list[str]:
    return [*slice_.conditions(bindings, source), "IsError", COUNTED]


def _filled(statement: str, source: Source, conditions: Sequence[str]) -> str:
    filled = statement.replace("{database}", source.database)
    return filled.replace("{conditions}", "\n    AND ".join(conditions))


def _render(source: Source, wanted: Wanted, groups: Sequence[Group]) -> list[dict[str, Any]]:
    if not groups:
        return []
    window = wanted.slice.window
    first_ns = window.start_ns or min(group.first_ns for group in groups)
    last_ns = window.end_ns or max(group.last_ns for group in groups) + 1
    step_ns = max(1, -(-(last_ns - first_ns) // TREND_POINTS // SECOND_NS)) * SECOND_NS
    bindings = Bindings()
    sql = (
        _filled(FACES, source, _conditions(source, wanted.slice, bindings))
        .replace("{first}", bindings.bind(first_ns, "Int64"))
        .replace("{step}", bindings.bind(step_ns, "Int64"))
        .replace("{fingerprints}", bindings.bind([group.fingerprint for group in groups], "Array(String)"))
    )
    faces = {row[0]: row[1:] for row in source.query(sql, bindings).rows}
    points = -(-(last_ns - first_ns) // step_ns)
    empty: Sequence[Any] = (0, "", {}, ())
    return [
        _render_group(group, wanted, faces.get(group.fingerprint, empty), (first_ns, step_ns, points))
        for group in groups
    ]


def _render_group(
    group: Group, wanted: Wanted, face: Sequence[Any], trend: tuple[int, int, int]
) -> dict[str, Any]:
    status, message, counts, examples = face
    first_ns, step_ns, points = trend
    resolved_at = wanted.resolved.get(group.fingerprint)
    return {
        "fingerprint": group.fingerprint,
        "state": group.state(wanted),
        "error_type": group.error_type,
        "error_status": status,
        "provider": group.provider,
        "model": group.model,
        "pattern": group.pattern,
        "message": message or group.pattern,
        "count": group.count,
        "users": group.users,
        "traces": group.traces,
        "first_seen": render_time(group.first_ns),
        "last_seen": render_time(group.last_ns),
        "resolved_at": render_time(_nanoseconds(resolved_at)) if resolved_at else None,
        "trend": {
            "start": render_time(first_ns),
            "step_s": step_ns // SECOND_NS,
            "counts": [counts.get(point, 0) for point in range(points)],
        },
        "examples": [_render_example(example) for example in examples],
    }


def _render_example(row: Sequence[Any]) -> dict[str, Any]:
    """An occurrence; its first value is its time, negative."""
    return {"timestamp": render_time(-row[0]), **dict(zip(EXAMPLE, row[1:], strict=True))}


def _load_shares(source: Source, slice_: Slice, fingerprint: str) -> dict[str, Any]:
    bindings = Bindings()
    conditions = _conditions(source, slice_, bindings)
    sql = _filled(SHARE, source, conditions).replace("{fingerprint}", bindings.bind(fingerprint))
    (row,) = source.query(sql, bindings).rows
    return {name: _render_shares(found) for name, found in zip(SHARES, row, strict=True)}


def _render_shares(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"value": top["item"], "count": top["count"]} for top in found if top["item"]]


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
