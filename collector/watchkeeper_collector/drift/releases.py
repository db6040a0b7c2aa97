"""The releases of a project, with how each does."""

from typing import Any

from watchkeeper_collector.drift.features import ANSWERS, CALLS
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import render_time

MOST_RELEASES = 200

RELEASES = f"""SELECT
    toString(Release) AS release,
    toUnixTimestamp64Nano(min(Timestamp)) AS first_seen,
    toUnixTimestamp64Nano(max(Timestamp)) AS last_seen,
    countIf({CALLS}) AS call_count,
    uniqExactIf(cityHash64(if(SessionId != '', SessionId, TraceId)), {CALLS}) AS unit_count,
    if(call_count = 0, NULL, countIf({CALLS} AND IsError) / call_count) AS error_rate,
    quantileIf(0.95)(Duration / 1e6, {CALLS} AND NOT IsError) AS latency_p95_ms,
    sumKahanIf(CostUsd, {CALLS}) AS cost_usd,
    avgIf(CostUsd, {CALLS}) AS cost_per_call_usd,
    if(countIf({ANSWERS}) = 0, NULL, countIf({ANSWERS} AND IsRefusal) / countIf({ANSWERS})) AS refusal_rate,
    arraySort(groupUniqArrayIf(10)(toString(ServiceName), ServiceName != '')) AS services,
    arraySort(groupUniqArrayIf(10)(
        toString(if(ResponseModel != '', ResponseModel, RequestModel)), {CALLS})) AS models
FROM {{database}}.spans
WHERE {{conditions}}
    AND Release != ''
GROUP BY release
ORDER BY first_seen DESC, release DESC
LIMIT {MOST_RELEASES}"""


def list_releases(source: Source, wanted: Slice) -> list[dict[str, Any]]:
    """Releases with a span in the slice, the one that was first seen last first."""
    bindings = Bindings()
    sql = RELEASES.replace("{database}", source.database).replace(
        "{conditions}", "\n    AND ".join(wanted.conditions(bindings, source))
    )
    rows = source.query(sql, bindings).dicts()
    return [
        {name: jsonable(value) for name, value in row.items()}
        | {"first_seen": render_time(row["first_seen"]), "last_seen": render_time(row["last_seen"])}
        for row in rows
    ]
