SELECT
    intDiv(toUnixTimestamp64Nano(Timestamp), {p5:Int64}) AS bucket,
    if((toString(if(ResponseModel != '', ResponseModel, RequestModel)), toString(UserId)) IN (SELECT arrayJoin(arrayZip({p3:Array(String)}, {p4:Array(String)}))), toString(if(ResponseModel != '', ResponseModel, RequestModel)), NULL) AS d0,
    if((toString(if(ResponseModel != '', ResponseModel, RequestModel)), toString(UserId)) IN (SELECT arrayJoin(arrayZip({p3:Array(String)}, {p4:Array(String)}))), toString(UserId), NULL) AS d1,
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0
FROM watchkeeper.spans
WHERE Project = {p0:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
GROUP BY d0, d1, bucket
ORDER BY d0, d1, bucket WITH FILL FROM 498648 TO 498672 STEP 1
INTERPOLATE (m0 AS 0)
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = ['gpt-4o', '']
-- p4 = ['u1', 'u2']
-- p5 = 3600000000000
