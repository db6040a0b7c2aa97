"""How a number is distributed over time: what heat maps show. Buckets grow by a fixed ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_schemas.rollup import BUCKETS_PER_DOUBLING, bucket_sql

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query import rolled
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.coverage import Coverage, find_coverage
from watchkeeper_collector.query.dimensions import unknown
from watchkeeper_collector.query.measures import CALLS, Unit
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.relation import rolled_up
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import render_time

ROLLED_BUCKETS = {"latency_ms": "LatencyBuckets", "ttft_ms": "FirstTokenBuckets"}
"""What roll-ups have the buckets of."""

SPANS = """SELECT
    intDiv(toUnixTimestamp64Nano(Timestamp), {step}) AS interval,
    {bucket} AS bucket,
    count() AS calls
FROM {database}.spans
WHERE {conditions}
GROUP BY interval, bucket"""

HOURS = """SELECT
    intDiv({time_ns}, {step}) AS interval,
    arrayJoin(mapKeys({buckets}) AS numbers) AS bucket,
    sum({buckets}[bucket]) AS calls
FROM {relation}
WHERE {conditions}
GROUP BY interval, bucket"""


@dataclass(frozen=True, slots=True)
class Distributed:
    """A number of calls; rows without it are left out."""

    name: str
    sql: str
    unit: Unit
    description: str
    is_known: str = ""


DISTRIBUTED = {
    number.name: number
    for number in (
        Distributed("latency_ms", "Duration / 1e6", "ms", "Duration of calls"),
        Distributed(
            "ttft_ms",
            "assumeNotNull(TimeToFirstTokenMs)",
            "ms",
            "Time to the first token of streamed calls",
            "TimeToFirstTokenMs IS NOT NULL",
        ),
        Distributed("cost_usd", "assumeNotNull(CostUsd)", "usd", "Cost of calls", "CostUsd IS NOT NULL"),
        Distributed(
            "input_tokens",
            "assumeNotNull(InputTokens)",
            "tokens",
            "Tokens read by a call",
            "InputTokens IS NOT NULL",
        ),
        Distributed(
            "output_tokens",
            "assumeNotNull(OutputTokens)",
            "tokens",
            "Tokens written by a call",
            "OutputTokens IS NOT NULL",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i][j]``: calls in the interval ``times[i]`` from ``bounds[j]`` to below ``bounds[j + 1]``."""

    times: list[str]
    bounds: list[float]
    counts: list[list[int]]
    is_rolled_up: bool = False


def find_distributed(name: str) -> Distributed:
    if name not in DISTRIBUTED:
        raise InvalidQueryError(unknown(name, "distribution", DISTRIBUTED))
    return DISTRIBUTED[name]


def count_buckets(source: Source, slice_: Slice, number: Distributed, step_ns: int) -> Histogram:
    """Calls by interval and bucket; the window has both ends. Without calls there are no bounds."""
    question = Question(slice_, ["spans"], step_ns=step_ns)
    coverage = find_coverage(source, question) if number.name in ROLLED_BUCKETS else None
    bindings = Bindings()
    if coverage is None:
        sql = _from_spans(source, slice_, number, bindings)
    else:
        sql = _from_hours(source, slice_, coverage, ROLLED_BUCKETS[number.name], bindings)
    rows = source.query(sql.replace("{step}", bindings.bind(step_ns, "Int64")), bindings).rows
    window = slice_.window
    first, last = (window.start_ns or 0) // step_ns, -(-(window.end_ns or 0) // step_ns)
    return _arrange(rows, range(first, last), step_ns, is_rolled_up=coverage is not None)


def _from_spans(source: Source, slice_: Slice, number: Distributed, bindings: Bindings) -> str:
    conditions = [
        *slice_.conditions(bindings, source),
        CALLS,
        *([number.is_known] if number.is_known else []),
    ]
    return (
        SPANS.replace("{bucket}", bucket_sql(number.sql))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
    )


def _from_hours(source: Source, slice_: Slice, coverage: Coverage, buckets: str, bindings: Bindings) -> str:
    relation = rolled_up(source, slice_, coverage, bindings, [buckets, rolled.CALLS])
    return (
        HOURS.replace("{time_ns}", relation.time_ns)
        .replace("{buckets}", buckets)
        .replace("{relation}", relation.text)
        .replace("{conditions}", "\n    AND ".join([*relation.conditions, rolled.CALLS]))
    )


def _arrange(
    rows: Sequence[Sequence[Any]], intervals: range, step_ns: int, *, is_rolled_up: bool
) -> Histogram:
    found = {(interval, bucket): calls for interval, bucket, calls in rows}
    numbers = {bucket for _, bucket in found}
    buckets = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    return Histogram(
        [render_time(interval * step_ns) for interval in intervals],
        [2 ** (number / BUCKETS_PER_DOUBLING) for number in (*buckets, buckets.stop) if numbers],
        [[found.get((interval, bucket), 0) for bucket in buckets] for interval in intervals],
        is_rolled_up,
    )
