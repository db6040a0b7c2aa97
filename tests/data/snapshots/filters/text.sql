-- service:web release:=a*b name:"x*" user:* session:"" model:*mini
Project = {p0:String}
AND Timestamp >= fromUnixTimestamp64Nano({p1:Int64})
AND Timestamp < fromUnixTimestamp64Nano({p2:Int64})
AND (ServiceName = {p3:String} AND Release = {p4:String} AND SpanName = {p5:String} AND UserId != '' AND SessionId = {p6:String} AND if(ResponseModel != '', ResponseModel, RequestModel) LIKE {p7:String})
-- p0 = 'shop'
-- p1 = 1795132800000000000
-- p2 = 1795219200000000000
-- p3 = 'web'
-- p4 = 'a*b'
-- p5 = 'x*'
-- p6 = ''
-- p7 = '%mini'
