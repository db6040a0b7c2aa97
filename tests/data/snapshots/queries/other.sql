SELECT
    countIf(Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AS m0
FROM watchkeeper.spans
WHERE Project = {p0:String}
    AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
    AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
    AND (Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate)
    AND NOT (toString(if(ResponseModel != '', ResponseModel, RequestModel)), toString(UserId)) IN (SELECT arrayJoin(arrayZip({p3:Array(String)}, {p4:Array(String)})))
