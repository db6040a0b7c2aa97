"""The list of spans, newest first."""

from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.newest import find_floor
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import render_summary, summary_columns
from watchkeeper_collector.query.source import Slice, Source, at

LIST = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
ORDER BY Timestamp DESC, TraceId DESC, SpanId DESC
LIMIT {limit}"""


def list_spans(source: Source, slice_: Slice, *, limit: int, cursor: str = "") -> Page:
    """A page of the spans of a slice, newest first. The cursor stays right while spans arrive."""
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source.database) + _after(cursor, bindings)
    floor_ns = find_floor(source, conditions, bindings, limit + 1)
    if floor_ns is not None:
        conditions.append(f"Timestamp >= {at(floor_ns, bindings)}")
    sql = (
        LIST.replace("{columns}", ",\n    ".join(summary_columns()))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).dicts()
    return Page([render_summary(row) for row in rows[:limit]], _next(rows, limit))


def _after(cursor: str, bindings: Bindings) -> list[str]:
    place = read_cursor(cursor, (int, str, str))
    if place is None:
        return []
    time_ns, trace_id, span_id = place
    time = at(int(time_ns), bindings)
    ids = f"{bindings.bind(trace_id)}, {bindings.bind(span_id)}"
    return [f"Timestamp <= {time}", f"(Timestamp, TraceId, SpanId) < ({time}, {ids})"]


def _next(rows: list[dict[str, Any]], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return render_cursor((last["timestamp"], last["trace_id"], last["span_id"]))
