SELECT
    Project,
    which,
    0 AS bucket,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS counted,
    '' AS example,
    substringUTF8(toString(if(ResponseModel != '', ResponseModel, RequestModel)), 1, 256) AS d0,
    substringUTF8(toString(SpanAttributes[{p3:String}]), 1, 256) AS d1,
    if(countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) = 0, NULL, countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate AND IsError) / countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)) AS m0,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m1
FROM watchkeeper.spans
ARRAY JOIN arrayFilter((place, keeps) -> keeps, [0, 1, 2], [
    toBool(Project IN {p0:Array(String)} AND (IsError)),
    toBool(Project IN {p1:Array(String)} AND UserId = {p2:String}),
    toBool(Project IN {p0:Array(String)})
]) AS which
WHERE Project IN {p1:Array(String)}
    AND Timestamp >= fromUnixTimestamp64Nano({p6:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p5:Int64})
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) >= {p4:Int64}
    AND (toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) < {p5:Int64}
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
GROUP BY Project, which, bucket, d0, d1
LIMIT {p7:UInt32} BY Project, which
LIMIT {p8:UInt32}
-- p0 = ['shop']
-- p1 = ['other', 'shop']
-- p2 = 'u1'
-- p3 = 'tenant'
-- p4 = 1795132800000000000
-- p5 = 1795133100000000000
-- p6 = 1795129200000000000
-- p7 = 10001
-- p8 = 500000
