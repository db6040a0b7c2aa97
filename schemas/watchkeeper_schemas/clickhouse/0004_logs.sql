-- Logs: one table under the name and with the columns that OpenTelemetry's tools know.
--
-- Segments of log records go into `otlp_logs` as they were sent, are decoded into `log_records` and stored in
-- `otel_logs`. Prompts and answers on log records leave them on the way: they go to `span_content`, beside
-- those on spans, so that their retention, the right to read them and the way to find them are the same.
-- Others insert into `otel_logs` directly. What they insert cannot be changed there, so content is copied to
-- `span_content`, and the row itself is marked with `HoldsContent` and goes when content goes.
-- What a record tells of the call that it belongs to goes to `log_features`, by which settling completes the span.
-- `trial_logs` decodes as `otlp_logs` does, and nothing comes of it.

CREATE TABLE {local:otel_logs} {on_cluster}
(
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimestampTime DateTime DEFAULT toDateTime(Timestamp) CODEC(Delta(4), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    TraceFlags UInt8 CODEC(ZSTD(1)),
    SeverityText LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8 CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    EventName LowCardinality(String) CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|Timestamp}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),
    HoldsContent Bool DEFAULT
        ({{is_content_event|{{log_event|}}}} AS is_event) AND Body != ''
        OR arrayExists(k -> {{is_log_content|k}}, mapKeys(LogAttributes))
        COMMENT 'Prompts or answers are in this row: it is kept as long as content, and shown to those who may read content',
    HasContent Bool DEFAULT HoldsContent COMMENT 'A row of span_content is of this record, until content expires',
    CompletesSpan Bool DEFAULT {{completes_span|}} COMMENT 'A row of log_features is of this record, until content expires',

    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX body_words lower(Body) TYPE text(tokenizer = splitByNonAlpha)
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, ServiceName, Timestamp)
TTL
    EventDay + INTERVAL {span_retention_days} DAY DELETE,
    EventDay + INTERVAL {content_retention_days} DAY DELETE WHERE HoldsContent
SETTINGS {durable};

