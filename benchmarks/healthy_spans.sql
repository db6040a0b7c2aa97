-- Calls of an application that is well: busier by day than at night and on Saturdays and Sundays, in hours that are
-- busier or quieter by chance, with the failures, refusals and slow answers that are always there. A parameter is a
-- share from 0 to 1, or a factor, and what an incident changes.

INSERT INTO {database}.spans
(
    Project, EventDay, Timestamp, TraceId, SpanId, SpanName, ServiceName, Duration, Kind, Operation, Provider,
    RequestModel, ResponseModel, InputTokens, OutputTokens, CostUsd, CostSource, TimeToFirstTokenMs, IsStreaming,
    FinishReason, IsError, ErrorStatus, UserId, Environment, Feature, ToolName, ToolArgsHash, HasOutput, OutputChars, IsTruncated,
    IsEmpty, IsJsonExpected, IsJson, HasCodeFence, IsRefusal, SecretHits, GuardrailResult
)
WITH
    cityHash64(number, 'span', {seed:UInt64}) AS of_span,
    cityHash64(intDiv(number, 10), 'trace', {seed:UInt64}) AS of_trace,
    (x, y) -> cityHash64(x, y) / 18446744073709551616.0 AS uniform,
    (x, y) -> sqrt(-2 * log(1e-12 + uniform(x, concat(y, 'r')))) * cos(2 * pi() * uniform(x, concat(y, 'a'))) AS normal,
    {from_s:Float64} + (number - {first:UInt64}) * {pause_s:Float64} AS at_s,
    1 + 0.8 * sin((at_s / 3600 - 9) / 12 * pi()) AS daily,
    if((intDiv(toInt64(at_s), 86400) + 3) % 7 >= 5, 0.55, 1) AS weekly,
    exp(0.12 * normal(intDiv(toInt64(at_s), 3600), 'hour')) AS by_chance,
    fromUnixTimestamp64Nano(toInt64((at_s + {pause_s:Float64} * uniform(of_span, 'at')) * 1e9)) AS start,
    1 + toUInt8(of_trace % 3) AS service,
    1 + toUInt8(of_span % 2) + 2 * toUInt8(service = 2) AS place,
    uniform(of_span, 'tool') < 0.2 AS is_tool,
    place <= 2 AS is_struck,
    uniform(of_span, 'fate') AS fate,
    NOT is_tool AND is_struck AND fate < {failing:Float64} AS fails_by_incident,
    NOT is_tool AND is_struck AND fate BETWEEN {failing:Float64} AND {failing:Float64} + {limited:Float64} AS limited_by_incident,
    fate > 0.997 AS fails_anyway,
    fate BETWEEN 0.994 AND 0.997 AS limited_anyway,
    uniform(of_trace, 'user') AS whose,
    service = 3 AND NOT is_tool AND uniform(of_span, 'form') < 0.5 AS is_json_due
SELECT
    'default',
    toDate(start),
    start,
    lower(hex(of_trace)),
    lower(hex(of_span)),
    if(is_tool, 'execute_tool search', 'chat'),
    ['assistant', 'support', 'search'][service],
    toUInt64(1e9 * 1.2 * exp(0.6 * normal(of_span, 'long')) * if(is_struck, {slowness:Float64}, 1)),
    if(is_tool, 'tool', 'llm'),
    if(is_tool, 'execute_tool', 'chat'),
    if(is_tool, '', ['openai', 'openai', 'anthropic', 'anthropic'][place]) AS Provider,
    if(is_tool, '', ['gpt-5', 'gpt-5-mini', 'claude-haiku-4-5', 'claude-sonnet-4-6'][place]) AS RequestModel,
    RequestModel,
    if(is_tool OR IsError, NULL, toUInt64(900 * exp(0.7 * normal(of_span, 'in')))) AS InputTokens,
    if(is_tool OR IsError, NULL, toUInt64(180 * exp(0.6 * normal(of_span, 'out')) * if(is_struck, {talkative:Float64}, 1)))
        AS OutputTokens,
    if(is_tool OR IsError, NULL, (2 * InputTokens + 10 * OutputTokens) / 1e6 * {dearness:Float64}
        * if(UserId = 'u7', {greed:Float64}, 1)) AS CostUsd,
    if(is_tool OR IsError, '', 'computed'),
    if(is_tool OR IsError, NULL, 450 * exp(0.5 * normal(of_span, 'first')) * if(is_struck, {slowness:Float64}, 1)),
    NOT is_tool,
    multiIf(is_tool OR IsError, '', uniform(of_span, 'cut') < 0.02 + if(is_struck, {cut:Float64}, 0), 'length', 'stop')
        AS FinishReason,
    NOT is_tool AND (fails_by_incident OR limited_by_incident OR fails_anyway OR limited_anyway) AS IsError,
    multiIf(NOT IsError, 0, limited_by_incident OR (limited_anyway AND NOT fails_by_incident), 429, 503) AS ErrorStatus,
    concat('u', toString(toUInt32(200 * whose * whose))) AS UserId,
    'production',
    ['shopping', 'support', 'search'][service],
    if(is_tool, 'search', ''),
    if(is_tool, of_span, 0),
    NOT is_tool AND NOT IsError AS HasOutput,
    if(HasOutput, 700, 0),
    FinishReason = 'length',
    HasOutput AND uniform(of_span, 'empty') < 0.004 + if(is_struck, {empty:Float64}, 0),
    is_json_due,
    HasOutput AND is_json_due AND uniform(of_span, 'json') > 0.01 + {broken:Float64},
    HasOutput AND uniform(of_span, 'fence') < 0.03 + if(is_struck, {fenced:Float64}, 0),
    HasOutput AND uniform(of_span, 'no') < 0.012 + if(is_struck, {refusing:Float64}, 0),
    if(uniform(of_span, 'secret') < {leaking:Float64}, 1, 0),
    if(is_tool OR IsError, '', if(uniform(of_span, 'guard') < 0.02 * {guarded:Float64}, 'block', 'pass'))
FROM numbers({first:UInt64}, {count:UInt64})
WHERE uniform(of_span, 'season') * 3 < daily * weekly * by_chance * {volume:Float64}
