"""The traces of a session that began right before and after one."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.trace_summary import Bounds

NEIGHBOURS = """SELECT
    argMaxIf(TraceId, (start, TraceId), (start, TraceId) < {here}),
    argMinIf(TraceId, (start, TraceId), (start, TraceId) > {here})
FROM
(
    SELECT
        TraceId,
        toUnixTimestamp64Nano(min(Timestamp)) AS start
    FROM {database}.spans
    WHERE Project = {project}
        AND SessionId = {session}
    GROUP BY TraceId
)"""


def find_neighbours(source: Source, project: str, bounds: Bounds, sessions: Sequence[str]) -> dict[str, Any]:
    """Of a trace in several sessions, the first one's traces."""
    if not sessions:
        return {"session_id": None, "previous_trace_id": None, "next_trace_id": None}
    bindings = Bindings()
    here = f"({bindings.bind(bounds.start_ns, 'Int64')}, {bindings.bind(bounds.trace_id)})"
    sql = (
        NEIGHBOURS.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{session}", bindings.bind(sessions[0]))
        .replace("{here}", here)
    )
    previous, following = source.query(sql, bindings).rows[0]
    return {
        "session_id": sessions[0],
        "previous_trace_id": previous or None,
        "next_trace_id": following or None,
    }