CREATE TABLE {local:log_features} {on_cluster}
(
    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date,
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ReceivedAt DateTime64(9) CODEC(Delta, ZSTD(1)),
    SegmentId LowCardinality(String),
    EventName LowCardinality(String),
    UserId String CODEC(ZSTD(1)),
    SessionId String CODEC(ZSTD(1)),
    FinishReason LowCardinality(String),
    Provider LowCardinality(String),
    RequestModel LowCardinality(String),
    ResponseModel LowCardinality(String),
    ResponseId String CODEC(ZSTD(1)),
    InputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    CacheReadTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    CacheWriteTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    OutputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    ReasoningTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    TokensBasis LowCardinality(String),
    InputChars UInt32 CODEC(T64, ZSTD(1)),
    InputHash UInt64 CODEC(ZSTD(1)),
    HasOutput Bool,
    OutputChars UInt32 CODEC(T64, ZSTD(1)),
    OutputHash UInt64 CODEC(ZSTD(1)),
    IsBlank Bool,
    IsJson Bool,
    HasCodeFence Bool,
    ToolCallCount UInt16 CODEC(T64, ZSTD(1)),

    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX by_receipt ReceivedAt TYPE minmax GRANULARITY 1
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, toStartOfHour(ReceivedAt), TraceId, SpanId)
TTL EventDay + INTERVAL {content_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {database}.log_records {on_cluster} AS {local:otel_logs} ENGINE = Null;

CREATE TABLE {database}.telling_records {on_cluster} AS {local:otel_logs} ENGINE = Null;

CREATE TABLE {database}.otlp_logs {on_cluster}
(
    {{record_columns:logs}}
)
ENGINE = Null;

CREATE TABLE {database}.trial_logs {on_cluster} AS {database}.otlp_logs ENGINE = Null;

-- A record without a time of its own has the time at which it was observed, at the latest by us.
CREATE MATERIALIZED VIEW {database}.log_records_of_otlp {on_cluster} TO {database}.log_records AS
SELECT
    {{time|coalesce(nullIf(log.time_unix_nano, 0), nullIf(log.observed_time_unix_nano, 0), received_ns)}} AS Timestamp,
    lower(hex(log.trace_id)) AS TraceId,
    lower(hex(log.span_id)) AS SpanId,
    toUInt8(bitAnd(log.flags, 255)) AS TraceFlags,
    log.severity_text AS SeverityText,
    toUInt8(least(log.severity_number, 255)) AS SeverityNumber,
    ResourceAttributes['service.name'] AS ServiceName,
    coalesce(
        log.body.string_value,
        toString(log.body.bool_value),
        toString(log.body.int_value),
        toString(log.body.double_value),
        base64Encode(log.body.bytes_value),
        '') AS Body,
    resource_url AS ResourceSchemaUrl,
    ResourceAttributes,
    scope_url AS ScopeSchemaUrl,
    scope.name AS ScopeName,
    scope.version AS ScopeVersion,
    ScopeAttributes,
    {{attributes|log.attributes}} AS LogAttributes,
    log.event_name AS EventName,
    project AS Project,
    {retention_class} AS RetentionClass,
    {{event_day|Timestamp}} AS EventDay,
    {{time|received_ns}} AS ReceivedAt,
    segment_id AS SegmentId,
    api_key_id AS ApiKeyId,
    ({{is_content_event|{{log_event|}}}} AS is_event) AND Body != ''
        OR arrayExists(k -> {{is_log_content|k}}, mapKeys(LogAttributes)) AS HoldsContent,
    {{completes_span|}} AS CompletesSpan
FROM
(
    SELECT
        project,
        received_ns,
        segment_id,
        api_key_id,
        resource_url,
        ResourceAttributes,
        group.schema_url AS scope_url,
        group.scope AS scope,
        {{attributes|group.scope.attributes}} AS ScopeAttributes,
        group.log_records AS logs
    FROM
    (
        SELECT
            project,
            received_ns,
            segment_id,
            api_key_id,
            resource.schema_url AS resource_url,
            {{attributes|resource.resource.attributes}} AS ResourceAttributes,
            resource.scope_logs AS groups
        FROM {database}.otlp_logs
        ARRAY JOIN request.resource_logs AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN logs AS log;

CREATE MATERIALIZED VIEW {database}.otel_logs_of_records {on_cluster} TO {database}.otel_logs AS
SELECT * EXCEPT is_event REPLACE
(
    if(is_event, '', Body) AS Body,
    if(HoldsContent, mapFilter((k, v) -> NOT {{is_log_content|k}}, LogAttributes), LogAttributes) AS LogAttributes,
    false AS HoldsContent,
    HoldsContent AS HasContent
)
FROM
(
    SELECT
        *,
        {{is_content_event|{{log_event|}}}} AS is_event
    FROM {database}.log_records
);

CREATE TABLE {database}.read_records {on_cluster} ENGINE = Null EMPTY AS
{{read_logs|{database}.telling_records}};

CREATE TABLE {database}.heard_records {on_cluster} ENGINE = Null EMPTY AS
{{heard_logs|{database}.read_records}};

CREATE MATERIALIZED VIEW {database}.telling_of_records {on_cluster} TO {database}.telling_records AS
SELECT * FROM {database}.log_records WHERE HoldsContent OR CompletesSpan;

CREATE MATERIALIZED VIEW {database}.telling_of_foreign_logs {on_cluster} TO {database}.telling_records AS
SELECT * FROM {local:otel_logs} WHERE HoldsContent OR CompletesSpan AND SegmentId = '';

CREATE MATERIALIZED VIEW {database}.read_records_of_telling {on_cluster} TO {database}.read_records AS
{{read_logs|{database}.telling_records}};

CREATE MATERIALIZED VIEW {database}.heard_records_of_read {on_cluster} TO {database}.heard_records AS
{{heard_logs|{database}.read_records}};

CREATE MATERIALIZED VIEW {database}.span_content_of_logs {on_cluster} TO {database}.span_content AS
SELECT
    Project,
    RetentionClass,
    EventDay,
    ContentGroup,
    Timestamp,
    TraceId,
    SpanId,
    ReceivedAt,
    SegmentId,
    'log' AS Source,
    EventName AS Format,
    {{content_with_texts|Content|InputText|OutputText}} AS Content
FROM {database}.heard_records
WHERE HoldsContent;

CREATE MATERIALIZED VIEW {database}.log_features_of_heard {on_cluster} TO {database}.log_features AS
SELECT
    * EXCEPT (ContentGroup, HoldsContent, CompletesSpan, InputText, OutputText, Content, declines, answer),
    lengthUTF8(InputText) AS InputChars,
    lengthUTF8(OutputText) AS OutputChars,
    {{answer_columns|answer}}
FROM
(
    SELECT
        *,
        {{answer_features|OutputText|declines}} AS answer
    FROM {database}.heard_records
    WHERE CompletesSpan
);
