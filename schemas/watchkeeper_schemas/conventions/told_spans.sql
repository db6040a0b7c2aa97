-- The third leg: what follows from several values of {source} together, and what people and models said.

WITH
listed AS
(
    SELECT
        * EXCEPT '^(input|output)_envelope$',
        Kind IN ('llm', 'embedding', 'reranker') AS is_model_call,
        {{canonical:operation_of_kind|Kind}} AS operation_by_kind,
        ifNull(cache_read, 0) + ifNull(cache_write, 0) AS cached,
        {{messages|input_document|input_envelope}} AS input_messages,
        {{messages|output_document|output_envelope}} AS output_messages,
        {{other_output_text|output_envelope}} AS other_output,
        {{envelope_finish_reason|output_envelope}} AS envelope_finish_reason,
        {{envelope_model|output_envelope}} AS envelope_model
    FROM {source}
),

-- Messages as roles and texts.
heard AS
(
    SELECT
        * EXCEPT '^(input|output)_messages$',
        {{roles|input_messages}} AS input_roles,
        {{message_texts|input_messages}} AS input_texts,
        {{roles|output_messages}} AS output_roles,
        {{message_texts|output_messages}} AS output_texts,
        {{acts|output_messages}} AS acts,
        multiIf(finish_reason != '', finish_reason, envelope_finish_reason != '', envelope_finish_reason, arrayFirst(r -> r != '', output_messages.finish_reason)) AS any_finish_reason,
        multiIf(
            provider_by_value != '', provider_by_value,
            provider_by_start != '', provider_by_start,
            raw_provider != '' AND raw_provider NOT IN ({{names:frameworks}}) OR NOT is_model_call, raw_provider,
            provider_by_host != '', provider_by_host,
            provider_by_model) AS provider,
        {{canonical:provider|splitByChar('/', request_model)[1]}} AS provider_of_model,
        cached > 0 AND ifNull(
            input < cached
                OR total = input + cached + ifNull(output, 0)
                OR {{matches_any:exclusive_cache|ScopeName}}
                OR {{exclusive_usage_details|langfuse_usage}}, false) AS is_exclusive_cache,
        ifNull(reasoning, 0) > 0 AND ifNull(
            {{matches_any:exclusive_reasoning|ScopeName}}
                OR total = input + output + reasoning
                OR position(langfuse_usage, '"output_reasoning"') > 0, false) AS is_exclusive_reasoning
    FROM listed
)

