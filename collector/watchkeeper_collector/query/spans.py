"""The list of spans, newest first."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.newest import find_floor
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import render_summary, summary_columns
from watchkeeper_collector.query.source import Slice, Source, at

DAY = timedelta(days=1)
LIST = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
ORDER BY Timestamp DESC, TraceId DESC, SpanId DESC
LIMIT {limit}"""

WORDS = """SELECT
    TraceId,
    SpanId,
    argMax(substringUTF8(InputText, 1, {most}), InputText != ''),
    argMax(substringUTF8(OutputText, 1, {most}), OutputText != '')
FROM {database}.span_content
WHERE Project = {project}
    AND EventDay IN {days}
    AND TraceId IN {traces}
    AND SpanId IN {spans}
GROUP BY TraceId, SpanId"""
MOST_WORDS_CHARS = 300


def list_spans(
    source: Source, slice_: Slice, *, limit: int, cursor: str = "", with_words: bool = False
) -> Page:
    """A page of the spans of a slice, newest first. The cursor stays right while spans arrive.

    ``with_words``: each says how its newest user message and its answer begin.
    """
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
    items = [render_summary(row) for row in rows[:limit]]
    if with_words and items:
        _add_words(source, slice_.project, rows[:limit], items)
    return Page(items, _next(rows, limit))


def _add_words(
    source: Source, project: str, rows: Sequence[Mapping[str, Any]], items: list[dict[str, Any]]
) -> None:
    bindings = Bindings()
    days = sorted({row["event_day"] + offset for row in rows for offset in (-DAY, 0 * DAY, DAY)})
    sql = (
        WORDS.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{days}", bindings.bind(days, "Array(Date)"))
        .replace("{traces}", bindings.bind(sorted({row["trace_id"] for row in rows}), "Array(String)"))
        .replace("{spans}", bindings.bind(sorted({row["span_id"] for row in rows}), "Array(String)"))
        .replace("{most}", str(MOST_WORDS_CHARS))
    )
    words = {(trace, span): texts for trace, span, *texts in source.query(sql, bindings).rows}
    for item in items:
        found = words.get((item["trace_id"], item["span_id"]), ("", ""))
        item["input_text"], item["output_text"] = found


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
