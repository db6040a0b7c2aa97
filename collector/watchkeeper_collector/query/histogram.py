"""How a number is distributed over time: what heat maps show. Buckets grow by a fixed ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.dimensions import unknown
from watchkeeper_collector.query.measures import CALLS, Unit
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import render_time

BUCKETS_PER_DOUBLING = 4
LOWEST, HIGHEST = -80, 120
"""Numbers of the outermost buckets: 2^-20 and 2^30; what lies beyond is counted in them, and so is zero."""

SQL = """SELECT
    intDiv(toUnixTimestamp64Nano(Timestamp), {step}) AS interval,
    {bucket} AS bucket,
    count() AS calls
FROM {database}.spans
WHERE {conditions}
GROUP BY interval, bucket"""

# Powers of two are exact, so that a bound lies in its own bucket.
BUCKET = "toInt16(greatest({lowest}, least({highest}, floor(log2({value}) * {per_doubling}))))"


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


def find_distributed(name: str) -> Distributed:
    if name not in DISTRIBUTED:
        raise InvalidQueryError(unknown(name, "distribution", DISTRIBUTED))
    return DISTRIBUTED[name]


def count_buckets(source: Source, slice_: Slice, number: Distributed, step_ns: int) -> Histogram:
    """Calls by interval and bucket; the window has both ends. Without calls there are no bounds."""
    bindings = Bindings()
    conditions = [
        *slice_.conditions(bindings, source),
        CALLS,
        *([number.is_known] if number.is_known else []),
    ]
    sql = (
        SQL.replace("{step}", bindings.bind(step_ns, "Int64"))
        .replace("{bucket}", bucket_sql(number.sql))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
    )
    window = slice_.window
    first, last = (window.start_ns or 0) // step_ns, -(-(window.end_ns or 0) // step_ns)
    return _arrange(source.query(sql, bindings).rows, range(first, last), step_ns)


def bucket_sql(value: str) -> str:
    """The number of the bucket that a value is in."""
    return (
        BUCKET.replace("{lowest}", str(LOWEST))
        .replace("{highest}", str(HIGHEST))
        .replace("{value}", value)
        .replace("{per_doubling}", str(BUCKETS_PER_DOUBLING))
    )


def _arrange(rows: Sequence[Sequence[Any]], intervals: range, step_ns: int) -> Histogram:
    found = {(interval, bucket): calls for interval, bucket, calls in rows}
    numbers = {bucket for _, bucket in found}
    buckets = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    return Histogram(
        [render_time(interval * step_ns) for interval in intervals],
        [2 ** (number / BUCKETS_PER_DOUBLING) for number in (*buckets, buckets.stop) if numbers],
        [[found.get((interval, bucket), 0) for bucket in buckets] for interval in intervals],
    )
