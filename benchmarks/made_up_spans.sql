-- Spans of language model calls, made up from their numbers: eight a trace, in order of time, text of its own in each.
-- They enter by the door for foreign writers, and are normalised and priced as all are.

INSERT INTO watchkeeper.otel_traces
(
    Timestamp,
    ReceivedAt,
    TraceId,
    SpanId,
    ParentSpanId,
    SpanName,
    SpanKind,
    ServiceName,
    ResourceAttributes,
    ScopeName,
    SpanAttributes,
    Duration,
    StatusCode,
    StatusMessage
)
WITH
    intDiv(number, {spans_per_trace:UInt32}) AS trace,
    number % {spans_per_trace:UInt32} = 0 AS is_root,
    cityHash64(trace) AS of_trace,
    cityHash64(number, 'span') AS of_span,
    fromUnixTimestamp64Nano({since_ns:Int64} + toInt64(trace * {pause_ns:UInt64})) AS start,
    ['gpt-4o-2024-08-06', 'gpt-4o-mini-2024-07-18', 'gpt-4.1-2025-04-14'][1 + of_span % 3] AS model,
    (chars, salt) -> arrayStringConcat(arrayMap(
        i -> {words:Array(String)}[1 + toUInt32(2000 * pow(cityHash64(number, salt, i) / 18446744073709551616., 2.2))],
        range(intDiv(chars, 6))), ' ') AS text
SELECT
    start + toIntervalMillisecond(if(is_root, 0, of_span % 1000)) AS Timestamp,
    Timestamp AS ReceivedAt,
    lower(hex(sipHash128(trace))) AS TraceId,
    lower(hex(of_span)) AS SpanId,
    if(is_root, '', lower(hex(cityHash64(trace * {spans_per_trace:UInt32}, 'span')))) AS ParentSpanId,
    if(is_root, 'invoke_agent shop-bot', concat('chat ', model)) AS SpanName,
    if(is_root, 'Internal', 'Client') AS SpanKind,
    ['shop-bot', 'support-bot', 'search'][1 + of_trace % 3] AS ServiceName,
    map('service.name', ServiceName, 'deployment.environment.name', 'prod') AS ResourceAttributes,
    'benchmarks' AS ScopeName,
    map(
        'gen_ai.operation.name', if(is_root, 'invoke_agent', 'chat'),
        'gen_ai.provider.name', 'openai',
        'gen_ai.request.model', model,
        'gen_ai.response.model', model,
        'gen_ai.request.temperature', '0.7',
        'gen_ai.usage.input_tokens', toString(1 + of_span % 5000),
        'gen_ai.usage.output_tokens', toString(1 + of_span % 900),
        'gen_ai.response.id', concat('chatcmpl-', lower(hex(of_span))),
        'gen_ai.response.finish_reasons', '["stop"]',
        'server.address', 'api.openai.com',
        'gen_ai.conversation.id', concat('s', toString(intDiv(trace, 4))),
        'user.id', concat('u', toString(of_trace % 500)),
        'app.feature', ['search', 'chat', 'summarise'][1 + of_trace % 3],
        'app.tenant', concat('t', toString(of_trace % 40)),
        'gen_ai.input.messages',
        concat('[{"role": "user", "parts": [{"type": "text", "content": "', text(1150, 'in'), '"}]}]'),
        'gen_ai.output.messages',
        concat('[{"role": "assistant", "parts": [{"type": "text", "content": "', text(950, 'out'), '"}]}]')
    ) AS SpanAttributes,
    toUInt64(1000000 * (if(is_root, 3000, 100) + of_span % 4000)) AS Duration,
    if(of_span % 50 = 0, 'Error', 'Unset') AS StatusCode,
    if(of_span % 50 = 0, 'rate limited', '') AS StatusMessage
FROM numbers({first:UInt64}, {count:UInt64})
