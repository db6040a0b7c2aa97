-- The first leg: what each column's sources say, read from {source}, which has the columns of otel_traces.
--
-- The way from otel_traces to normalised_spans has four legs, each a view, with a table that holds nothing
-- between them. The engine reads a view's text at every insert, and takes much longer over one long text than
-- over four short ones; and what one leg hands on is computed once, where a column that only some branches
-- need would be computed anew in each of them. Within a leg, a stage uses the columns of the stages before it
-- only: an alias would be written out wherever it is used.

WITH
-- Names of attributes become numbers.
numbered AS
(
    SELECT
        *,
        {{numbers}} AS numbers,
        {{resource_numbers}} AS resource_numbers,
        arrayMap(k -> {{is_content|k}}, names) AS content_marks,
        arrayMap(k -> {{is_dropped|k}}, names) AS dropped_marks,
        arrayMap(n -> {{is_content_event|n}}, Events.Name) AS event_marks,
        arrayMap(k -> match(k, {{flat_names}}), names) AS flat_marks
    FROM
    (
        SELECT
            *,
            mapKeys(SpanAttributes) AS names,
            mapValues(SpanAttributes) AS texts,
            mapKeys(ResourceAttributes) AS resource_names,
            mapValues(ResourceAttributes) AS resource_texts
        FROM {source}
    )
),

ordered AS
(
    SELECT
        *,
        arraySort(numbers) AS attribute_order,
        arrayMap(n -> {{run_of|n}}, arraySort(numbers)) AS attribute_runs,
        arraySort((v, n) -> n, texts, numbers) AS attribute_values,
        arrayMap(n -> {{run_of|n}}, arraySort(resource_numbers)) AS resource_runs,
        arraySort((v, n) -> n, resource_texts, resource_numbers) AS resource_values
    FROM numbered
),

-- JSON documents give up the keys that something is wanted of: their own, and those of the objects in them.
opened AS
(
    SELECT
        *,
        {{keys_of:1|{{documents}}}} AS outer_keys
    FROM ordered
),

opened_further AS
(
    SELECT
        *,
        arrayConcat(outer_keys, {{keys_of:2|outer_keys}}) AS document_pairs
    FROM opened
),

-- Attributes and keys together, by number.
named AS
(
    SELECT
        *,
        document_pairs.1 AS document_keys,
        arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), document_pairs.2) AS document_texts
    FROM opened_further
),

renumbered AS
(
    SELECT
        *,
        arrayConcat(numbers, {{document_numbers}}) AS all_numbers,
        arrayConcat(names, document_keys) AS all_names,
        arrayConcat(texts, document_texts) AS all_texts
    FROM named
),

sorted AS
(
    SELECT
        *,
        arraySort(all_numbers) AS order,
        arrayMap(n -> {{run_of|n}}, arraySort(all_numbers)) AS runs,
        arraySort((v, n) -> n, all_texts, all_numbers) AS values,
        arraySort((k, n) -> n, all_names, all_numbers) AS keys
    FROM renumbered
)

SELECT
    Project,
    CAST(if(sorted.RetentionClass = 'standard', {retention_class}, sorted.RetentionClass), 'LowCardinality(String)') AS RetentionClass,
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
    mapFromArrays(arrayFilter((k, c, d) -> NOT c AND NOT d, names, content_marks, dropped_marks), arrayFilter((v, c, d) -> NOT c AND NOT d, texts, content_marks, dropped_marks)) AS RestAttributes,
    mapFromArrays(arrayFilter((k, c, d) -> c AND NOT d, names, content_marks, dropped_marks), arrayFilter((v, c, d) -> c AND NOT d, texts, content_marks, dropped_marks)) AS Content,
    Duration,
    StatusCode,
    StatusMessage,
    Events.Timestamp AS event_times,
    Events.Name AS event_names,
    Events.Attributes AS event_attributes,
    event_marks,
    Links.TraceId AS `Links.TraceId`,
    Links.SpanId AS `Links.SpanId`,
    Links.TraceState AS `Links.TraceState`,
    Links.Attributes AS `Links.Attributes`,
    ReceivedAt,
    SegmentId,
    ApiKeyId,
    empty(names) AS is_bare,
    arrayFilter((k, f) -> f, names, flat_marks) AS flat_names,
    arrayFilter((v, f) -> f, texts, flat_marks) AS flat_texts,
    {{match:convention|ScopeName}} AS convention_of_scope,
    {{text:kind}} AS x_kind,
    {{name_of:kind}} AS kind_name,
    {{text:operation}} AS x_operation,
    {{name_of:operation}} AS operation_name,
    {{text:provider}} AS x_provider,
    {{text:request_model}} AS x_request_model,
    {{text:response_model}} AS x_response_model,
    {{text:either_model}} AS either_model,
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
    {{text:input_tokens}} AS x_input_tokens,
    {{text:output_tokens}} AS x_output_tokens,
    {{text:total_tokens}} AS x_total_tokens,
    {{text:cache_read_tokens}} AS x_cache_read_tokens,
    {{text:cache_write_tokens}} AS x_cache_write_tokens,
    {{text:reasoning_tokens}} AS x_reasoning_tokens,
    {{usage_details}} AS x_usage_details,
    {{text:content.input}} AS x_input,
    {{text:content.output}} AS x_output,
    arrayLast((a, n) -> a['gen_ai.input.messages'] != '' OR n IN ('gen_ai.user.message', 'gen_ai.content.prompt'), Events.Attributes, Events.Name) AS input_event,
    arrayLast((a, n) -> a['gen_ai.output.messages'] != '' OR n IN ('gen_ai.choice', 'gen_ai.content.completion'), Events.Attributes, Events.Name) AS output_event,
    {{name_of:content.input}} AS input_name,
    {{name_of:content.output}} AS output_name,
    {{text:first_chunk_s}} AS first_chunk_s,
    {{attribute|ai.response.msToFirstChunk}} AS first_chunk_ms,
    {{attribute|langfuse.observation.completion_start_time}} AS x_first_chunk_at,
    {{attribute|gen_ai.server.time_to_first_token}} AS first_token,
    {{attribute|ai.operationId}} AS operation_id,
    {{attribute|logfire.span_type}} AS span_type,
    {{attribute|langfuse.observation.usage_details}} AS langfuse_usage,
    {{attribute|langfuse.observation.level}} AS langfuse_level,
    {{attribute|ai.response.text}} AS response_text,
    {{attribute|ai.response.toolCalls}} AS response_tool_calls,
    {{attribute|mcp.method.name}} AS mcp_method,
    {{attribute|haystack.component.type}} AS haystack_type,
    {{attribute|gcp.vertex.agent.llm_request}} AS adk_request,
    {{attribute|http.request.method}} AS http_method,
    {{attribute|http.method}} AS old_http_method,
    {{attribute|watchkeeper.content.cut_chars}} AS cut_chars,
    {{attribute|watchkeeper.content.kept}} AS ContentKept,
    {{attribute|watchkeeper.redaction.hits}} AS redaction_hits,
    {{attribute|watchkeeper.redaction.hits.secret}} AS redaction_secret_hits,
    {{text:output_type}} AS x_output_type,
    {{text:guardrail_result}} AS x_guardrail_result,
    {{text:guardrail_passed}} AS x_guardrail_passed
FROM sorted
