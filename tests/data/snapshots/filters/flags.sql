-- is:call is:root is:streaming is:duplicate is:unpriced status:ok
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND ((Kind IN ('llm', 'embedding', 'reranker') AND NOT IsDuplicate) AND (ParentSpanId = '') AND (IsStreaming) AND (IsDuplicate) AND (CostSource = 'unpriced') AND (NOT IsError))
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
