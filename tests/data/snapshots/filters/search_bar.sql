-- model:gpt-4o* -status:error cost:>0.10 latency:>=2s user:(u1 OR u2) attr.tenant:acme "refund policy"
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (if(ResponseModel != '', ResponseModel, RequestModel) LIKE {p3:String} AND NOT ((IsError)) AND ifNull(CostUsd > {p4:Float64}, 0) AND ifNull(Duration >= {p5:Float64}, 0) AND (UserId = {p6:String} OR UserId = {p7:String}) AND SpanAttributes[{p8:String}] = {p9:String} AND (TraceId, SpanId) GLOBAL IN
        (
            SELECT TraceId, SpanId
            FROM watchkeeper.span_content
            WHERE Project = {p0:String}
                AND EventDay >= {p10:Date} AND EventDay <= {p11:Date}
                AND (hasPhrase(lower(Words), {p12:String}))
        ))
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 'gpt-4o%'
-- p4 = 0.1
-- p5 = 2000000000.0
-- p6 = 'u1'
-- p7 = 'u2'
-- p8 = 'tenant'
-- p9 = 'acme'
-- p10 = datetime.date(2026, 11, 19)
-- p11 = datetime.date(2026, 11, 22)
-- p12 = 'refund policy'
-- p13 = 1001
