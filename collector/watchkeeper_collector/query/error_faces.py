"""What groups of errors look like: their trend, their newest examples, where they happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.error_origins import FINGERPRINT, SAME_GROUP, filled, origins
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source, at
from watchkeeper_collector.query.times import SECOND_NS, render_time

TREND_POINTS = 24
EXAMPLES = 3
MOST_SHARES = 10
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
OCCURRENCE = """-toUnixTimestamp64Nano(Timestamp), TraceId, SpanId, toString(SpanName), toString(ServiceName),
        toString(Release), UserId, SessionId, ErrorMessage"""
SHARES = {
    "services": "ServiceName",
    "releases": "Release",
    "environments": "Environment",
    "span_names": "SpanName",
    "most_affected_users": "UserId",
}

FACES = f"""SELECT
    {FINGERPRINT} AS fingerprint,
    argMax(ErrorStatus, Timestamp),
    argMax(ErrorMessage, Timestamp),
    sumMap(map(intDiv(toUnixTimestamp64Nano(Timestamp) - {{first}}, {{step}}), 1)),
    groupArraySorted({EXAMPLES})((
        {OCCURRENCE}))
FROM {{database}}.spans
WHERE {{conditions}}
    AND fingerprint IN {{fingerprints}}
GROUP BY fingerprint"""

OCCURRENCES = f"""SELECT
        {OCCURRENCE}
FROM {{database}}.spans
WHERE {{conditions}}
    AND {SAME_GROUP}
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
    AND {SAME_GROUP}"""


@dataclass(frozen=True, slots=True)
class Intervals:
    """The equally long intervals of a trend."""

    first_ns: int
    step_ns: int
    points: int


@dataclass(frozen=True, slots=True)
class Face:
    """The newest error's status and message, counts by interval, the newest examples."""

    status: int
    message: str
    trend: dict[str, Any]
    examples: list[dict[str, Any]]


def build_intervals(first_ns: int, end_ns: int) -> Intervals:
    """Whole seconds long, so many that they reach the end."""
    step_ns = max(1, -(-(end_ns - first_ns) // TREND_POINTS // SECOND_NS)) * SECOND_NS
    return Intervals(first_ns, step_ns, -(-(end_ns - first_ns) // step_ns))


def load_faces(
    source: Source, slice_: Slice, fingerprints: Sequence[str], intervals: Intervals
) -> dict[str, Face]:
    """How each of the groups looks in the slice."""
    bindings = Bindings()
    sql = (
        filled(FACES, source, origins(source, slice_, bindings))
        .replace("{first}", bindings.bind(intervals.first_ns, "Int64"))
        .replace("{step}", bindings.bind(intervals.step_ns, "Int64"))
        .replace("{fingerprints}", bindings.bind(list(fingerprints), "Array(String)"))
    )
    found = {row[0]: row[1:] for row in source.query(sql, bindings).rows}
    nothing: Sequence[Any] = (0, "", {}, ())
    return {name: _build_face(found.get(name, nothing), intervals) for name in fingerprints}


def list_occurrences(
    source: Source, slice_: Slice, fingerprint: str, *, limit: int, cursor: str = ""
) -> Page:
    """A page of a group's errors, newest first."""
    place = read_cursor(cursor, (int, str, str))
    bindings = Bindings()
    conditions = origins(source, slice_, bindings)
    if place is not None:
        ids = f"{bindings.bind(place[1])}, {bindings.bind(place[2])}"
        conditions.append(f"(Timestamp, TraceId, SpanId) < ({at(int(place[0]), bindings)}, {ids})")
    sql = (
        filled(OCCURRENCES, source, conditions)
        .replace("{fingerprint}", bindings.bind(fingerprint))
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).rows
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = render_cursor((-last[0], last[1], last[2])) if last else None
    return Page([_render_example(row) for row in rows[:limit]], next_cursor)


def load_shares(source: Source, slice_: Slice, fingerprint: str) -> dict[str, list[dict[str, Any]]]:
    """The most frequent values of what says where the errors happen."""
    bindings = Bindings()
    sql = filled(SHARE, source, origins(source, slice_, bindings))
    (row,) = source.query(sql.replace("{fingerprint}", bindings.bind(fingerprint)), bindings).rows
    return {name: _render_shares(found) for name, found in zip(SHARES, row, strict=True)}


def _build_face(row: Sequence[Any], intervals: Intervals) -> Face:
    status, message, counts, examples = row
    trend = {
        "start": render_time(intervals.first_ns),
        "step_s": intervals.step_ns // SECOND_NS,
        "counts": [counts.get(point, 0) for point in range(intervals.points)],
    }
    return Face(status, message, trend, [_render_example(example) for example in examples])


def _render_example(row: Sequence[Any]) -> dict[str, Any]:
    """An occurrence; its first value is its time, negative."""
    return {"timestamp": render_time(-row[0]), **dict(zip(EXAMPLE, row[1:], strict=True))}


def _render_shares(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"value": top["item"], "count": top["count"]} for top in found if top["item"]]
