SELECT
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0,
    sumKahanIf(CostUsd, Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m1
FROM watchkeeper.spans
WHERE Project = {p0:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
ORDER BY m0 DESC NULLS LAST
LIMIT {p3:UInt32}
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 100
