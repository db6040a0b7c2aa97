-- attr."it's":x resource.host.name:h*
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (SpanAttributes[{p3:String}] = {p4:String} AND ResourceAttributes[{p5:String}] LIKE {p6:String})
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = "it's"
-- p4 = 'x'
-- p5 = 'host.name'
-- p6 = 'h%'
