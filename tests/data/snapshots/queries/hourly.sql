SELECT
    intDiv(toUnixTimestamp64Nano(Timestamp), {p3:Int64}) AS bucket,
    toString(if(ResponseModel != '', ResponseModel, RequestModel)) AS d0,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0,
    if(countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) = 0, NULL, countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate AND IsError) / countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)) AS m1
FROM watchkeeper.spans
WHERE Project = {p0:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
GROUP BY d0, bucket
ORDER BY d0, bucket WITH FILL FROM 498648 TO 498672 STEP 1
INTERPOLATE (m0 AS 0)
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 3600000000000
