-- NOT (kind:tool OR kind:agent) AND -is:root
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (NOT ((Kind = {p3:String} OR Kind = {p4:String})) AND NOT ((ParentSpanId = '')))
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 'tool'
-- p4 = 'agent'