SELECT
    Project,
    RetentionClass,
    {{event_day|Timestamp}} AS EventDay,
    Timestamp,
    TraceId,
    SpanId,
    ParentSpanId,
    TraceState,
    SpanName,
    SpanKind,
    ServiceName,
    ResourceAttributes,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    RestAttributes AS SpanAttributes,
    Content,
    Duration,
    StatusCode,
    StatusMessage,
    arrayFilter((e, c) -> NOT c, event_times, event_marks) AS `Events.Timestamp`,
    arrayFilter((e, c) -> NOT c, event_names, event_marks) AS `Events.Name`,
    arrayFilter((e, c) -> NOT c, event_attributes, event_marks) AS `Events.Attributes`,
    arrayFilter((e, c) -> c, event_times, event_marks) AS `ContentEvents.Timestamp`,
    arrayFilter((e, c) -> c, event_names, event_marks) AS `ContentEvents.Name`,
    arrayFilter((e, c) -> c, event_attributes, event_marks) AS `ContentEvents.Attributes`,
    `Links.TraceId`,
    `Links.SpanId`,
    `Links.TraceState`,
    `Links.Attributes`,
    ReceivedAt,
    SegmentId,
    ApiKeyId,
    own_user,
    own_session,
    own_prompt,
    own_prompt_version,
    own_release,
    own_environment,
    own_feature,
    Convention,
    Kind,
    multiIf(
        operation_by_value != '' AND kind_by_operation = Kind, operation_by_value,
        operation_by_kind != '', operation_by_kind,
        lower(x_operation)) AS Operation,
    provider AS Provider,
    if(provider_of_model != '' AND provider_of_model = provider, substring(request_model, position(request_model, '/') + 1), request_model) AS RequestModel,
    multiIf(
        x_response_model != '', x_response_model,
        envelope_model != '', envelope_model,
        IsError, '',
        either_model != '', either_model,
        is_model_call, RequestModel,
        '') AS ResponseModel,
    ResponseId,
    ServiceTier,
    SystemFingerprint,
    if(input IS NOT NULL AND is_exclusive_cache, input + cached, input) AS total_input,
    if(output IS NOT NULL AND is_exclusive_reasoning, output + reasoning, output) AS total_output,
    if(is_model_call, total_input, NULL) AS InputTokens,
    if(is_model_call, cache_read, NULL) AS CacheReadTokens,
    if(is_model_call, cache_write, NULL) AS CacheWriteTokens,
    if(is_model_call, total_output, NULL) AS OutputTokens,
    if(is_model_call, reasoning, NULL) AS ReasoningTokens,
    UsageDetails,
    multiIf(
        NOT is_model_call OR input IS NULL AND output IS NULL, '',
        concat(
            multiIf(
                cached = 0, 'as reported',
                ifNull(input < cached, false), 'cache added: input below cache',
                is_exclusive_cache, 'cache added: by source',
                'cache included'),
            if(is_exclusive_reasoning, ', reasoning added', ''))) AS TokensBasis,
    if(is_model_call, NULL, total_input) AS RollupInputTokens,
    if(is_model_call, NULL, total_output) AS RollupOutputTokens,
    if(is_model_call, nullIf(toFloat64OrNull(x_reported_cost_usd), 0), NULL) AS ReportedCostUsd,
    if(IsStreaming AND first_token_ms >= 0, first_token_ms, NULL) AS TimeToFirstTokenMs,
    IsStreaming,
    {{known:finish_reason|any_finish_reason}} AS FinishReason,
    IsError,
    if(IsError, error_type, '') AS ErrorType,
    multiIf(
        NOT IsError, 0,
        toUInt16OrZero(x_error_status) BETWEEN 400 AND 599, toUInt16OrZero(x_error_status),
        match(error_type, '^[45][0-9][0-9]$'), toUInt16OrZero(error_type),
        status_in_message != '', toUInt16OrZero(status_in_message),
        status_of_class) AS ErrorStatus,
    if(IsError, error_message, '') AS ErrorMessage,
    if(own_session != '', own_session, TraceId) AS ContentGroup,
    AgentName,
    WorkflowName,
    if(Kind = 'tool', if(x_tool_name != '', x_tool_name, SpanName), '') AS ToolName,
    if(Kind = 'tool' AND tool_arguments != '', cityHash64(tool_arguments), 0) AS ToolArgsHash,
    ContentCutChars,
    Format,
    if(Kind = 'embedding', arrayFirst(t -> t != '', input_texts), {{newest_input|input_roles|input_texts}}) AS newest_input,
    {{joined_output|output_roles|output_texts}} AS joined_output,
    multiIf(
        flat_input != '', flat_input,
        NOT match(input_document, '^[\\[{]'), input_document,
        newest_input != '', newest_input,
        input_scalar != '' OR isValidJSON(input_document), input_scalar,
        input_document) AS InputText,
    multiIf(
        has_flat_output, flat_output,
        response_text != '', response_text,
        NOT match(output_document, '^[\\[{]'), output_document,
        joined_output != '', joined_output,
        other_output != '', other_output,
        arraySum(acts.1) > 0, '',
        output_scalar != '' OR isValidJSON(output_document), output_scalar,
        output_document) AS OutputText,
    cityHash64(input_document, request_model) AS document_hash,
    has_flat_output OR output_document != '' OR response_tool_calls != '' AS HasOutput,
    toUInt16(least(65535, multiIf(
        has_flat_output, flat_tool_calls,
        response_tool_calls != '', JSONLength(response_tool_calls),
        arraySum(acts.1)))) AS ToolCallCount,
    toUInt16(least(65535, multiIf(
        has_flat_output, flat_invalid_tool_calls,
        response_tool_calls != '', arrayCount(c -> {{is_invalid_arguments|c.args}} OR {{is_invalid_arguments|c.input}}, JSONExtract(response_tool_calls, 'Array(Tuple(args String, input String))')),
        arraySum(acts.2)))) AS InvalidToolCallCount,
    ContentKept,
    PiiHits,
    SecretHits,
    if(told_guardrail_result = '' AND lower(any_finish_reason) = 'guardrail_intervened', 'block', told_guardrail_result) AS GuardrailResult,
    is_json_asked,
    has(acts.3, true) AS declines
FROM heard
