-- The second leg: what the values of {source} mean, each by itself, and content documents taken apart.

WITH
meant AS
(
    SELECT
        * EXCEPT '^x_(input|output|usage_details|provider|finish_reason|user_id|session_id|request_model|first_chunk_at|server_address|error_type|error_message|output_type|guardrail_.*|.*_tokens)$',
        {{canonical:kind|{{unquoted|x_kind}}}} AS kind_by_value,
        {{canonical:kind|x_operation}} AS kind_by_operation,
        {{canonical:operation|x_operation}} AS operation_by_value,
        lower({{unquoted|x_provider}}) AS raw_provider,
        {{canonical:provider|lower({{unquoted|x_provider}})}} AS provider_by_value,
        {{match:provider_by_host|if(x_provider = '', x_server_address, '')}} AS provider_by_host,
        multiIf(
            x_request_model != '', x_request_model,
            either_model != '', either_model,
            is_bare AND match(SpanName, '^(chat|text_completion|generate_content|embeddings) \\S+$'), splitByChar(' ', SpanName)[2],
            x_response_model) AS request_model,
        {{count|x_input_tokens}} AS input,
        {{count|x_output_tokens}} AS output,
        {{count|x_total_tokens}} AS total,
        {{count_or_zero|x_cache_read_tokens}} AS cache_read,
        {{count_or_zero|x_cache_write_tokens}} AS cache_write,
        {{count_or_zero|x_reasoning_tokens}} AS reasoning,
        mapFilter((k, v) -> v > 0, mapApply((k, v) -> (k, toUInt64OrZero(v)), x_usage_details)) AS UsageDetails,
        {{unquoted|{{first|x_finish_reason}}}} AS finish_reason,
        {{unquoted|x_user_id}} AS own_user,
        {{unquoted|x_session_id}} AS own_session,
        {{document|x_input|input_event['gen_ai.input.messages'], input_event['content'], input_event['gen_ai.prompt']}} AS input_document,
        {{document|x_output|output_event['gen_ai.output.messages'], output_event['message'], output_event['content'], output_event['gen_ai.completion']}} AS output_document,
        {{unquoted|x_first_chunk_at}} AS first_chunk_at,
        if(x_tool_arguments != '', x_tool_arguments, x_input) AS tool_arguments,
        arrayFirst((a, n) -> n = 'exception', event_attributes, event_names) AS exception,
        if(x_error_type != '', x_error_type, exception['exception.type']) AS error_type,
        multiIf(exception['exception.message'] != '', exception['exception.message'], x_error_message != '', x_error_message, StatusMessage) AS error_message,
        match(x_output_type, '(?i)json|"properties"|^object$') OR match(operation_id, '(generate|stream)Object') AS is_json_asked,
        multiIf(
            x_guardrail_result != '', {{canonical:guardrail_result|{{unquoted|x_guardrail_result}}}},
            {{canonical:guardrail_passed|{{unquoted|x_guardrail_passed}}}}) AS told_guardrail_result,
        notEmpty(flat_names) AS is_flat,
        arrayExists(k -> startsWith(k, 'llm.'), flat_names) AS is_flat_llm
    FROM {source}
)

