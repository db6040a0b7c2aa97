SELECT
    toString(if(ResponseModel != '', ResponseModel, RequestModel)) AS d0,
    toString(SpanAttributes[{p0:String}]) AS d1,
    if(countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) = 0, NULL, countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate AND IsError) / countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)) AS m0,
    if(isFinite(ifNull(quantileExactInclusiveIf(0.95)(Duration / 1e6, Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate), nan)), quantileExactInclusiveIf(0.95)(Duration / 1e6, Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate), NULL) AS m1
FROM watchkeeper.spans
WHERE Project = {p1:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p2:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p3:Int64})
    AND (NOT ((IsError)) AND ifNull(CostUsd > {p4:Float64}, 0))
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
GROUP BY d0, d1
ORDER BY m0 DESC NULLS LAST, d0, d1
LIMIT {p5:UInt32}
-- p0 = 'tenant'
-- p1 = 'shop'
-- p2 = 1795132800000000000
-- p3 = 1795219200000000000
-- p4 = 0.1
-- p5 = 100
