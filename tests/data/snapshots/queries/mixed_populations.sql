SELECT
    toString(ServiceName) AS d0,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0,
    if(countIf(Kind = 'tool' AND NOT IsDuplicate) = 0, NULL, countIf(Kind = 'tool' AND NOT IsDuplicate AND IsError) / countIf(Kind = 'tool' AND NOT IsDuplicate)) AS m1
FROM watchkeeper.spans
WHERE Project = {p0:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate OR Kind = 'tool' AND NOT IsDuplicate)
GROUP BY d0
ORDER BY d0 ASC NULLS LAST, d0
LIMIT {p3:UInt32}
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 100
