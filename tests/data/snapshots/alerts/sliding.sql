SELECT
    Project,
    0 AS which,
    moment AS bucket,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS counted,
    '' AS example,
    substringUTF8(toString(if(ResponseModel != '', ResponseModel, RequestModel)), 1, 256) AS d0,
    if(countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) = 0, NULL, countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate AND IsError) / countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)) AS m0,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m1
FROM watchkeeper.spans
ARRAY JOIN range(toUInt32(greatest(0, intDiv((toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) - {p1:Int64} + {p2:Int64}, {p0:Int64}) - 4)), toUInt32(least(100, intDiv((toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) + {p2:Int64} - {p1:Int64}, {p0:Int64}) + 1))) AS moment
WHERE Project IN {p3:Array(String)}
    AND Timestamp >= fromUnixTimestamp64Nano({p6:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p5:Int64})
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) >= {p4:Int64}
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) < {p5:Int64}
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
    AND Project IN {p3:Array(String)}
GROUP BY Project, which, bucket, d0
LIMIT {p7:UInt32} BY Project, which
LIMIT {p7:UInt32}
-- p0 = 60000000000
-- p1 = 1795133100000000000
-- p2 = 300000000000
-- p3 = ['shop']
-- p4 = 1795132800000000000
-- p5 = 1795139040000000000
-- p6 = 1795129200000000000
-- p7 = 500000
