-- One span of the records in {source} becomes one row of otel_traces.

SELECT
    {{time|span.start_time_unix_nano}} AS Timestamp,
    lower(hex(span.trace_id)) AS TraceId,
    lower(hex(span.span_id)) AS SpanId,
    lower(hex(span.parent_span_id)) AS ParentSpanId,
    span.trace_state AS TraceState,
    span.name AS SpanName,
    arrayElement(['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'], if(span.kind > 5, 0, span.kind) + 1) AS SpanKind,
    ResourceAttributes['service.name'] AS ServiceName,
    ResourceAttributes,
    scope.name AS ScopeName,
    scope.version AS ScopeVersion,
    {{attributes|span.attributes}} AS SpanAttributes,
    if(span.end_time_unix_nano > span.start_time_unix_nano, span.end_time_unix_nano - span.start_time_unix_nano, 0) AS Duration,
    arrayElement(['Unset', 'Ok', 'Error'], if(span.status.code > 2, 0, span.status.code) + 1) AS StatusCode,
    span.status.message AS StatusMessage,
    arrayMap(t -> {{time|t}}, span.events.time_unix_nano) AS `Events.Timestamp`,
    span.events.name AS `Events.Name`,
    arrayMap(a -> {{attributes|a}}, span.events.attributes) AS `Events.Attributes`,
    arrayMap(i -> lower(hex(i)), span.links.trace_id) AS `Links.TraceId`,
    arrayMap(i -> lower(hex(i)), span.links.span_id) AS `Links.SpanId`,
    span.links.trace_state AS `Links.TraceState`,
    arrayMap(a -> {{attributes|a}}, span.links.attributes) AS `Links.Attributes`,
    project AS Project,
    'standard' AS RetentionClass,
    ScopeAttributes,
    {{time|received_ns}} AS ReceivedAt,
    segment_id AS SegmentId,
    api_key_id AS ApiKeyId
FROM
(
    SELECT
        project,
        received_ns,
        segment_id,
        api_key_id,
        ResourceAttributes,
        group.scope AS scope,
        {{attributes|group.scope.attributes}} AS ScopeAttributes,
        group.spans AS spans
    FROM
    (
        SELECT
            project,
            received_ns,
            segment_id,
            api_key_id,
            {{attributes|resource.resource.attributes}} AS ResourceAttributes,
            resource.scope_spans AS groups
        FROM {source}
        ARRAY JOIN request.resource_spans AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN spans AS span
