"""Errors by what they have in common: type, provider, model and the pattern of their message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.error_faces import OCCURRENCE, load_shares, render_example
from watchkeeper_collector.query.error_origins import CLASS, FINGERPRINT, MODEL, PATTERN, errors_of
from watchkeeper_collector.query.measures import COUNTED
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window, render_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_GROUPS = 10_000
EXAMPLES = 3
TREND_POINTS = 24

GROUPS = f"""SELECT
    fingerprint,
    count() AS found,
    uniqExactIf(user_id, user_id != ''),
    uniqExact(trace_id),
    min(started),
    max(started),
    any(error_type),
    any(provider),
    any(model),
    any(pattern),
    argMax(error_status, started),
    argMax(error_message, started),
    sumMap(map(intDiv(started - {{first}}, {{step}}), 1)),
    groupArraySorted({EXAMPLES})(({OCCURRENCE}))
FROM
(
    {{errors}}
){{only}}
GROUP BY fingerprint
ORDER BY found DESC, fingerprint
LIMIT {MOST_GROUPS}"""

HISTORY = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    toUnixTimestamp64Nano(min(Timestamp))
FROM {{database}}.spans
PREWHERE IsError
WHERE {{conditions}}
    AND fingerprint IN {{fingerprints}}
GROUP BY fingerprint"""

# A group as it ever was, whoever of callers and called has its words: cheap, and as good for first and last.
KNOWN = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    0,
    0,
    0,
    toUnixTimestamp64Nano(min(Timestamp)),
    toUnixTimestamp64Nano(max(Timestamp)),
    any({CLASS}),
    toString(any(Provider)),
    any(toString({MODEL})),
    any({PATTERN}),
    argMax(ErrorStatus, Timestamp),
    argMax(ErrorMessage, Timestamp),
    map(),
    []
FROM {{database}}.spans
PREWHERE IsError
WHERE {{conditions}}
    AND fingerprint = {{fingerprint}}
GROUP BY fingerprint"""

EXTENT = """SELECT
    toUnixTimestamp64Nano(min(Timestamp)),
    toUnixTimestamp64Nano(max(Timestamp))
FROM {database}.spans
PREWHERE IsError
WHERE {conditions}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Errors of a slice, and when groups of the project were resolved."""

    slice: Slice
    resolved: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intervals:
    """The equally long intervals of a trend."""

    first_ns: int
    step_ns: int
    points: int

    def render(self, counts: Mapping[int, int]) -> dict[str, Any]:
        return {
            "start": render_time(self.first_ns),
            "step_s": self.step_ns // SECOND_NS,
            "counts": [counts.get(point, 0) for point in range(self.points)],
        }


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
    error_status: int
    message: str
    counts: Mapping[int, int]
    examples: Sequence[Sequence[Any]]

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
    intervals = _find_intervals(source, wanted.slice)
    known = _with_history(source, wanted.slice, _query_groups(source, wanted.slice, intervals))
    groups = [group for group in known if not states or group.state(wanted) in states]
    groups.sort(key=lambda group: group.rank(order), reverse=True)
    following = [group for group in groups if place is None or group.rank(order) < place]
    shown = following[:limit]
    items = [_render(group, wanted, intervals) for group in shown]
    return Page(items, render_cursor(shown[-1].rank(order)) if len(following) > limit else None)


def get_group(source: Source, wanted: Wanted, fingerprint: str) -> dict[str, Any]:
    """One group with where it happens. Raises ``NotFoundError`` for one that never was."""
    intervals = _find_intervals(source, wanted.slice)
    known = _find_known(source, wanted.slice, fingerprint)
    seen = _query_groups(source, wanted.slice, intervals, fingerprint)
    group = replace(seen[0] if seen else known, first_ns=known.first_ns, last_ns=known.last_ns)
    return _render(group, wanted, intervals) | load_shares(source, wanted.slice, fingerprint)


def _find_intervals(source: Source, slice_: Slice) -> Intervals:
    """Whole seconds long, so many that they reach from end to end of the window, or of the errors."""
    first_ns, end_ns = slice_.window.start_ns, slice_.window.end_ns
    if first_ns is None or end_ns is None:
        bindings = Bindings()
        sql = _filled(EXTENT, source, slice_, bindings)
        ((earliest_ns, latest_ns),) = source.query(sql, bindings).rows
        first_ns = earliest_ns if first_ns is None else first_ns
        end_ns = max(latest_ns, first_ns) + 1 if end_ns is None else end_ns
    step_ns = max(1, -(-(end_ns - first_ns) // TREND_POINTS // SECOND_NS)) * SECOND_NS
    return Intervals(first_ns, step_ns, -(-(end_ns - first_ns) // step_ns))


def _query_groups(source: Source, slice_: Slice, intervals: Intervals, fingerprint: str = "") -> list[Group]:
    """The groups of a slice, or the one of that fingerprint."""
    bindings = Bindings()
    only = f"\nWHERE fingerprint = {bindings.bind(fingerprint)}" if fingerprint else ""
    sql = (
        GROUPS.replace("{first}", bindings.bind(intervals.first_ns, "Int64"))
        .replace("{step}", bindings.bind(intervals.step_ns, "Int64"))
        .replace("{only}", only)
        .replace("{errors}", errors_of(source, slice_, bindings))
    )
    return [Group(*row) for row in source.query(sql, bindings).rows]


def _find_known(source: Source, slice_: Slice, fingerprint: str) -> Group:
    """The group as it was up to the end of the window, without counts. Raises ``NotFoundError``."""
    bindings = Bindings()
    ever = Slice(slice_.project, Window(None, slice_.window.end_ns))
    sql = _filled(KNOWN, source, ever, bindings).replace("{fingerprint}", bindings.bind(fingerprint))
    rows = source.query(sql, bindings).rows
    if not rows:
        raise NotFoundError(f"There is no error group '{fingerprint[:64]}' in this project.")
    return Group(*rows[0])


def _with_history(source: Source, slice_: Slice, groups: Sequence[Group]) -> list[Group]:
    """The groups with when they were first seen at all."""
    if not groups or slice_.window.start_ns is None:
        return list(groups)
    bindings = Bindings()
    before = Slice(slice_.project, Window(None, slice_.window.start_ns))
    fingerprints = bindings.bind([group.fingerprint for group in groups], "Array(String)")
    sql = _filled(HISTORY, source, before, bindings).replace("{fingerprints}", fingerprints)
    first = {row[0]: row[1] for row in source.query(sql, bindings).rows}
    return [replace(group, first_ns=first.get(group.fingerprint, group.first_ns)) for group in groups]


def _filled(statement: str, source: Source, slice_: Slice, bindings: Bindings) -> str:
    conditions = "\n    AND ".join([*slice_.conditions(bindings, source), COUNTED])
    return statement.replace("{database}", source.database).replace("{conditions}", conditions)


def _render(group: Group, wanted: Wanted, intervals: Intervals) -> dict[str, Any]:
    resolved_at = wanted.resolved.get(group.fingerprint)
    return {
        "fingerprint": group.fingerprint,
        "state": group.state(wanted),
        "error_type": group.error_type,
        "error_status": group.error_status,
        "provider": group.provider,
        "model": group.model,
        "pattern": group.pattern,
        "message": group.message,
        "count": group.count,
        "users": group.users,
        "traces": group.traces,
        "first_seen": render_time(group.first_ns),
        "last_seen": render_time(group.last_ns),
        "resolved_at": render_time(_nanoseconds(resolved_at)) if resolved_at else None,
        "trend": intervals.render(group.counts),
        "examples": [render_example(example) for example in group.examples],
    }


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
