-- cost:0.01..0.2 tokens:>=10k ttft:<500ms latency:1.5m error_status:429 attr.score:>0.5
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND ((ifNull(CostUsd >= {p3:Float64}, 0) AND ifNull(CostUsd <= {p4:Float64}, 0)) AND ifNull(InputTokens + OutputTokens >= {p5:Float64}, 0) AND ifNull(TimeToFirstTokenMs < {p6:Float64}, 0) AND ifNull(Duration = {p7:Float64}, 0) AND ifNull(nullIf(ErrorStatus, 0) = {p8:Float64}, 0) AND ifNull(toFloat64OrNull(SpanAttributes[{p9:String}]) > {p10:Float64}, 0))
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 0.01
-- p4 = 0.2
-- p5 = 10000.0
-- p6 = 500.0
-- p7 = 90000000000.0
-- p8 = 429.0
-- p9 = 'score'
-- p10 = 0.5
