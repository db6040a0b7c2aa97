"""The figures of whole traces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import CALLS, COUNTED
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.source import Source, at
from watchkeeper_collector.query.times import render_time

MOST_NAMES = 20
MODEL = DIMENSIONS["model"].sql

# Where no span is without a parent, the first one stands for the root that never came.
SUMMARY = f"""SELECT
    TraceId AS trace_id,
    toUnixTimestamp64Nano(min(Timestamp)) AS timestamp,
    max(toInt128(toUnixTimestamp64Nano(Timestamp)) + Duration) - timestamp AS duration,
    argMin(
        (SpanId, ParentSpanId, SpanName, ServiceName, IsError),
        (ParentSpanId != '', Timestamp, SpanId)) AS root,
    count() AS span_count,
    countIf({CALLS}) AS call_count,
    countIf({COUNTED} AND IsError) AS error_count,
    sumIf(InputTokens, {CALLS}) AS input_tokens,
    sumIf(OutputTokens, {CALLS}) AS output_tokens,
    sumKahanIf(CostUsd, {CALLS}) AS cost_usd,
    countIf({CALLS} AND CostSource = 'unpriced') AS unpriced_call_count,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(ServiceName), ServiceName != '')) AS services,
    arraySort(groupUniqArrayIf({MOST_NAMES})({MODEL} AS model, model != '')) AS models,
    arraySort(groupUniqArrayIf({MOST_NAMES})(UserId, UserId != '')) AS users,
    arraySort(groupUniqArrayIf({MOST_NAMES})(SessionId, SessionId != '')) AS sessions,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(Environment), Environment != '')) AS environments,
    arraySort(groupUniqArrayIf({MOST_NAMES})(toString(Release), Release != '')) AS releases
FROM {{database}}.spans
WHERE {{conditions}}
GROUP BY TraceId"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a trace lies: what ``trace_index`` knows of it."""

    trace_id: str
    start_ns: int
    last_ns: int
    days: Sequence[date]


def summarise(source: Source, project: str, traces: Sequence[Bounds]) -> list[dict[str, Any]]:
    """The figures of each trace, in the given order, over all its spans.

    A duplicate is a span, and counts nowhere else.
    """
    if not traces:
        return []
    bindings = Bindings()
    sql = SUMMARY.replace("{database}", source.database).replace(
        "{conditions}", "\n    AND ".join(within(project, traces, bindings))
    )
    found = {row["trace_id"]: _render(row) for row in source.query(sql, bindings).dicts()}
    return [found[trace.trace_id] for trace in traces if trace.trace_id in found]


def within(project: str, traces: Sequence[Bounds], bindings: Bindings) -> list[str]:
    """The conditions on ``spans`` for all spans of these traces and no others, that read little."""
    days = sorted({day for trace in traces for day in trace.days})
    return [
        f"Project = {bindings.bind(project)}",
        f"EventDay IN {bindings.bind(days, 'Array(Date)')}",
        f"Timestamp >= {at(min(trace.start_ns for trace in traces), bindings)}",
        f"Timestamp <= {at(max(trace.last_ns for trace in traces), bindings)}",
        f"TraceId IN {bindings.bind([trace.trace_id for trace in traces], 'Array(String)')}",
    ]


def _render(row: dict[str, Any]) -> dict[str, Any]:
    root_id, parent_id, name, service, is_error = row.pop("root")
    duration = int(row["duration"])
    figures = {key: jsonable(value) for key, value in row.items()}
    return figures | {
        "name": name,
        "service_name": service,
        "is_error": is_error,
        "root_span_id": None if parent_id else root_id,
        "timestamp": render_time(row["timestamp"]),
        "duration": duration,
        "duration_ms": duration / 1e6,
    }
