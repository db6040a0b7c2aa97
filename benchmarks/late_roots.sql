-- Traces in two inserts: first the calls, then the roots, which alone know the user and the session.

INSERT INTO watchkeeper.otel_traces
(
    Timestamp,
    TraceId,
    SpanId,
    ParentSpanId,
    SpanName,
    SpanKind,
    ServiceName,
    SpanAttributes,
    Duration,
    StatusCode
)
WITH
    {are_roots:Bool} AS is_root,
    if(is_root, number, intDiv(number, {calls_per_trace:UInt32})) AS trace,
    lower(hex(cityHash64({round:UInt32}, trace, 'root'))) AS root_id
SELECT
    now64(9) AS Timestamp,
    lower(hex(sipHash128({round:UInt32}, trace))) AS TraceId,
    if(is_root, root_id, lower(hex(cityHash64({round:UInt32}, number, 'call')))) AS SpanId,
    if(is_root, '', root_id) AS ParentSpanId,
    if(is_root, 'invoke_agent shop-bot', 'chat gpt-4o') AS SpanName,
    if(is_root, 'Internal', 'Client') AS SpanKind,
    'shop-bot' AS ServiceName,
    mapConcat(
        map(
            'gen_ai.operation.name', if(is_root, 'invoke_agent', 'chat'),
            'gen_ai.provider.name', 'openai',
            'gen_ai.request.model', 'gpt-4o',
            'gen_ai.response.id', concat('chatcmpl-', SpanId)),
        if(is_root, map('user.id', concat('u', toString(trace)), 'session.id', concat('s', toString(trace))), map())) AS SpanAttributes,
    1000000000 AS Duration,
    'Unset' AS StatusCode
FROM numbers({count:UInt64})
