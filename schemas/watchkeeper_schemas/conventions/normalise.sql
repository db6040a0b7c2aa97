-- One row of {source}, which has the columns of otel_traces, becomes one normalised row: columns read by name, values made canonical,
-- content taken apart from the rest. Rendered by the migration runner from columns.toml, values.toml and
-- macros.toml; the result is snapshot-tested.
--
-- A stage uses the columns of the stages before it only, never its own: the engine would write an alias out
-- wherever it is used. What several branches need is named in `ignore` at the end: a column that the result
-- asks for is computed once, where one that only branches ask for is computed anew in each of them.

WITH
-- Names of attributes become numbers, and values are sorted by them.
numbered AS
(
    SELECT
        * EXCEPT (SpanAttributes, `Events.Timestamp`, `Events.Name`, `Events.Attributes`),
        `Events.Timestamp` AS event_times,
        `Events.Name` AS event_names,
        `Events.Attributes` AS event_attributes,
        mapKeys(SpanAttributes) AS names,
        mapValues(SpanAttributes) AS texts,
        mapKeys(ResourceAttributes) AS resource_names,
        mapValues(ResourceAttributes) AS resource_texts
    FROM {source}
),

ordered AS
(
    SELECT
        *,
        {{numbers}} AS numbers,
        {{resource_numbers}} AS resource_numbers,
        arrayMap(k -> {{is_content|k}}, names) AS content_marks,
        arrayMap(k -> {{is_dropped|k}}, names) AS dropped_marks,
        arrayMap(n -> {{is_content_event|n}}, event_names) AS event_marks
    FROM numbered
),

sorted AS
(
    SELECT
        *,
        arraySort(numbers) AS order,
        arrayMap(n -> intDiv(n, 64), arraySort(numbers)) AS runs,
        arraySort((v, n) -> n, texts, numbers) AS values,
        arraySort((k, n) -> n, names, numbers) AS keys,
        arrayMap(n -> intDiv(n, 64), arraySort(resource_numbers)) AS resource_runs,
        arraySort((v, n) -> n, resource_texts, resource_numbers) AS resource_values
    FROM ordered
),

-- The JSON documents that something is wanted of.
parsed AS
(
    SELECT
        *,
        {{documents}}
    FROM sorted
),

