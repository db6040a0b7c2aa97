-- Spans and their content: the two tables that everything reads.
--
-- `spans` is narrow and typed; `span_content` holds prompts and answers, sorted so that the turns of
-- one conversation lie side by side (agents resend whole histories, which then compress away).
-- `EventDay` is the day of the span where that is plausible and the day of receipt where it is not:
-- absurd clocks never steer partitions or retention.
-- Placeholders `{...}` are filled by the migration runner; see docs/schema.md.

CREATE TABLE {local:spans} {on_cluster}
(
    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date,
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeName LowCardinality(String),
    ScopeVersion LowCardinality(String),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String),
    StatusMessage String CODEC(ZSTD(3)),
    Events Nested
    (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(3)),
    Links Nested
    (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(3)),
    ReceivedAt DateTime64(9) CODEC(Delta, ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    Convention LowCardinality(String),
    Kind LowCardinality(String),
    Operation LowCardinality(String),
    Provider LowCardinality(String),
    RequestModel LowCardinality(String),
    ResponseModel LowCardinality(String),
    ResponseId String CODEC(ZSTD(1)),
    ServiceTier LowCardinality(String),
    SystemFingerprint LowCardinality(String),
    InputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    CacheReadTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    CacheWriteTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    OutputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    ReasoningTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    UsageDetails Map(LowCardinality(String), UInt64) CODEC(ZSTD(1)),
    TokensBasis LowCardinality(String),
    RollupInputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    RollupOutputTokens Nullable(UInt64) CODEC(T64, ZSTD(1)),
    CostUsd Nullable(Float64) CODEC(ZSTD(1)),
    CostSource LowCardinality(String),
    PriceVersion LowCardinality(String),
    ReportedCostUsd Nullable(Float64) CODEC(ZSTD(1)),
    TimeToFirstTokenMs Nullable(Float64) CODEC(ZSTD(1)),
    IsStreaming Bool,
    FinishReason LowCardinality(String),
    IsError Bool,
    ErrorType LowCardinality(String),
    ErrorStatus UInt16 CODEC(T64, ZSTD(1)),
    ErrorMessage String CODEC(ZSTD(3)),
    UserId String CODEC(ZSTD(1)),
    SessionId String CODEC(ZSTD(1)),
    AgentName LowCardinality(String),
    WorkflowName LowCardinality(String),
    ToolName LowCardinality(String),
    ToolArgsHash UInt64 CODEC(ZSTD(1)),
    PromptName LowCardinality(String),
    PromptVersion LowCardinality(String),
    Release LowCardinality(String),
    Environment LowCardinality(String),
    Feature LowCardinality(String),
    Inherited UInt8 DEFAULT 0 COMMENT 'Bits of what came from another span of the trace: 1 user, 2 session, 4 prompt, 8 release, 16 environment, 32 feature',
    FromLogs UInt16 DEFAULT 0 COMMENT 'Bits of what came on log records: 1 user, 2 session, 4 prompt, 8 answer, 16 finish reason, 32 tokens, 64 provider, 128 request model, 256 response model, 512 response id',
    IsDuplicate Bool DEFAULT false,
    DuplicateOf String DEFAULT '' CODEC(ZSTD(1)),
    SettledAt DateTime64(3) DEFAULT 0 CODEC(ZSTD(1)),

    InputChars UInt32 CODEC(T64, ZSTD(1)),
    OutputChars UInt32 CODEC(T64, ZSTD(1)),
    ContentCutChars UInt32 CODEC(T64, ZSTD(1)),
    InputHash UInt64 CODEC(ZSTD(1)),
    OutputHash UInt64 CODEC(ZSTD(1)),
    HasContent Bool COMMENT 'A row of span_content is of this span, until content expires',
    HasOutput Bool,
    IsTruncated Bool,
    IsEmpty Bool,
    IsJson Bool,
    HasCodeFence Bool,
    ToolCallCount UInt16 CODEC(T64, ZSTD(1)),

    INDEX by_span SpanId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_response ResponseId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_session SessionId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user UserId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX by_receipt ReceivedAt TYPE minmax GRANULARITY 1
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, toStartOfMinute(Timestamp), cityHash64(TraceId))
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable}, {updatable};

CREATE TABLE {local:span_content} {on_cluster}
(
    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date,
    ContentGroup String COMMENT 'The own session of the span, else its trace; never updated',
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(3)),
    SpanId String CODEC(ZSTD(3)),
    ReceivedAt DateTime64(9) CODEC(Delta, ZSTD(1)),
    SegmentId LowCardinality(String),
    Source LowCardinality(String) COMMENT 'span or log: where the content came from',
    Format LowCardinality(String) COMMENT 'Which family of attributes Content holds',
    Content Map(LowCardinality(String), String) COMMENT 'Attributes as they came, and decoded: InputText, OutputText. Side by side the two compress to the size of one' CODEC(ZSTD(3)),
    Events Nested
    (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(3)),
    InputText String ALIAS Content['InputText'] COMMENT 'The newest user message, decoded',
    OutputText String ALIAS Content['OutputText'] COMMENT 'The answer, decoded',
    Words String ALIAS concat(InputText, ' ¶ ', OutputText) COMMENT 'What words are looked for in: one index for both sides is a third smaller than two',

    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX words lower(concat(Content.key_InputText, ' ¶ ', Content.key_OutputText)) TYPE text(tokenizer = splitByNonAlpha)
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, ContentGroup, TraceId, Timestamp)
TTL EventDay + INTERVAL {content_retention_days} DAY DELETE
SETTINGS {durable}, min_compress_block_size = 1048576, max_compress_block_size = 4194304, index_granularity = 1024;

CREATE TABLE {local:trace_index} {on_cluster}
(
    Project LowCardinality(String),
    TraceId String CODEC(ZSTD(1)),
    EventDay Date,
    First SimpleAggregateFunction(min, DateTime64(9)),
    Last SimpleAggregateFunction(max, DateTime64(9))
)
ENGINE = {engine:Aggregating}
PARTITION BY toMonday(EventDay)
ORDER BY (TraceId, Project, EventDay)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable}, index_granularity = 1024;
