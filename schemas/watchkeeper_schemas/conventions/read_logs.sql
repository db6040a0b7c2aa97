-- What records of {source}, which has the columns of otel_logs, say of the call that they belong to.
--
-- They are read as spans are, by the same sources and meanings. A record is a whole call
-- (`gen_ai.client.inference.operation.details`) or one message of it, in its body. The first of two legs.

WITH
named AS
(
    SELECT
        *,
        {{log_event|}} AS event,
        {{is_content_event|{{log_event|}}}} AS is_event,
        mapKeys(LogAttributes) AS names,
        mapValues(LogAttributes) AS texts
    FROM {source}
),

numbered AS
(
    SELECT
        *,
        {{numbers}} AS numbers
    FROM named
),

sorted AS
(
    SELECT
        *,
        arraySort(numbers) AS order,
        arrayMap(n -> {{run_of|n}}, arraySort(numbers)) AS runs,
        arraySort((v, n) -> n, texts, numbers) AS values
    FROM numbered
),

read AS
(
    SELECT
        * EXCEPT '^(names|texts|numbers|order|runs|values)$',
        mapConcat(
            mapFilter((k, v) -> {{is_log_content|k}}, LogAttributes),
            if(is_event AND Body != '', map('body', Body), map())) AS content,
        firstNonDefault(LogAttributes['session.id'], LogAttributes['gen_ai.conversation.id'], LogAttributes['langfuse.session.id']) AS session,
        if(is_event, {{text:content.input}}, LogAttributes['gen_ai.input.messages']) AS x_input,
        if(is_event, {{text:content.output}}, LogAttributes['gen_ai.output.messages']) AS x_output,
        {{unquoted|{{text:user_id}}}} AS own_user,
        {{unquoted|{{text:session_id}}}} AS own_session,
        lower({{unquoted|{{text:provider}}}}) AS provider,
        {{text:request_model}} AS request_model,
        {{text:response_model}} AS response_model,
        {{text:response_id}} AS response_id,
        {{unquoted|{{first|{{text:finish_reason}}}}}} AS finish_reason,
        {{count|{{text:input_tokens}}}} AS input,
        {{count|{{text:output_tokens}}}} AS output,
        {{count_or_zero|{{text:cache_read_tokens}}}} AS cache_read,
        {{count_or_zero|{{text:cache_write_tokens}}}} AS cache_write,
        {{count_or_zero|{{text:reasoning_tokens}}}} AS reasoning
    FROM sorted
)

SELECT
    * EXCEPT '^(Body|TimestampTime|TraceFlags|Severity.*|ServiceName|Resource.*|Scope(SchemaUrl|Version|Attributes)|LogAttributes|EventName|x_input|x_output)$',
    {{document|if(event IN ('gen_ai.system.message', 'gen_ai.user.message', 'gen_ai.assistant.message', 'gen_ai.tool.message'), Body, x_input)|''}} AS input_document,
    {{document|if(event = 'gen_ai.choice', Body, x_output)|''}} AS output_document,
    ifNull(cache_read, 0) + ifNull(cache_write, 0) AS cached
FROM read
