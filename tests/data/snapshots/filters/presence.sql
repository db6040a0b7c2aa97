-- has:user has:cost has:attr.tenant has:resource.host.name has:output
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (UserId != '' AND isNotNull(CostUsd) AND mapContains(SpanAttributes, {p3:String}) AND mapContains(ResourceAttributes, {p4:String}) AND HasOutput)
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 'tenant'
-- p4 = 'host.name'
