SELECT
    Project,
    0 AS which,
    0 AS bucket,
    countIf(Name = {p0:String} AND Value IS NOT NULL) AS counted,
    '' AS example,
    substringUTF8(toString(if(ResponseModel != '', ResponseModel, RequestModel)), 1, 256) AS d0,
    if(isFinite(ifNull(avgIf(Value, Name = {p0:String} AND Value IS NOT NULL), nan)), avgIf(Value, Name = {p0:String} AND Value IS NOT NULL), NULL) AS m0
FROM (SELECT * FROM (
    SELECT
        said.Project AS Project,
        said.Timestamp AS Timestamp,
        said.Name AS Name,
        said.Value AS Value, judged.ResponseModel AS ResponseModel, judged.RequestModel AS RequestModel
    FROM (SELECT * FROM watchkeeper.current_scores WHERE Project = {p1:String} AND Timestamp >= fromUnixTimestamp64Nano({p2:Int64}) AND Timestamp < fromUnixTimestamp64Nano({p3:Int64}) AND TraceId GLOBAL IN
    (
        SELECT TraceId
        FROM watchkeeper.spans
        WHERE Project = {p1:String}
            AND (NOT IsError)
            AND TraceId GLOBAL IN (SELECT TraceId FROM watchkeeper.scores WHERE Project = {p1:String})
    )) AS said
    GLOBAL ANY LEFT JOIN
    (
        SELECT TraceId, SpanId, ResponseModel, RequestModel
        FROM watchkeeper.spans
        WHERE Project = {p1:String} AND TraceId GLOBAL IN (SELECT TraceId FROM watchkeeper.scores WHERE Project = {p1:String}) AND SpanId GLOBAL IN (SELECT SpanId FROM watchkeeper.scores WHERE Project = {p1:String})
        UNION ALL
        SELECT TraceId, '' AS SpanId, argMinIf(spans.ResponseModel, spans.Timestamp, notEmpty(spans.ResponseModel)) AS ResponseModel, argMinIf(spans.RequestModel, spans.Timestamp, notEmpty(spans.RequestModel)) AS RequestModel
        FROM watchkeeper.spans AS spans
        WHERE Project = {p1:String} AND TraceId GLOBAL IN (SELECT TraceId FROM watchkeeper.scores WHERE Project = {p1:String})
        GROUP BY TraceId
    ) AS judged ON judged.TraceId = said.TraceId AND judged.SpanId = said.SpanId
))
WHERE 1
GROUP BY Project, which, bucket, d0
LIMIT {p4:UInt32} BY Project, which
LIMIT {p5:UInt32}
-- p0 = 'quality'
-- p1 = 'shop'
-- p2 = 1795132800000000000
-- p3 = 1795133100000000000
-- p4 = 10001
-- p5 = 500000