SELECT
    * EXCEPT '^(flat_names|flat_texts|kind_name|operation_name|x_kind|kind_by_value|x_is_streaming|langfuse_level|mcp_method|haystack_type|adk_request|http_method|old_http_method|cut_chars|exception|is_flat|is_flat_llm|is_bare|input_event|output_event|input_name|output_name|first_chunk_.*|first_token|redaction_.*)$',
    multiIf(
        span_type = 'pending_span', 'other',
        match(operation_id, '\\.do(Generate|Stream)$'), 'llm',
        endsWith(operation_id, '.doEmbed'), 'embedding',
        operation_id = 'ai.toolCall', 'tool',
        operation_id != '', 'chain',
        kind_by_value != '', kind_by_value,
        kind_by_operation != '', kind_by_operation,
        mcp_method = 'tools/call', 'tool',
        match(haystack_type, '(Generator|Chat)$'), 'llm',
        match(haystack_type, 'Embedder$'), 'embedding',
        match(haystack_type, 'Retriever$'), 'retriever',
        match(haystack_type, 'Ranker$'), 'reranker',
        adk_request != '' OR SpanName = 'claude_code.llm_request' OR ScopeName = 'mistralai_sdk_tracer' AND startsWith(SpanName, 'chat_completion'), 'llm',
        SpanName = 'claude_code.tool', 'tool',
        SpanName = 'claude_code.interaction', 'agent',
        convention_of_scope != '' AND match(SpanName, '^(chat|text_completion|generate_content) \\S+$'), 'llm',
        convention_of_scope != '' AND match(SpanName, '^embeddings \\S+$'), 'embedding',
        http_method != '' OR old_http_method != '', 'http',
        'other') AS Kind,
    multiIf(
        convention_of_scope != '', convention_of_scope,
        operation_id != '', 'vercel_ai',
        kind_name != '', {{known:convention_by_name|kind_name}},
        span_type != '', 'logfire',
        adk_request != '', 'google_adk',
        operation_name != '', {{known:convention_by_name|operation_name}},
        x_operation != '' OR raw_provider != '', 'otel',
        '') AS Convention,
    multiIf(is_flat_llm, 'llm.messages', is_flat, 'gen_ai.prompt.N', input_name != '', input_name, output_name) AS Format,
    {{canonical:provider|splitByChar('.', raw_provider)[1]}} AS provider_by_start,
    {{match:provider_by_model|lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model))}} AS provider_by_model,
    positionCaseInsensitive(StatusCode, 'error') > 0 OR error_type != '' OR upper(langfuse_level) = 'ERROR' AS IsError,
    extract(error_message, '\\b([45][0-9][0-9])\\b') AS status_in_message,
    toUInt16OrZero({{match:error_status|concat(error_type, ' ', error_message)}}) AS status_of_class,
    toUInt32OrZero(cut_chars) AS ContentCutChars,
    toUInt16(greatest(0, least(65535, toInt64(toUInt32OrZero(redaction_hits)) - toUInt32OrZero(redaction_secret_hits)))) AS PiiHits,
    toUInt16(least(65535, toUInt32OrZero(redaction_secret_hits))) AS SecretHits,
    lower(x_is_streaming) IN ('true', '1')
        OR endsWith(operation_id, '.doStream')
        OR arrayExists(n -> n IN ('First Token Stream Event', 'llm.content.completion.chunk', 'gen_ai.content.completion.chunk') OR startsWith(n, 'mlflow.chunk.'), event_names)
        OR first_chunk_s != '' OR first_chunk_at != ''
        OR first_token != '' AND position(first_token, '.') = 0
        OR startsWith(SpanName, 'streaming response from') AS IsStreaming,
    multiIf(
        first_chunk_s != '', toFloat64OrNull(first_chunk_s) * 1000,
        first_chunk_ms != '', toFloat64OrNull(first_chunk_ms),
        first_chunk_at != '', (toUnixTimestamp64Nano(parseDateTime64BestEffortOrNull(first_chunk_at, 9, 'UTC')) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
        first_token != '', toFloat64OrNull(first_token) * if(position(first_token, '.') = 0 OR toFloat64OrZero(first_token) > Duration / 1e9, 1, 1000),
        has(event_names, 'First Token Stream Event'), (toUnixTimestamp64Nano(event_times[indexOf(event_names, 'First Token Stream Event')]) - toUnixTimestamp64Nano(Timestamp)) / 1e6,
        NULL) AS first_token_ms,
    {{envelope|input_document}} AS input_envelope,
    {{envelope|output_document}} AS output_envelope,
    {{scalar|input_document}} AS input_scalar,
    {{scalar|output_document}} AS output_scalar,
    {{flat_text:input}} AS flat_input,
    {{flat_text:output}} AS flat_output,
    arrayExists(k -> match(k, '^(llm\\.output_messages|gen_ai\\.completion)\\.'), flat_names) AS has_flat_output,
    arrayCount(k -> match(k, '^(llm\\.output_messages\\.[0-9]+\\.message\\.tool_calls\\.[0-9]+\\.tool_call\\.function\\.name|gen_ai\\.completion\\.[0-9]+\\.tool_calls\\.[0-9]+\\.name)$'), flat_names) AS flat_tool_calls,
    arrayCount((k, v) -> match(k, '^(llm\\.output_messages|gen_ai\\.completion)\\.[0-9]+\\.(message\\.)?tool_calls\\.[0-9]+\\.(tool_call\\.function\\.)?arguments$') AND {{is_invalid_arguments|v}}, flat_names, flat_texts) AS flat_invalid_tool_calls
FROM meant
