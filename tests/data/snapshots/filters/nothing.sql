--
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
