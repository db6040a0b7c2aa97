-- What was said in the records of {source}, and the features that follow from it; the second leg of their way.

WITH
listed AS
(
    SELECT
        *,
        {{envelope|input_document}} AS input_envelope,
        {{envelope|output_document}} AS output_envelope,
        {{scalar|input_document}} AS input_scalar,
        {{scalar|output_document}} AS output_scalar,
        cached > 0 AND ifNull(input < cached OR {{matches_any:exclusive_cache|ScopeName}}, false) AS is_exclusive_cache,
        ifNull(reasoning, 0) > 0 AND {{matches_any:exclusive_reasoning|ScopeName}} AS is_exclusive_reasoning
    FROM {source}
),

parsed AS
(
    SELECT
        *,
        {{messages|input_document|input_envelope}} AS input_messages,
        {{messages|output_document|output_envelope}} AS output_messages,
        {{other_output_text|output_envelope}} AS other_output,
        {{envelope_finish_reason|output_envelope}} AS envelope_finish_reason
    FROM listed
),

heard AS
(
    SELECT
        * EXCEPT '^(input|output)_(messages|envelope)$',
        {{input_text|input_messages}} AS newest_input,
        {{output_text|output_messages}} AS joined_output,
        {{acts|output_messages}} AS acts,
        arraySum(acts.1) AS tool_calls,
        multiIf(
            finish_reason != '', finish_reason,
            envelope_finish_reason != '', envelope_finish_reason,
            arrayFirst(r -> r != '', output_messages.finish_reason)) AS any_finish_reason
    FROM parsed
)

SELECT
    Project,
    RetentionClass,
    EventDay,
    if(session != '', session, TraceId) AS ContentGroup,
    Timestamp,
    TraceId,
    SpanId,
    ReceivedAt,
    SegmentId,
    HoldsContent,
    CompletesSpan,
    event AS EventName,
    own_user AS UserId,
    own_session AS SessionId,
    {{known:finish_reason|any_finish_reason}} AS FinishReason,
    if(provider IN ({{names:frameworks}}), '', {{known:provider|provider}}) AS Provider,
    request_model AS RequestModel,
    response_model AS ResponseModel,
    response_id AS ResponseId,
    if(is_exclusive_cache, input + cached, input) AS InputTokens,
    cache_read AS CacheReadTokens,
    cache_write AS CacheWriteTokens,
    if(is_exclusive_reasoning, output + reasoning, output) AS OutputTokens,
    reasoning AS ReasoningTokens,
    multiIf(
        input IS NULL AND output IS NULL, '',
        concat(
            multiIf(
                cached = 0, 'as reported',
                ifNull(input < cached, false), 'cache added: input below cache',
                is_exclusive_cache, 'cache added: by source',
                'cache included'),
            if(is_exclusive_reasoning, ', reasoning added', ''))) AS TokensBasis,
    multiIf(
        event IN ('gen_ai.system.message', 'gen_ai.assistant.message', 'gen_ai.tool.message'), '',
        newest_input != '', newest_input,
        match(input_document, '^[\\[{]') AND isValidJSON(input_document), input_scalar,
        input_document) AS InputText,
    if(input_document = '', 0, cityHash64(cityHash64(input_document, request_model), InputText, Provider)) AS InputHash,
    multiIf(
        joined_output != '', joined_output,
        other_output != '', other_output,
        tool_calls > 0, '',
        match(output_document, '^[\\[{]') AND isValidJSON(output_document), output_scalar,
        output_document) AS OutputText,
    toUInt16(least(65535, tool_calls)) AS ToolCallCount,
    toUInt16(least(65535, arraySum(acts.2))) AS InvalidToolCallCount,
    has(acts.3, true) AS declines,
    if(event = 'gen_ai.choice', OutputText != '' OR tool_calls > 0, output_document != '') AS HasOutput,
    content AS Content
FROM heard
