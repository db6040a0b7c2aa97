SELECT
    Project,
    0 AS which,
    0 AS bucket,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS counted,
    '' AS example,
    substringUTF8(toString(if(ResponseModel != '', ResponseModel, RequestModel)), 1, 256) AS d0,
    substringUTF8(toString(SpanAttributes[{p1:String}]), 1, 256) AS d1,
    if(countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) = 0, NULL, countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate AND IsError) / countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)) AS m0,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m1
FROM watchkeeper.spans
WHERE Project IN {p0:Array(String)}
    AND Timestamp >= fromUnixTimestamp64Nano({p4:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p3:Int64})
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) >= {p2:Int64}
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) < {p3:Int64}
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
    AND Project IN {p0:Array(String)} AND (IsError)
GROUP BY Project, which, bucket, d0, d1
LIMIT {p5:UInt32} BY Project, which
LIMIT {p6:UInt32}
-- p0 = ['shop']
-- p1 = 'tenant'
-- p2 = 1795132800000000000
-- p3 = 1795133100000000000
-- p4 = 1795129200000000000
-- p5 = 10001
-- p6 = 500000
