"""Scores: the newest word of each, one by one and by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.source import Slice, Source, at, in_window
from watchkeeper_collector.query.times import Window, render_time

MOST_NAMES = 1_000
MOST_LABELS = 20
NEWEST_SCORES = "SELECT * FROM {database}.current_scores WHERE Project = {project}"

LIST = """SELECT
    Id AS id,
    Name AS name,
    DataType AS data_type,
    Value AS value,
    Label AS label,
    TraceId AS trace_id,
    SpanId AS span_id,
    SessionId AS session_id,
    UserId AS user_id,
    Source AS source,
    Comment AS comment,
    Metadata AS metadata,
    toUnixTimestamp64Nano(Timestamp) AS timestamp,
    toUnixTimestamp64Nano(ReceivedAt) AS received_at,
    ApiKeyId AS api_key_id
FROM {database}.current_scores
WHERE {conditions}
ORDER BY Timestamp DESC, Id DESC
LIMIT {limit}"""

NAMES = f"""SELECT
    toString(Name) AS name,
    toString(argMax(DataType, Timestamp)) AS data_type,
    count() AS count,
    uniqExactIf(TraceId, TraceId != '') AS trace_count,
    avg(Value) AS mean,
    min(Value) AS low,
    max(Value) AS high,
    topKWeighted({MOST_LABELS}, 10, 'counts')(toString(Label), toUInt64(Label != '')) AS labels,
    arraySort(groupUniqArrayIf(20)(toString(Source), Source != '')) AS sources,
    toUnixTimestamp64Nano(max(Timestamp)) AS last_seen
FROM {{database}}.current_scores
WHERE {{conditions}}
GROUP BY name
ORDER BY count DESC, name
LIMIT {MOST_NAMES}"""

OF_TRACES = """TraceId GLOBAL IN
    (
        SELECT TraceId
        FROM {database}.spans
        WHERE {conditions}
            AND TraceId GLOBAL IN (SELECT TraceId FROM {database}.scores WHERE Project = {project})
    )"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Scores given in the slice's window, on traces with a span that its filter keeps, whenever that was.

    ``equal`` has the values of columns; an empty one is any.
    """

    slice: Slice
    equal: Mapping[str, str] = field(default_factory=dict)

    def conditions(self, bindings: Bindings, source: Source) -> list[str]:
        project = bindings.bind(self.slice.project)
        found = [f"Project = {project}", *in_window(self.slice.window, bindings)]
        found += [f"{column} = {bindings.bind(value)}" for column, value in self.equal.items() if value]
        if self.slice.filter.strip():
            anytime = Slice(
                self.slice.project, Window(), self.slice.filter, self.slice.may_search_content
            ).conditions(bindings, source)
            traces = OF_TRACES.replace("{conditions}", "\n            AND ".join(anytime))
            found.append(traces.replace("{database}", source.database).replace("{project}", project))
        return found


def list_scores(source: Source, wanted: Wanted, *, limit: int, cursor: str = "") -> Page:
    """A page of the scores, newest first; with their comments for who may see content."""
    place = read_cursor(cursor, (int, str))
    bindings = Bindings()
    conditions = wanted.conditions(bindings, source)
    if place is not None:
        conditions.append(f"(Timestamp, Id) < ({at(int(place[0]), bindings)}, {bindings.bind(place[1])})")
    sql = (
        LIST.replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).dicts()
    last = rows[limit - 1] if len(rows) > limit else None
    items = [_render(row, may_see=wanted.slice.may_search_content) for row in rows[:limit]]
    return Page(items, render_cursor((last["timestamp"], last["id"])) if last else None)


def list_names(source: Source, wanted: Wanted) -> Page:
    """What was given under each name, the most frequent first."""
    bindings = Bindings()
    sql = NAMES.replace("{database}", source.database).replace(
        "{conditions}", "\n    AND ".join(wanted.conditions(bindings, source))
    )
    return Page([_render_name(row) for row in source.query(sql, bindings).dicts()], None)


def _render(row: Mapping[str, Any], *, may_see: bool) -> dict[str, Any]:
    times = {key: render_time(row[key]) for key in ("timestamp", "received_at")}
    return {**row, **times, "comment": row["comment"] if may_see else None}


def _render_name(row: Mapping[str, Any]) -> dict[str, Any]:
    labels = [{"label": top["item"], "count": top["count"]} for top in row["labels"] if top["item"]]
    numbers = {key: jsonable(row[key]) for key in ("mean", "low", "high")}
    return {**row, **numbers, "labels": labels, "last_seen": render_time(row["last_seen"])}
