-- One row of otel_traces becomes one normalised row: columns read by name, values made canonical,
-- content taken apart from the rest. Rendered by the migration runner from columns.toml,
-- values.toml and macros.toml; the result is snapshot-tested. From the inside out:
--   1. every source attribute is read;
--   2. kinds, providers, models and token counts become canonical;
--   3. content is decoded to text, and the features of answers follow from it.

SELECT
    {{columns:base}},
    multiIf(
        {{match:convention|ScopeName}} != '', {{match:convention|ScopeName}},
        A['openinference.span.kind'] != '', 'openinference',
        A['langfuse.observation.type'] != '', 'langfuse',
        A['langsmith.span.kind'] != '', 'langsmith',
        A['mlflow.spanType'] != '', 'mlflow',
        A['ai.operationId'] != '', 'vercel_ai',
        A['logfire.span_type'] != '', 'logfire',
        A['traceloop.span.kind'] != '' OR A['llm.request.type'] != '', 'traceloop',
        A['gcp.vertex.agent.llm_request'] != '', 'google_adk',
        A['gen_ai.operation.name'] != '' OR A['gen_ai.system'] != '', 'otel',
        '') AS Convention,
    kind AS Kind,
    operation AS Operation,
    provider AS Provider,
    request_model AS RequestModel,
    response_model AS ResponseModel,
    x_response_id AS ResponseId,
    service_tier AS ServiceTier,
    system_fingerprint AS SystemFingerprint,
    if(is_model_call, total_input, NULL) AS InputTokens,
    if(is_model_call, cache_read, NULL) AS CacheReadTokens,
    if(is_model_call, cache_write, NULL) AS CacheWriteTokens,
    if(is_model_call, total_output, NULL) AS OutputTokens,
    if(is_model_call, reasoning, NULL) AS ReasoningTokens,
    {{usage_details}} AS UsageDetails,
    if(is_model_call AND (total_input IS NOT NULL OR total_output IS NOT NULL), tokens_basis, '') AS TokensBasis,
    if(is_model_call, NULL, total_input) AS RollupInputTokens,
    if(is_model_call, NULL, total_output) AS RollupOutputTokens,
    if(is_model_call, reported_cost, NULL) AS ReportedCostUsd,
    is_streaming AS IsStreaming,
    if(is_streaming, time_to_first_token, NULL) AS TimeToFirstTokenMs,
    {{known:finish_reason|{{unquoted|{{first|x_finish_reason}}}}}} AS FinishReason,
    is_error AS IsError,
    if(is_error, error_type, '') AS ErrorType,
    if(is_error, error_status, 0) AS ErrorStatus,
    if(is_error, error_message, '') AS ErrorMessage,
    x_user_id AS own_user,
    x_session_id AS own_session,
    x_prompt_name AS own_prompt,
    x_prompt_version AS own_prompt_version,
    x_release AS own_release,
    x_environment AS own_environment,
    x_feature AS own_feature,
    x_agent_name AS AgentName,
    x_workflow_name AS WorkflowName,
    if(kind = 'tool', multiIf(x_tool_name != '', x_tool_name, SpanName), '') AS ToolName,
    if(kind = 'tool' AND x_tool_arguments != '', cityHash64(x_tool_arguments), 0) AS ToolArgsHash,
    if(own_session != '', own_session, TraceId) AS ContentGroup,
    content AS Content,
    content_events.1 AS `ContentEvents.Timestamp`,
    content_events.2 AS `ContentEvents.Name`,
    content_events.3 AS `ContentEvents.Attributes`,
    format AS Format,
    input_text AS InputText,
    output_text AS OutputText,
    lengthUTF8(input_text) AS InputChars,
    lengthUTF8(output_text) AS OutputChars,
    if(input_document = '' AND input_text = '', 0, cityHash64(input_document, input_text, provider, request_model)) AS InputHash,
    if(output_text = '', 0, cityHash64(output_text)) AS OutputHash,
    has_output AS HasOutput,
    FinishReason = 'length' AS IsTruncated,
    kind = 'llm' AND has_output AND tool_calls = 0 AND trimBoth(output_text) = '' AS IsEmpty,
    startsWith(trimLeft(output_text), '{') AND isValidJSON(output_text) OR startsWith(trimLeft(output_text), '[') AND isValidJSON(output_text) AS IsJson,
    position(output_text, '```') > 0 AS HasCodeFence,
    toUInt16(least(tool_calls, 65535)) AS ToolCallCount
