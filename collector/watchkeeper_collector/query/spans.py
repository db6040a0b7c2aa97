"""The list of spans, newest first."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import Place, read_cursor, render_cursor
from watchkeeper_collector.query.newest import newest_parts
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
    place = read_cursor(cursor, (int, str, str))
    before_ns = int(place[0]) if place else None
    rows: list[dict[str, Any]] = []
    for part in newest_parts(source, slice_, limit + 1, before_ns):
        rows = _load(source, part, limit + 1, place)
        if len(rows) > limit:
            break
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


def _load(source: Source, slice_: Slice, limit: int, place: Place | None) -> list[dict[str, Any]]:
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    if place is not None:
        time = at(int(place[0]), bindings)
        ids = f"{bindings.bind(place[1])}, {bindings.bind(place[2])}"
        conditions += [f"Timestamp <= {time}", f"(Timestamp, TraceId, SpanId) < ({time}, {ids})"]
    sql = (
        LIST.replace("{columns}", ",\n    ".join(summary_columns()))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return source.query(sql, bindings).dicts()


def _next(rows: list[dict[str, Any]], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return render_cursor((last["timestamp"], last["trace_id"], last["span_id"]))