-- What each column's sources say.
read AS
(
    SELECT
        * EXCEPT '^document_',
        {{text:kind}} AS x_kind,
        {{text:operation}} AS x_operation,
        {{text:provider}} AS x_provider,
        {{text:request_model}} AS x_request_model,
        {{text:response_model}} AS response_model,
        {{text:response_id}} AS ResponseId,
        {{text:service_tier}} AS ServiceTier,
        {{text:system_fingerprint}} AS SystemFingerprint,
        {{text:reported_cost_usd}} AS x_reported_cost_usd,
        {{text:finish_reason}} AS x_finish_reason,
        {{text:user_id}} AS x_user_id,
        {{text:session_id}} AS x_session_id,
        {{text:prompt_name}} AS own_prompt,
        {{text:prompt_version}} AS own_prompt_version,
        {{text:agent_name}} AS AgentName,
        {{text:workflow_name}} AS WorkflowName,
        {{text:tool_name}} AS x_tool_name,
        {{text:tool_arguments}} AS x_tool_arguments,
        {{text:release}} AS own_release,
        {{text:environment}} AS own_environment,
        {{text:feature}} AS own_feature,
        {{text:error_type}} AS x_error_type,
        {{text:error_status}} AS x_error_status,
        {{text:error_message}} AS x_error_message,
        {{text:server_address}} AS x_server_address,
        {{text:is_streaming}} AS x_is_streaming,
        {{texts:input_tokens}} AS x_input_tokens,
        {{texts:output_tokens}} AS x_output_tokens,
        {{texts:total_tokens}} AS x_total_tokens,
        {{texts:cache_read_tokens}} AS x_cache_read_tokens,
        {{texts:cache_write_tokens}} AS x_cache_write_tokens,
        {{texts:reasoning_tokens}} AS x_reasoning_tokens,
        {{usage_details}} AS x_usage_details,
        {{text:content.input}} AS x_input,
        {{text:content.output}} AS x_output,
        {{name_of:content.input}} AS input_name,
        {{name_of:content.output}} AS output_name,
        {{text:first_chunk_s}} AS first_chunk_s,
        {{attribute|ai.operationId}} AS operation_id,
        {{attribute|logfire.span_type}} AS span_type,
        {{attribute|langfuse.observation.usage_details}} AS langfuse_usage,
        {{attribute|langfuse.observation.level}} AS langfuse_level,
        {{attribute|langfuse.observation.completion_start_time}} AS x_first_chunk_at,
        {{attribute|ai.response.msToFirstChunk}} AS first_chunk_ms,
        {{attribute|gen_ai.server.time_to_first_token}} AS first_token,
        {{attribute|ai.response.text}} AS response_text,
        {{attribute|ai.response.toolCalls}} AS response_tool_calls,
        {{attribute|haystack.component.type}} AS haystack_type,
        {{attribute|watchkeeper.content.cut_chars}} AS cut_chars,
        {{match:convention|ScopeName}} AS convention_of_scope,
        arrayFirst((a, n) -> n = 'exception', event_attributes, event_names) AS exception,
        arrayExists(k -> startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.'), names) AS is_flat_oi,
        arrayExists(k -> match(k, '^gen_ai[.](prompt|completion)[.][0-9]+[.]'), names) AS is_flat_tl,
        arrayExists(k -> startsWith(k, 'llm.output_messages.') OR match(k, '^gen_ai[.]completion[.][0-9]+[.]'), names) AS has_flat_output
    FROM parsed
),

-- What those values mean, each by itself.
meant AS
(
    SELECT
        * EXCEPT '^(resource_names|resource_texts|numbers|resource_numbers|order|runs|values|keys|resource_runs|resource_values|x_input|x_output|x_usage_details|x_kind|x_provider|x_.*_tokens|x_finish_reason|x_user_id|x_session_id|x_request_model|x_first_chunk_at|haystack_type|cut_chars|exception|x_error_type|x_error_message|x_server_address)',
        {{canonical:kind|{{unquoted|x_kind}}}} AS kind_by_value,
        {{canonical:kind|x_operation}} AS kind_by_operation,
        {{canonical:operation|x_operation}} AS operation_by_value,
        multiIf(
            {{attribute|mcp.method.name}} = 'tools/call', 'tool',
            match(haystack_type, '(Generator|Chat)$'), 'llm',
            match(haystack_type, 'Embedder$'), 'embedding',
            match(haystack_type, 'Retriever$'), 'retriever',
            match(haystack_type, 'Ranker$'), 'reranker',
            {{attribute|gcp.vertex.agent.llm_request}} != '' OR SpanName = 'claude_code.llm_request' OR ScopeName = 'mistralai_sdk_tracer' AND startsWith(SpanName, 'chat_completion'), 'llm',
            SpanName = 'claude_code.tool', 'tool',
            SpanName = 'claude_code.interaction', 'agent',
            convention_of_scope != '' AND match(SpanName, '^(chat|text_completion|generate_content) \\S+$'), 'llm',
            convention_of_scope != '' AND match(SpanName, '^embeddings \\S+$'), 'embedding',
            {{attribute|http.request.method}} != '' OR {{attribute|http.method}} != '', 'http',
            'other') AS kind_by_name,
        lower({{unquoted|x_provider}}) AS raw_provider,
        {{match:provider_by_host|x_server_address}} AS provider_by_host,
        if(x_request_model = '' AND empty(names) AND match(SpanName, '^(chat|text_completion|generate_content|embeddings) \\S+$'), splitByChar(' ', SpanName)[2], x_request_model) AS request_model,
        {{count|x_input_tokens}} AS input,
        {{count|x_output_tokens}} AS output,
        {{count|x_total_tokens}} AS total,
        {{count_or_zero|x_cache_read_tokens}} AS cache_read,
        {{count_or_zero|x_cache_write_tokens}} AS cache_write,
        {{count_or_zero|x_reasoning_tokens}} AS reasoning,
        mapFilter((k, v) -> v > 0, mapApply((k, v) -> (k, toUInt64OrZero(v)), x_usage_details)) AS UsageDetails,
        {{known:finish_reason|{{unquoted|{{first|x_finish_reason}}}}}} AS FinishReason,
        {{unquoted|x_user_id}} AS own_user,
        {{unquoted|x_session_id}} AS own_session,
        {{unquoted|x_input}} AS input_document,
        {{unquoted|x_output}} AS output_document,
        {{unquoted|x_first_chunk_at}} AS first_chunk_at,
        toUInt32OrZero(cut_chars) AS ContentCutChars,
        if(x_error_type != '', x_error_type, exception['exception.type']) AS error_type,
        multiIf(exception['exception.message'] != '', exception['exception.message'], x_error_message != '', x_error_message, StatusMessage) AS error_message,
        multiIf(
            convention_of_scope != '', convention_of_scope,
            {{attribute|openinference.span.kind}} != '', 'openinference',
            {{attribute|langfuse.observation.type}} != '', 'langfuse',
            {{attribute|langsmith.span.kind}} != '', 'langsmith',
            {{attribute|mlflow.spanType}} != '', 'mlflow',
            operation_id != '', 'vercel_ai',
            span_type != '', 'logfire',
            {{attribute|traceloop.span.kind}} != '' OR {{attribute|llm.request.type}} != '', 'traceloop',
            {{attribute|gcp.vertex.agent.llm_request}} != '', 'google_adk',
            x_operation != '' OR {{attribute|gen_ai.system}} != '', 'otel',
            '') AS Convention,
        if(x_tool_arguments != '', x_tool_arguments, x_input) AS tool_arguments,
        multiIf(is_flat_oi, 'llm.messages', is_flat_tl, 'gen_ai.prompt.N', input_name != '', input_name, output_name) AS Format,
        arrayFilter(k -> is_flat_oi OR is_flat_tl, names) AS flat_names,
        arrayFilter(k -> is_flat_oi OR is_flat_tl, texts) AS flat_texts
    FROM read
),

known AS
(
    SELECT
        * EXCEPT '^(flat_names|flat_texts|kind_by_(value|name)|x_is_streaming|langfuse_level)',
        multiIf(
            span_type = 'pending_span', 'other',
            match(operation_id, '\\.do(Generate|Stream)$'), 'llm',
            endsWith(operation_id, '.doEmbed'), 'embedding',
            operation_id = 'ai.toolCall', 'tool',
            operation_id != '', 'chain',
            kind_by_value != '', kind_by_value,
            kind_by_operation != '', kind_by_operation,
            kind_by_name) AS kind,
        {{canonical:provider|raw_provider}} AS provider_by_value,
        {{canonical:provider|splitByChar('.', raw_provider)[1]}} AS provider_by_start,
        {{match:provider_by_model|lower(if(response_model != '', response_model, request_model))}} AS provider_by_model,
        ifNull(cache_read, 0) + ifNull(cache_write, 0) AS cached,
        positionCaseInsensitive(StatusCode, 'error') > 0 OR error_type != '' OR upper(langfuse_level) = 'ERROR' AS is_error,
        extract(error_message, '\\b([45][0-9][0-9])\\b') AS status_in_message,
        lower(x_is_streaming) IN ('true', '1')
            OR endsWith(operation_id, '.doStream')
            OR arrayExists(n -> n IN ('First Token Stream Event', 'llm.content.completion.chunk', 'gen_ai.content.completion.chunk') OR startsWith(n, 'mlflow.chunk.'), event_names)
            OR first_chunk_s != '' OR first_chunk_at != ''
            OR startsWith(SpanName, 'streaming response from') AS is_streaming,
        multiIf(
            first_chunk_s != '', toFloat64OrNull(first_chunk_s) * 1000,
            first_chunk_ms != '', toFloat64OrNull(first_chunk_ms),
            first_chunk_at != '', (toUnixTimestamp64Nano(parseDateTime64BestEffortOrNull(first_chunk_at, 9, 'UTC')) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
            first_token != '', toFloat64OrNull(first_token) * if(position(first_token, '.') = 0 OR toFloat64OrZero(first_token) > Duration / 1e9, 1, 1000),
            has(event_names, 'First Token Stream Event'), (toUnixTimestamp64Nano(event_times[indexOf(event_names, 'First Token Stream Event')]) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
            NULL) AS time_to_first_token_ms,
        {{envelope|input_document}} AS input_envelope,
        {{envelope|output_document}} AS output_envelope,
        {{scalars|input_document}} AS input_scalar,
        {{scalars|output_document}} AS output_scalar,
        {{flat_text:llm.input_messages.|.message.role|user}} AS flat_input_oi,
        {{flat_text:gen_ai.prompt.|.role|user}} AS flat_input_tl,
        {{flat_text:llm.output_messages.|.message.role|}} AS flat_output_oi,
        {{flat_text:gen_ai.completion.|.role|}} AS flat_output_tl,
        arrayCount(k -> match(k, '^(llm\\.output_messages\\..*tool_call\\.function\\.name|gen_ai\\.completion\\.[0-9]+\\.tool_calls\\.[0-9]+\\.name)$'), flat_names) AS flat_tool_calls
    FROM meant
),

listed AS
(
    SELECT
        * EXCEPT '^(input_envelope|output_envelope|langfuse_usage)$',
        kind IN ('llm', 'embedding', 'reranker') AS is_model_call,
        {{canonical:operation_of_kind|kind}} AS operation_by_kind,
        cached > 0 AND ifNull(
            input < cached
                OR total = input + cached + ifNull(output, 0)
                OR {{matches_any:exclusive_cache|ScopeName}}
                OR {{exclusive_usage_details|langfuse_usage}}, false) AS is_exclusive_cache,
        ifNull(reasoning, 0) > 0 AND ifNull(
            {{matches_any:exclusive_reasoning|ScopeName}}
                OR total = input + output + reasoning
                OR position(langfuse_usage, '"output_reasoning"') > 0, false) AS is_exclusive_reasoning,
        {{messages|input_document|input_envelope}} AS input_messages,
        {{messages|output_document|output_envelope}} AS output_messages,
        {{other_output_text|output_envelope}} AS other_output,
        toUInt16OrZero({{match:error_status|concat(error_type, ' ', error_message)}}) AS status_of_class
    FROM known
),

decoded AS
(
    SELECT
        * EXCEPT '^(input_messages|output_messages)$',
        if(input IS NOT NULL AND is_exclusive_cache, input + cached, input) AS total_input,
        if(output IS NOT NULL AND is_exclusive_reasoning, output + reasoning, output) AS total_output,
        multiIf(
            operation_by_value != '' AND kind_by_operation = kind, operation_by_value,
            operation_by_kind != '', operation_by_kind,
            lower(x_operation)) AS operation,
        multiIf(
            provider_by_value != '', provider_by_value,
            provider_by_start != '', provider_by_start,
            raw_provider != '' OR NOT is_model_call, raw_provider,
            provider_by_host != '', provider_by_host,
            provider_by_model) AS provider,
        {{input_text|input_messages}} AS listed_input,
        {{output_text|output_messages}} AS listed_output,
        {{tool_calls|output_messages}} AS listed_tool_calls
    FROM listed
),

told AS
(
    SELECT
        *,
        multiIf(
            flat_input_oi != '', flat_input_oi,
            flat_input_tl != '', flat_input_tl,
            NOT match(input_document, '^[\\[{]'), input_document,
            listed_input != '', listed_input,
            input_scalar) AS input_text,
        multiIf(
            has_flat_output, concat(flat_output_oi, flat_output_tl),
            response_text != '', response_text,
            NOT match(output_document, '^[\\[{]'), output_document,
            listed_output != '', listed_output,
            other_output != '', other_output,
            listed_tool_calls > 0, '',
            output_scalar) AS output_text,
        has_flat_output OR output_document != '' OR response_tool_calls != '' AS has_output,
        multiIf(
            has_flat_output, flat_tool_calls,
            response_tool_calls != '', JSONLength(response_tool_calls),
            listed_tool_calls) AS tool_calls
    FROM decoded
)

SELECT
    Project,
    RetentionClass,
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
    Duration,
    StatusCode,
    StatusMessage,
    Links.TraceId AS `Links.TraceId`,
    Links.SpanId AS `Links.SpanId`,
    Links.TraceState AS `Links.TraceState`,
    Links.Attributes AS `Links.Attributes`,
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
    ResponseId,
    ServiceTier,
    SystemFingerprint,
    FinishReason,
    AgentName,
    WorkflowName,
    UsageDetails,
    ContentCutChars,
    Format,
    if(Timestamp BETWEEN ReceivedAt - INTERVAL {span_retention_days} DAY AND ReceivedAt + INTERVAL 2 DAY, toDate(Timestamp), toDate(ReceivedAt)) AS EventDay,
    mapFromArrays(arrayFilter((k, c, d) -> NOT c AND NOT d, names, content_marks, dropped_marks), arrayFilter((v, c, d) -> NOT c AND NOT d, texts, content_marks, dropped_marks)) AS SpanAttributes,
    mapFromArrays(arrayFilter((k, c) -> c, names, content_marks), arrayFilter((v, c) -> c, texts, content_marks)) AS Content,
    arrayFilter((e, c) -> NOT c, event_times, event_marks) AS `Events.Timestamp`,
    arrayFilter((e, c) -> NOT c, event_names, event_marks) AS `Events.Name`,
    arrayFilter((e, c) -> NOT c, event_attributes, event_marks) AS `Events.Attributes`,
    arrayFilter((e, c) -> c, event_times, event_marks) AS `ContentEvents.Timestamp`,
    arrayFilter((e, c) -> c, event_names, event_marks) AS `ContentEvents.Name`,
    arrayFilter((e, c) -> c, event_attributes, event_marks) AS `ContentEvents.Attributes`,
    kind AS Kind,
    operation AS Operation,
    provider AS Provider,
    request_model AS RequestModel,
    response_model AS ResponseModel,
    if(is_model_call, total_input, NULL) AS InputTokens,
    if(is_model_call, cache_read, NULL) AS CacheReadTokens,
    if(is_model_call, cache_write, NULL) AS CacheWriteTokens,
    if(is_model_call, total_output, NULL) AS OutputTokens,
    if(is_model_call, reasoning, NULL) AS ReasoningTokens,
    multiIf(
        NOT is_model_call OR total_input IS NULL AND total_output IS NULL, '',
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
    if(is_streaming AND time_to_first_token_ms >= 0, time_to_first_token_ms, NULL) AS TimeToFirstTokenMs,
    is_streaming AS IsStreaming,
    is_error AS IsError,
    if(is_error, error_type, '') AS ErrorType,
    multiIf(
        NOT is_error, 0,
        toUInt16OrZero(x_error_status) BETWEEN 400 AND 599, toUInt16OrZero(x_error_status),
        match(error_type, '^[45][0-9][0-9]$'), toUInt16OrZero(error_type),
        status_in_message != '', toUInt16OrZero(status_in_message),
        status_of_class) AS ErrorStatus,
    if(is_error, error_message, '') AS ErrorMessage,
    if(own_session != '', own_session, TraceId) AS ContentGroup,
    if(kind = 'tool', if(x_tool_name != '', x_tool_name, SpanName), '') AS ToolName,
    if(kind = 'tool' AND tool_arguments != '', cityHash64(tool_arguments), 0) AS ToolArgsHash,
    input_text AS InputText,
    output_text AS OutputText,
    lengthUTF8(input_text) AS InputChars,
    lengthUTF8(output_text) AS OutputChars,
    if(input_document = '' AND input_text = '', 0, cityHash64(input_document, input_text, provider, request_model)) AS InputHash,
    if(output_text = '', 0, cityHash64(output_text)) AS OutputHash,
    has_output AS HasOutput,
    FinishReason = 'length' AS IsTruncated,
    kind = 'llm' AND has_output AND tool_calls = 0 AND trimBoth(output_text) = '' AS IsEmpty,
    match(output_text, '^\\s*[\\[{]') AND isValidJSON(output_text) AS IsJson,
    position(output_text, '```') > 0 AS HasCodeFence,
    toUInt16(least(tool_calls, 65535)) + ignore(
        kind, operation, provider, response_model, request_model, raw_provider, x_operation, is_model_call, is_error, error_type, error_message,
        input, output, total, cached, cache_read, cache_write, reasoning, is_exclusive_cache, is_exclusive_reasoning,
        input_document, output_document, flat_input_oi, flat_input_tl, flat_output_oi, flat_output_tl, listed_input, listed_output,
        listed_tool_calls, other_output, input_scalar, output_scalar, x_tool_name, tool_arguments, convention_of_scope) AS ToolCallCount
FROM told