FROM
(
    SELECT
        *,
        kind IN ('llm', 'embedding', 'reranker') AS is_model_call,
        multiIf(
            {{canonical:operation|raw_operation}} != '' AND {{canonical:kind|raw_operation}} = kind, {{canonical:operation|raw_operation}},
            {{canonical:operation_of_kind|kind}} != '', {{canonical:operation_of_kind|kind}},
            lower(raw_operation)) AS operation,
        multiIf(
            {{canonical:provider|raw_provider}} != '', {{canonical:provider|raw_provider}},
            {{canonical:provider|splitByChar('.', raw_provider)[1]}} != '', {{canonical:provider|splitByChar('.', raw_provider)[1]}},
            raw_provider != '', raw_provider,
            kind NOT IN ('llm', 'embedding', 'reranker'), '',
            {{match:provider_by_host|x_server_address}} != '', {{match:provider_by_host|x_server_address}},
            {{match:provider_by_model|lower(if(response_model != '', response_model, request_model))}}) AS provider,
        multiIf(
            input IS NULL, input,
            ifNull(cache_read, 0) + ifNull(cache_write, 0) = 0, input,
            is_exclusive_cache, input + ifNull(cache_read, 0) + ifNull(cache_write, 0),
            input) AS total_input,
        multiIf(
            output IS NULL, output,
            ifNull(reasoning, 0) > 0 AND is_exclusive_reasoning, output + reasoning,
            output) AS total_output,
        concat(
            multiIf(
                ifNull(cache_read, 0) + ifNull(cache_write, 0) = 0, 'as reported',
                input < ifNull(cache_read, 0) + ifNull(cache_write, 0), 'cache added: input below cache',
                is_exclusive_cache, 'cache added: by source',
                'cache included'),
            if(ifNull(reasoning, 0) > 0 AND is_exclusive_reasoning, ', reasoning added', '')) AS tokens_basis,
        is_error_status OR error_type != '' OR upper(A['langfuse.observation.level']) = 'ERROR' AS is_error,
        multiIf(
            toUInt16OrZero(x_error_status) BETWEEN 400 AND 599, toUInt16OrZero(x_error_status),
            match(error_type, '^[45][0-9][0-9]$'), toUInt16OrZero(error_type),
            extract(error_message, '\\b([45][0-9][0-9])\\b') != '', toUInt16OrZero(extract(error_message, '\\b([45][0-9][0-9])\\b')),
            toUInt16OrZero({{match:error_status|concat(error_type, ' ', error_message)}})) AS error_status,
        {{flat_text:llm.input_messages.|.message.role|user}} AS flat_input_oi,
        {{flat_text:gen_ai.prompt.|.role|user}} AS flat_input_tl,
        {{flat_text:llm.output_messages.|.message.role|}} AS flat_output_oi,
        {{flat_text:gen_ai.completion.|.role|}} AS flat_output_tl,
        multiIf(
            flat_input_oi != '', flat_input_oi,
            flat_input_tl != '', flat_input_tl,
            {{input_text|input_document}}) AS input_text,
        multiIf(
            flat_output_oi != '', flat_output_oi,
            flat_output_tl != '', flat_output_tl,
            has_flat_output, '',
            A['ai.response.text'] != '', A['ai.response.text'],
            {{output_text|output_document}}) AS output_text,
        arrayExists(k -> startsWith(k, 'llm.output_messages.') OR startsWith(k, 'gen_ai.completion.'), mapKeys(A)) AS has_flat_output,
        has_flat_output OR output_document != '' OR A['ai.response.toolCalls'] != '' AS has_output,
        arrayCount(k -> match(k, '^(llm\\.output_messages\\..*tool_call\\.function\\.name|gen_ai\\.completion\\.[0-9]+\\.tool_calls\\.[0-9]+\\.name)$'), mapKeys(A))
            + if(A['ai.response.toolCalls'] != '', JSONLength(A['ai.response.toolCalls']), 0)
            + if(has_flat_output, 0, {{tool_call_count|output_document}}) AS tool_calls
    FROM
    (
        SELECT
            *,
            x_operation AS raw_operation,
            multiIf(
                A['logfire.span_type'] = 'pending_span', 'other',
                endsWith(A['ai.operationId'], '.doGenerate') OR endsWith(A['ai.operationId'], '.doStream'), 'llm',
                endsWith(A['ai.operationId'], '.doEmbed'), 'embedding',
                A['ai.operationId'] = 'ai.toolCall', 'tool',
                A['ai.operationId'] != '', 'chain',
                kind_by_value != '', kind_by_value,
                A['mcp.method.name'] = 'tools/call', 'tool',
                match(A['haystack.component.type'], '(Generator|Chat)$'), 'llm',
                match(A['haystack.component.type'], 'Embedder$'), 'embedding',
                match(A['haystack.component.type'], 'Retriever$'), 'retriever',
                match(A['haystack.component.type'], 'Ranker$'), 'reranker',
                A['gcp.vertex.agent.llm_request'] != '' OR SpanName = 'claude_code.llm_request' OR ScopeName = 'mistralai_sdk_tracer' AND startsWith(SpanName, 'chat_completion'), 'llm',
                SpanName = 'claude_code.tool', 'tool',
                SpanName = 'claude_code.interaction', 'agent',
                ({{match:convention|ScopeName}}) != '' AND match(SpanName, '^(chat|text_completion|generate_content) \\S+$'), 'llm',
                ({{match:convention|ScopeName}}) != '' AND match(SpanName, '^embeddings \\S+$'), 'embedding',
                A['http.request.method'] != '' OR A['http.method'] != '', 'http',
                'other') AS kind,
            arrayFirst(k -> k != '', arrayMap(v -> {{canonical:kind|{{unquoted|v}}}}, {{candidates:kind}})) AS kind_by_value,
            lower({{unquoted|arrayFirst(p -> p != '' AND lower({{unquoted|p}}) NOT IN ({{names:frameworks}}), {{candidates:provider}})}}) AS raw_provider,
            multiIf(
                x_request_model != '', x_request_model,
                kind IN ('llm', 'embedding') AND mapKeys(A) = [] AND match(SpanName, '^\\w+ \\S+$'), splitByChar(' ', SpanName)[2],
                '') AS request_model,
            x_response_model AS response_model,
            x_service_tier AS service_tier,
            x_system_fingerprint AS system_fingerprint,
            {{count:input_tokens}} AS input,
            {{count:output_tokens}} AS output,
            {{count:total_tokens}} AS total,
            {{count_or_zero:cache_read_tokens}} AS cache_read,
            {{count_or_zero:cache_write_tokens}} AS cache_write,
            {{count_or_zero:reasoning_tokens}} AS reasoning,
            input < ifNull(cache_read, 0) + ifNull(cache_write, 0)
                OR total = input + ifNull(cache_read, 0) + ifNull(cache_write, 0) + ifNull(output, 0)
                OR {{matches_any:exclusive_cache|ScopeName}}
                OR {{exclusive_usage_details}} AS is_exclusive_cache,
            {{matches_any:exclusive_reasoning|ScopeName}}
                OR total = input + output + reasoning
                OR position(A['langfuse.observation.usage_details'], '"output_reasoning"') > 0 AS is_exclusive_reasoning,
            nullIf(toFloat64OrNull(x_reported_cost_usd), 0) AS reported_cost,
            arrayFirst((a, n) -> n = 'exception', Events.Attributes, Events.Name) AS exception,
            positionCaseInsensitive(StatusCode, 'error') > 0 AS is_error_status,
            multiIf(x_error_type != '' , x_error_type, exception['exception.type'] != '', exception['exception.type'], '') AS error_type,
            multiIf(
                exception['exception.message'] != '', exception['exception.message'],
                x_error_message != '', x_error_message,
                StatusMessage) AS error_message,
            lower(x_is_streaming) IN ('true', '1')
                OR endsWith(A['ai.operationId'], '.doStream')
                OR arrayExists(n -> n IN ('First Token Stream Event', 'llm.content.completion.chunk', 'gen_ai.content.completion.chunk') OR startsWith(n, 'mlflow.chunk.'), Events.Name)
                OR A['gen_ai.response.time_to_first_chunk'] != ''
                OR A['langfuse.observation.completion_start_time'] != ''
                OR startsWith(SpanName, 'streaming response from') AS is_streaming,
            multiIf(
                A['gen_ai.response.time_to_first_chunk'] != '', toFloat64OrNull(A['gen_ai.response.time_to_first_chunk']) * 1000,
                A['gen_ai.client.operation.time_to_first_chunk'] != '', toFloat64OrNull(A['gen_ai.client.operation.time_to_first_chunk']) * 1000,
                A['ai.response.msToFirstChunk'] != '', toFloat64OrNull(A['ai.response.msToFirstChunk']),
                A['langfuse.observation.completion_start_time'] != '',
                    (toUnixTimestamp64Nano(parseDateTime64BestEffortOrNull({{unquoted|A['langfuse.observation.completion_start_time']}}, 9, 'UTC')) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
                A['gen_ai.server.time_to_first_token'] != '',
                    toFloat64OrNull(A['gen_ai.server.time_to_first_token'])
                        * if(position(A['gen_ai.server.time_to_first_token'], '.') = 0 OR toFloat64OrZero(A['gen_ai.server.time_to_first_token']) > Duration / 1e9, 1, 1000),
                has(Events.Name, 'First Token Stream Event'),
                    (toUnixTimestamp64Nano(Events.Timestamp[indexOf(Events.Name, 'First Token Stream Event')]) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
                NULL) AS time_to_first_token,
            mapFilter((k, v) -> {{is_content|k}}, A) AS content,
            arrayFilter((t, n, a) -> {{is_content_event|n}}, Events.Timestamp, Events.Name, Events.Attributes) AS content_event_times,
            ({{events:content}}) AS content_events,
            {{input_document}} AS input_document,
            {{output_document}} AS output_document,
            {{format}} AS format
        FROM
        (
            SELECT
                *,
                CAST(SpanAttributes, 'Map(String, String)') AS A,
                CAST(ResourceAttributes, 'Map(String, String)') AS R,
                {{texts}}
            FROM {database}.otel_traces
        )
    )
)
