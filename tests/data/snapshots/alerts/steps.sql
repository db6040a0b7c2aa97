SELECT
    Project,
    0 AS which,
    intDiv((toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) - {p0:Int64}, {p1:Int64}) AS bucket,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS counted,
    '' AS example,
    sumKahanIf(CostUsd, Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0
FROM watchkeeper.spans
WHERE Project IN {p2:Array(String)}
    AND Timestamp >= fromUnixTimestamp64Nano({p4:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p3:Int64})
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) >= {p0:Int64}
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) < {p3:Int64}
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
    AND Project IN {p2:Array(String)}
GROUP BY Project, which, bucket
LIMIT {p5:UInt32} BY Project, which
LIMIT {p5:UInt32}
-- p0 = 1795132800000000000
-- p1 = 60000000000
-- p2 = ['shop']
-- p3 = 1795133100000000000
-- p4 = 1795129200000000000
-- p5 = 500000
