-- 返金ポリシー
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (TraceId, SpanId) GLOBAL IN
        (
            SELECT TraceId, SpanId
            FROM watchkeeper.span_content
            WHERE Project = {p0:String}
                AND EventDay >= {p3:Date} AND EventDay <= {p4:Date}
                AND (positionCaseInsensitiveUTF8(Words, {p5:String}) > 0)
        )
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = datetime.date(2026, 11, 19)
-- p4 = datetime.date(2026, 11, 22)
-- p5 = '返金ポリシー'
-- p6 = 1001
