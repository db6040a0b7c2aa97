SELECT
    toString(Kind) AS d0,
    count() AS m0
FROM watchkeeper.spans
WHERE Project = {p0:String}
GROUP BY d0
ORDER BY m0 DESC NULLS LAST, d0
LIMIT {p1:UInt32}
-- p0 = 'shop'
-- p1 = 7
