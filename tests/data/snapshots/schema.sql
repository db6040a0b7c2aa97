CREATE TABLE watchkeeper.alert_events
(
    `Project` LowCardinality(String) COMMENT 'Empty: about a rule of the operator itself',
    `Timestamp` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `Id` UInt64 COMMENT 'In the order in which things happened',
    `RuleUid` LowCardinality(String),
    `Alert` LowCardinality(String),
    `Fingerprint` String COMMENT 'Hash of the rule and the labels' CODEC(ZSTD(1)),
    `Episode` String COMMENT 'Empty: nothing fired' CODEC(ZSTD(1)),
    `StartedAt` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the episode began' CODEC(ZSTD(1)),
    `IsResolved` Bool COMMENT 'The episode ended',
    `FromState` LowCardinality(String) COMMENT 'inactive, pending, firing, recovering, no_data or error',
    `ToState` LowCardinality(String),
    `Reason` LowCardinality(String) COMMENT 'Why, if not because the condition holds or ceased to',
    `Measure` LowCardinality(String) COMMENT 'What the rule looks at, if that is a measure',
    `Filter` String COMMENT 'Of the rule' CODEC(ZSTD(1)),
    `Value` Nullable(Float64) CODEC(ZSTD(1)),
    `Labels` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `Annotations` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `Figures` String COMMENT 'JSON: what decided' CODEC(ZSTD(3)),
    `Links` Map(LowCardinality(String), String) CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(Timestamp)
ORDER BY (Project, Timestamp, Id)
TTL toDateTime(Timestamp) + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW watchkeeper.content_of_normalised TO watchkeeper.span_content
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ContentGroup` String,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `Source` String,
    `Format` LowCardinality(String),
    `Content` Map(String, String),
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(LowCardinality(String)),
    `Events.Attributes` Array(Map(LowCardinality(String), String))
)
AS SELECT
    Project,
    RetentionClass,
    EventDay,
    ContentGroup,
    Timestamp,
    TraceId,
    SpanId,
    ReceivedAt,
    SegmentId,
    'span' AS Source,
    Format,
    mapConcat(Content, mapFilter((k, v) -> (v != ''), map('InputText', InputText, 'OutputText', OutputText))) AS Content,
    ContentEvents.Timestamp AS `Events.Timestamp`,
    ContentEvents.Name AS `Events.Name`,
    ContentEvents.Attributes AS `Events.Attributes`
FROM watchkeeper.normalised_spans
WHERE (SegmentId != 'trial') AND (notEmpty(Content) OR notEmpty(ContentEvents.Name));

CREATE VIEW watchkeeper.current_prices
(
    `Source` LowCardinality(String),
    `Project` LowCardinality(String),
    `Provider` LowCardinality(String),
    `Model` String,
    `ServiceTier` LowCardinality(String),
    `ValidFrom` DateTime64(3, 'UTC'),
    `ValidUntil` DateTime64(3, 'UTC'),
    `PricedAs` String,
    `Units` Array(LowCardinality(String)),
    `Leaves` Array(Float64),
    `Rates` Array(Float64),
    `StepDayUs` Array(UInt64),
    `StepInput` Array(UInt64),
    `PriceVersion` LowCardinality(String),
    `UpdatedAt` DateTime64(6, 'UTC')
)
AS SELECT
    Source,
    Project,
    Provider,
    Model,
    ServiceTier,
    ValidFrom,
    leadInFrame(ValidFrom, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (PARTITION BY Source, Project, Provider, Model, ServiceTier ORDER BY ValidFrom ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ValidUntil,
    PricedAs,
    Units,
    Leaves,
    Rates,
    StepDayUs,
    StepInput,
    PriceVersion,
    UpdatedAt
FROM
(
    SELECT
        *,
        max(UpdatedAt) OVER (PARTITION BY Source, Project, Provider, Model) AS NewestUpdate
    FROM watchkeeper.model_prices
)
WHERE (UpdatedAt = NewestUpdate) AND IsPriced;

CREATE VIEW watchkeeper.current_scores
(
    `Project` LowCardinality(String),
    `Id` String,
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `Name` String,
    `TraceId` String,
    `SpanId` String,
    `SessionId` String,
    `UserId` String,
    `DataType` String,
    `Value` Nullable(Float64),
    `Label` String,
    `Source` String,
    `Comment` String,
    `Metadata` Map(String, String),
    `ApiKeyId` String,
    `ReceivedAt` DateTime64(9)
)
AS SELECT
    said.Project AS Project,
    said.Id AS Id,
    argMax(said.EventDay, (said.ReceivedAt, said.Timestamp)) AS EventDay,
    argMax(said.Timestamp, (said.ReceivedAt, said.Timestamp)) AS Timestamp,
    argMax(said.Name, (said.ReceivedAt, said.Timestamp)) AS Name,
    argMax(said.TraceId, (said.ReceivedAt, said.Timestamp)) AS TraceId,
    argMax(said.SpanId, (said.ReceivedAt, said.Timestamp)) AS SpanId,
    argMax(said.SessionId, (said.ReceivedAt, said.Timestamp)) AS SessionId,
    argMax(said.UserId, (said.ReceivedAt, said.Timestamp)) AS UserId,
    argMax(said.DataType, (said.ReceivedAt, said.Timestamp)) AS DataType,
    (argMax(tuple(said.Value), (said.ReceivedAt, said.Timestamp))).1 AS Value,
    argMax(said.Label, (said.ReceivedAt, said.Timestamp)) AS Label,
    argMax(said.Source, (said.ReceivedAt, said.Timestamp)) AS Source,
    argMax(said.Comment, (said.ReceivedAt, said.Timestamp)) AS Comment,
    argMax(said.Metadata, (said.ReceivedAt, said.Timestamp)) AS Metadata,
    argMax(said.ApiKeyId, (said.ReceivedAt, said.Timestamp)) AS ApiKeyId,
    max(said.ReceivedAt) AS ReceivedAt
FROM watchkeeper.scores AS said
GROUP BY
    said.Project,
    said.Id;

CREATE TABLE watchkeeper.drift_events
(
    `Project` LowCardinality(String),
    `Timestamp` DateTime64(3, 'UTC') COMMENT 'Of the first call with what is new' CODEC(Delta(8), ZSTD(1)),
    `Id` UInt64 COMMENT 'Hash of what changed, and since when',
    `Kind` LowCardinality(String) COMMENT 'response_model, fingerprint, api_version or answers',
    `Provider` LowCardinality(String),
    `Model` LowCardinality(String) COMMENT 'That was asked for',
    `Before` String COMMENT 'What most calls had before' CODEC(ZSTD(1)),
    `After` String CODEC(ZSTD(1)),
    `Calls` UInt64 COMMENT 'With what is new, in its first window' CODEC(T64, ZSTD(1)),
    `TraceId` String COMMENT 'Of the first call' CODEC(ZSTD(1)),
    `Evidence` String COMMENT 'JSON: what calls were like before and after' CODEC(ZSTD(3)),
    `WrittenAt` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(Timestamp)
ORDER BY (Project, Timestamp, Id)
TTL toDateTime(Timestamp) + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE watchkeeper.drift_results
(
    `Project` LowCardinality(String),
    `WindowStart` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `WindowEnd` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `CheckedAt` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `Baseline` LowCardinality(String) COMMENT 'season, rolling, or the id of a saved one',
    `SliceBy` LowCardinality(String) COMMENT 'project, model, prompt or feature',
    `SliceValue` LowCardinality(String),
    `Feature` LowCardinality(String) COMMENT 'Empty: the slice as a whole',
    `Answer` LowCardinality(String) COMMENT 'no, minor, major or unknown',
    `Needs` UInt32 COMMENT 'Where it cannot be told: so many units more' CODEC(T64, ZSTD(1)),
    `Windows` UInt32 COMMENT 'On end with this one in which it was drift' CODEC(T64, ZSTD(1)),
    `Effect` Nullable(Float64) CODEC(ZSTD(1)),
    `RawEffect` Nullable(Float64) COMMENT 'Without matching the mix of traffic' CODEC(ZSTD(1)),
    `PValue` Float64 CODEC(ZSTD(1)),
    `AdjustedP` Float64 CODEC(ZSTD(1)),
    `BeforeUnits` UInt32 CODEC(T64, ZSTD(1)),
    `AfterUnits` UInt32 CODEC(T64, ZSTD(1)),
    `Before` String COMMENT 'A share, a median, or the commonest kind' CODEC(ZSTD(1)),
    `After` String CODEC(ZSTD(1)),
    `Reason` String COMMENT 'In words' CODEC(ZSTD(3)),
    `Calls` UInt64 COMMENT 'Of the project in the window when it was checked' CODEC(T64, ZSTD(1)),
    `Details` String COMMENT 'JSON: of a feature its figures, of a slice its mix and explanation' CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(WindowStart)
ORDER BY (Project, WindowStart, SliceBy, SliceValue, Feature)
TTL toDateTime(WindowStart) + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE watchkeeper.erasure_subjects
(
    `Erasure` String,
    `Subject` String
)
ENGINE = MergeTree
PARTITION BY Erasure
ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5, index_granularity = 8192;

CREATE TABLE watchkeeper.erasure_targets
(
    `Erasure` String,
    `Kind` LowCardinality(String) COMMENT 'trace: all of it; span: one of a trace; session: what is said of it',
    `TraceId` String COMMENT 'Or the session',
    `SpanId` String
)
ENGINE = MergeTree
PARTITION BY Erasure
ORDER BY (Kind, TraceId, SpanId)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5, index_granularity = 8192;

CREATE TABLE watchkeeper.heard_records
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ContentGroup` String,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `HoldsContent` Bool,
    `CompletesSpan` Bool,
    `EventName` String,
    `UserId` String,
    `SessionId` String,
    `FinishReason` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `TokensBasis` String,
    `InputText` String,
    `InputHash` UInt64,
    `OutputText` String,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `declines` UInt8,
    `HasOutput` UInt8,
    `Content` Map(String, String)
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.heard_records_of_read TO watchkeeper.heard_records
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ContentGroup` String,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `HoldsContent` Bool,
    `CompletesSpan` Bool,
    `EventName` String,
    `UserId` String,
    `SessionId` String,
    `FinishReason` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `TokensBasis` String,
    `InputText` String,
    `InputHash` UInt64,
    `OutputText` String,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `declines` UInt8,
    `HasOutput` UInt8,
    `Content` Map(String, String)
)
AS WITH
    listed AS
    (
        SELECT
            *,
            JSONExtract(multiIf(startsWith(input_document, '{'), input_document, startsWith(input_document, '['), concat('{"messages":', input_document, '}'), ''), 'Tuple(messages Array(String), input Array(String), contents Array(String), output Array(String), choices Array(Tuple(text String, message String, finish_reason String)), candidates Array(Tuple(content String, finish_reason String, finishReason String)), message String, requests Array(Tuple(content String)), generations Array(Array(Tuple(text String, message String, generation_info Tuple(finish_reason String, model_name String)))), raw Tuple(choices Array(Tuple(finish_reason String))))') AS input_envelope,
            JSONExtract(multiIf(startsWith(output_document, '{'), output_document, startsWith(output_document, '['), concat('{"messages":', output_document, '}'), ''), 'Tuple(messages Array(String), input Array(String), contents Array(String), output Array(String), choices Array(Tuple(text String, message String, finish_reason String)), candidates Array(Tuple(content String, finish_reason String, finishReason String)), message String, requests Array(Tuple(content String)), generations Array(Array(Tuple(text String, message String, generation_info Tuple(finish_reason String, model_name String)))), raw Tuple(choices Array(Tuple(finish_reason String))))') AS output_envelope,
            arrayFirst(t -> ((t != '') AND (NOT match(t, '^[\\[{]'))), arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), arrayMap(t -> if(startsWith(t, '['), JSONExtract(t, 'Array(String)')[1], t), arrayMap(d -> [d.input, d.prompt, d.contents, d.query, d.question, d.message, d.output, d.result, if(startsWith(input_document, '[') AND (NOT match(input_document, '^.\\s*{')), input_document, '')], [JSONExtract(if(startsWith(input_document, '{'), input_document, ''), 'Tuple(input String, prompt String, contents String, query String, question String, message String, output String, result String)')])[1]))) AS input_scalar,
            arrayFirst(t -> ((t != '') AND (NOT match(t, '^[\\[{]'))), arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), arrayMap(t -> if(startsWith(t, '['), JSONExtract(t, 'Array(String)')[1], t), arrayMap(d -> [d.input, d.prompt, d.contents, d.query, d.question, d.message, d.output, d.result, if(startsWith(output_document, '[') AND (NOT match(output_document, '^.\\s*{')), output_document, '')], [JSONExtract(if(startsWith(output_document, '{'), output_document, ''), 'Tuple(input String, prompt String, contents String, query String, question String, message String, output String, result String)')])[1]))) AS output_scalar,
            (cached > 0) AND ifNull((input < cached) OR match(ScopeName, 'opentelemetry\\.instrumentation\\.genai\\.bedrock|opentelemetry\\.instrumentation\\.bedrock|openlit\\.instrumentation\\.anthropic'), false) AS is_exclusive_cache,
            (ifNull(reasoning, 0) > 0) AND match(ScopeName, 'openlit\\.instrumentation\\.google|opentelemetry\\.instrumentation\\.google_generativeai|opentelemetry\\.instrumentation\\.vertexai') AS is_exclusive_reasoning
        FROM watchkeeper.read_records
    ),
    parsed AS
    (
        SELECT
            *,
            arrayMap(m -> JSONExtract(m, 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), arrayFilter(m -> startsWith(m, '{'), arrayFlatten(arrayMap(m -> if(startsWith(m, '['), JSONExtract(m, 'Array(String)'), [m]), arrayConcat(input_envelope.messages, input_envelope.input, input_envelope.contents, input_envelope.output, input_envelope.choices.message, input_envelope.candidates.content, [input_envelope.message], input_envelope.requests.content, tupleElement(arrayFlatten(input_envelope.generations), 'message'), [if(startsWith(input_document, '{'), input_document, '')]))))) AS input_messages,
            arrayMap(m -> JSONExtract(m, 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), arrayFilter(m -> startsWith(m, '{'), arrayFlatten(arrayMap(m -> if(startsWith(m, '['), JSONExtract(m, 'Array(String)'), [m]), arrayConcat(output_envelope.messages, output_envelope.input, output_envelope.contents, output_envelope.output, output_envelope.choices.message, output_envelope.candidates.content, [output_envelope.message], output_envelope.requests.content, tupleElement(arrayFlatten(output_envelope.generations), 'message'), [if(startsWith(output_document, '{'), output_document, '')]))))) AS output_messages,
            arrayStringConcat(arrayFilter(t -> (t != ''), arrayConcat(output_envelope.choices.text, tupleElement(arrayFlatten(output_envelope.generations), 'text'))), '\n') AS other_output,
            arrayFirst(r -> (r != ''), arrayConcat(output_envelope.choices.finish_reason, output_envelope.candidates.finish_reason, output_envelope.candidates.finishReason, tupleElement(tupleElement(arrayFlatten(output_envelope.generations), 'generation_info'), 'finish_reason'), output_envelope.raw.choices.finish_reason)) AS envelope_finish_reason
        FROM listed
    ),
    heard AS
    (
        SELECT
            * EXCEPT '^(input|output)_(messages|envelope)$',
            if(arrayLast((t, r) -> ((t != '') AND (r IN ('user', 'human', 'humanmessage'))), arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), input_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), input_messages)), arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), input_messages)) != '', arrayLast((t, r) -> ((t != '') AND (r IN ('user', 'human', 'humanmessage'))), arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), input_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), input_messages)), arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), input_messages)), arrayLast((t, r) -> ((t != '') AND (r IN ('', 'message', 'text'))), arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), input_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), input_messages)), arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), input_messages))) AS newest_input,
            arrayStringConcat(arrayFilter(t -> (t != ''), arrayFilter((t, r) -> (r NOT IN ('user', 'human', 'humanmessage', 'tool', 'toolmessage', 'system', 'developer', 'reasoning', 'function_call', 'function_call_output')), arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), output_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), output_messages)), arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), output_messages))), '\n') AS joined_output,
            arrayMap(m -> (arrayMap(parts -> ((((length(m.tool_calls) + length(m.kwargs.tool_calls)) + length(m.data.tool_calls)) + arrayCount(p -> ((p.type IN ('tool_call', 'tool_use', 'tool-call', 'function_call')) OR (p.functionCall != '') OR (p.function_call != '') OR (p.toolUse != '')), parts)) + (m.type = 'function_call'), arrayCount(p -> ((p.type IN ('tool_call', 'tool_use', 'tool-call', 'function_call')) AND ((p.arguments != '') AND (NOT (match(p.arguments, '^\\s*\\{') AND isValidJSON(p.arguments))))), parts) + arrayCount(a -> ((a != '') AND (NOT (match(a, '^\\s*\\{') AND isValidJSON(a)))), arrayConcat(m.tool_calls.arguments, m.tool_calls.function.arguments, [m.arguments])), (m.refusal != '') OR arrayExists(p -> (p.type = 'refusal'), parts)), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(m.content, '['), m.content, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'))])[1]), output_messages) AS acts,
            arraySum(acts.1) AS tool_calls,
            multiIf(finish_reason != '', finish_reason, envelope_finish_reason != '', envelope_finish_reason, arrayFirst(r -> (r != ''), output_messages.finish_reason)) AS any_finish_reason
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
    transform(lower(any_finish_reason), ['stop', 'end_turn', 'stop_sequence', 'completed', 'eos', 'eos_token', 'complete', 'finish_reason_stop', 'finishreason.stop', 'length', 'max_tokens', 'max_output_tokens', 'model_length', 'finishreason.max_tokens', 'model_context_window_exceeded', 'incomplete', 'tool_call', 'tool_calls', 'tool-calls', 'tool_use', 'function_call', 'content_filter', 'content-filter', 'safety', 'refusal', 'recitation', 'blocklist', 'prohibited_content', 'spii', 'guardrail_intervened', 'content_filtered', 'finishreason.safety', 'error', 'failed', 'malformed_function_call'], ['stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'length', 'length', 'length', 'length', 'length', 'length', 'length', 'tool_call', 'tool_call', 'tool_call', 'tool_call', 'tool_call', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'error', 'error', 'error'], any_finish_reason) AS FinishReason,
    if((provider IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai')), '', transform(lower(provider), ['openai', 'openai_chat', 'anthropic', 'claude', 'gcp.gemini', 'gemini', 'google', 'google.generative-ai', 'google_genai', 'google_generativeai', 'google-genai', 'google_ai_studio', 'gcp.gen_ai', 'googlegenai', 'google_gla', 'google-gla', 'gcp.vertex_ai', 'vertex_ai', 'vertexai', 'google.vertex', 'google-vertex', 'google_vertexai', 'gcp.vertex.agent', 'google_vertex', 'aws.bedrock', 'bedrock', 'aws', 'aws_bedrock', 'amazon-bedrock', 'amazon_bedrock', 'bedrock_converse', 'azure.ai.openai', 'azure', 'az.ai.openai', 'azure-openai', 'azure_openai', 'azure.ai.inference', 'az.ai.inference', 'azure_ai', 'mistral_ai', 'mistralai', 'mistral', 'x_ai', 'xai', 'x-ai', 'grok', 'moonshot_ai', 'moonshot', 'moonshotai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together_ai', 'togetherai', 'fireworks', 'fireworks_ai', 'ibm.watsonx.ai', 'watsonx', 'huggingface', 'hugging_face', 'huggingface_hub'], ['openai', 'openai', 'anthropic', 'anthropic', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.inference', 'azure.ai.inference', 'azure.ai.inference', 'mistral_ai', 'mistral_ai', 'mistral_ai', 'x_ai', 'x_ai', 'x_ai', 'x_ai', 'moonshot_ai', 'moonshot_ai', 'moonshot_ai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together', 'together', 'fireworks', 'fireworks', 'ibm.watsonx.ai', 'ibm.watsonx.ai', 'huggingface', 'huggingface', 'huggingface'], provider)) AS Provider,
    request_model AS RequestModel,
    response_model AS ResponseModel,
    response_id AS ResponseId,
    if(is_exclusive_cache, input + cached, input) AS InputTokens,
    cache_read AS CacheReadTokens,
    cache_write AS CacheWriteTokens,
    if(is_exclusive_reasoning, output + reasoning, output) AS OutputTokens,
    reasoning AS ReasoningTokens,
    multiIf((input IS NULL) AND (output IS NULL), '', concat(multiIf(cached = 0, 'as reported', ifNull(input < cached, false), 'cache added: input below cache', is_exclusive_cache, 'cache added: by source', 'cache included'), if(is_exclusive_reasoning, ', reasoning added', ''))) AS TokensBasis,
    multiIf((event IN ('gen_ai.system.message', 'gen_ai.assistant.message', 'gen_ai.tool.message')), '', newest_input != '', newest_input, match(input_document, '^[\\[{]') AND isValidJSON(input_document), input_scalar, input_document) AS InputText,
    if(input_document = '', 0, cityHash64(cityHash64(input_document, request_model), InputText, Provider)) AS InputHash,
    multiIf(joined_output != '', joined_output, other_output != '', other_output, tool_calls > 0, '', match(output_document, '^[\\[{]') AND isValidJSON(output_document), output_scalar, output_document) AS OutputText,
    toUInt16(least(65535, tool_calls)) AS ToolCallCount,
    toUInt16(least(65535, arraySum(acts.2))) AS InvalidToolCallCount,
    has(acts.3, true) AS declines,
    if(event = 'gen_ai.choice', (OutputText != '') OR (tool_calls > 0), output_document != '') AS HasOutput,
    content AS Content
FROM heard;

CREATE TABLE watchkeeper.known_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `RestAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `event_times` Array(DateTime64(9)),
    `event_names` Array(LowCardinality(String)),
    `event_attributes` Array(Map(LowCardinality(String), String)),
    `event_marks` Array(UInt8),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `convention_of_scope` String,
    `x_operation` String,
    `x_response_model` String,
    `either_model` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `x_reported_cost_usd` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `AgentName` String,
    `WorkflowName` String,
    `x_tool_name` String,
    `x_tool_arguments` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `x_error_status` String,
    `operation_id` String,
    `span_type` String,
    `langfuse_usage` String,
    `response_text` String,
    `response_tool_calls` String,
    `ContentKept` String,
    `kind_by_operation` String,
    `operation_by_value` String,
    `raw_provider` String,
    `provider_by_value` String,
    `provider_by_host` String,
    `request_model` String,
    `input` Nullable(UInt64),
    `output` Nullable(UInt64),
    `total` Nullable(UInt64),
    `cache_read` Nullable(UInt64),
    `cache_write` Nullable(UInt64),
    `reasoning` Nullable(UInt64),
    `UsageDetails` Map(String, UInt64),
    `finish_reason` String,
    `own_user` String,
    `own_session` String,
    `input_document` String,
    `output_document` String,
    `tool_arguments` String,
    `error_type` String,
    `error_message` String,
    `is_json_asked` UInt8,
    `told_guardrail_result` String,
    `Kind` String,
    `Convention` String,
    `Format` String,
    `provider_by_start` String,
    `provider_by_model` String,
    `IsError` UInt8,
    `status_in_message` String,
    `status_of_class` UInt16,
    `ContentCutChars` UInt32,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `IsStreaming` UInt8,
    `first_token_ms` Nullable(Float64),
    `input_envelope` Tuple(
        messages Array(String),
        input Array(String),
        contents Array(String),
        output Array(String),
        choices Array(Tuple(
            text String,
            message String,
            finish_reason String)),
        candidates Array(Tuple(
            content String,
            finish_reason String,
            finishReason String)),
        message String,
        requests Array(Tuple(content String)),
        generations Array(Array(Tuple(
            text String,
            message String,
            generation_info Tuple(
                finish_reason String,
                model_name String)))),
        raw Tuple(choices Array(Tuple(finish_reason String)))),
    `output_envelope` Tuple(
        messages Array(String),
        input Array(String),
        contents Array(String),
        output Array(String),
        choices Array(Tuple(
            text String,
            message String,
            finish_reason String)),
        candidates Array(Tuple(
            content String,
            finish_reason String,
            finishReason String)),
        message String,
        requests Array(Tuple(content String)),
        generations Array(Array(Tuple(
            text String,
            message String,
            generation_info Tuple(
                finish_reason String,
                model_name String)))),
        raw Tuple(choices Array(Tuple(finish_reason String)))),
    `input_scalar` String,
    `output_scalar` String,
    `flat_input` String,
    `flat_output` String,
    `has_flat_output` UInt8,
    `flat_tool_calls` UInt32,
    `flat_invalid_tool_calls` UInt32
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.known_spans_of_read TO watchkeeper.known_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `RestAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `event_times` Array(DateTime64(9)),
    `event_names` Array(LowCardinality(String)),
    `event_attributes` Array(Map(LowCardinality(String), String)),
    `event_marks` Array(UInt8),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `convention_of_scope` String,
    `x_operation` String,
    `x_response_model` String,
    `either_model` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `x_reported_cost_usd` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `AgentName` String,
    `WorkflowName` String,
    `x_tool_name` String,
    `x_tool_arguments` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `x_error_status` String,
    `operation_id` String,
    `span_type` String,
    `langfuse_usage` String,
    `response_text` String,
    `response_tool_calls` String,
    `ContentKept` String,
    `kind_by_operation` String,
    `operation_by_value` String,
    `raw_provider` String,
    `provider_by_value` String,
    `provider_by_host` String,
    `request_model` String,
    `input` Nullable(UInt64),
    `output` Nullable(UInt64),
    `total` Nullable(UInt64),
    `cache_read` Nullable(UInt64),
    `cache_write` Nullable(UInt64),
    `reasoning` Nullable(UInt64),
    `UsageDetails` Map(String, UInt64),
    `finish_reason` String,
    `own_user` String,
    `own_session` String,
    `input_document` String,
    `output_document` String,
    `tool_arguments` String,
    `error_type` String,
    `error_message` String,
    `is_json_asked` UInt8,
    `told_guardrail_result` String,
    `Kind` String,
    `Convention` String,
    `Format` String,
    `provider_by_start` String,
    `provider_by_model` String,
    `IsError` UInt8,
    `status_in_message` String,
    `status_of_class` UInt16,
    `ContentCutChars` UInt32,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `IsStreaming` UInt8,
    `first_token_ms` Nullable(Float64),
    `input_envelope` Tuple(
        messages Array(String),
        input Array(String),
        contents Array(String),
        output Array(String),
        choices Array(Tuple(
            text String,
            message String,
            finish_reason String)),
        candidates Array(Tuple(
            content String,
            finish_reason String,
            finishReason String)),
        message String,
        requests Array(Tuple(content String)),
        generations Array(Array(Tuple(
            text String,
            message String,
            generation_info Tuple(
                finish_reason String,
                model_name String)))),
        raw Tuple(choices Array(Tuple(finish_reason String)))),
    `output_envelope` Tuple(
        messages Array(String),
        input Array(String),
        contents Array(String),
        output Array(String),
        choices Array(Tuple(
            text String,
            message String,
            finish_reason String)),
        candidates Array(Tuple(
            content String,
            finish_reason String,
            finishReason String)),
        message String,
        requests Array(Tuple(content String)),
        generations Array(Array(Tuple(
            text String,
            message String,
            generation_info Tuple(
                finish_reason String,
                model_name String)))),
        raw Tuple(choices Array(Tuple(finish_reason String)))),
    `input_scalar` String,
    `output_scalar` String,
    `flat_input` String,
    `flat_output` String,
    `has_flat_output` UInt8,
    `flat_tool_calls` UInt32,
    `flat_invalid_tool_calls` UInt32
)
AS WITH
    meant AS
    (
        SELECT
            * EXCEPT '^x_(input|output|usage_details|provider|finish_reason|user_id|session_id|request_model|first_chunk_at|server_address|error_type|error_message|output_type|guardrail_.*|.*_tokens)$',
            transform(lower((if(startsWith(x_kind, '"'), JSONExtractString(x_kind), x_kind))), ['llm', 'chat', 'chat_model', 'completion', 'text_completion', 'generate_content', 'generation', 'response', 'responses', 'embedding', 'embeddings', 'tool', 'execute_tool', 'agent', 'invoke_agent', 'create_agent', 'plan', 'workflow', 'invoke_workflow', 'chain', 'task', 'parser', 'prompt', 'agent_step', 'execute_event_loop_cycle', 'execute_task', 'default', 'executor', 'retriever', 'retrieval', 'reranker', 'rerank', 'guardrail', 'apply_guardrail', 'evaluator', 'create_memory_store', 'search_memory', 'create_memory', 'update_memory', 'upsert_memory', 'delete_memory', 'delete_memory_store', 'fetch_response', 'decision', 'event', 'other'], ['llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'embedding', 'embedding', 'tool', 'tool', 'agent', 'agent', 'agent', 'agent', 'workflow', 'workflow', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'retriever', 'retriever', 'reranker', 'reranker', 'guardrail', 'guardrail', 'evaluator', 'memory', 'memory', 'memory', 'memory', 'memory', 'memory', 'memory', 'other', 'other', 'other', 'other'], '') AS kind_by_value,
            transform(lower(x_operation), ['llm', 'chat', 'chat_model', 'completion', 'text_completion', 'generate_content', 'generation', 'response', 'responses', 'embedding', 'embeddings', 'tool', 'execute_tool', 'agent', 'invoke_agent', 'create_agent', 'plan', 'workflow', 'invoke_workflow', 'chain', 'task', 'parser', 'prompt', 'agent_step', 'execute_event_loop_cycle', 'execute_task', 'default', 'executor', 'retriever', 'retrieval', 'reranker', 'rerank', 'guardrail', 'apply_guardrail', 'evaluator', 'create_memory_store', 'search_memory', 'create_memory', 'update_memory', 'upsert_memory', 'delete_memory', 'delete_memory_store', 'fetch_response', 'decision', 'event', 'other'], ['llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'llm', 'embedding', 'embedding', 'tool', 'tool', 'agent', 'agent', 'agent', 'agent', 'workflow', 'workflow', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'chain', 'retriever', 'retriever', 'reranker', 'reranker', 'guardrail', 'guardrail', 'evaluator', 'memory', 'memory', 'memory', 'memory', 'memory', 'memory', 'memory', 'other', 'other', 'other', 'other'], '') AS kind_by_operation,
            transform(lower(x_operation), ['chat', 'generate_content', 'response', 'responses', 'generation', 'llm', 'text_completion', 'completion', 'embeddings', 'embedding', 'rerank', 'reranker'], ['chat', 'chat', 'chat', 'chat', 'chat', 'chat', 'text_completion', 'text_completion', 'embeddings', 'embeddings', 'rerank', 'rerank'], '') AS operation_by_value,
            lower((if(startsWith(x_provider, '"'), JSONExtractString(x_provider), x_provider))) AS raw_provider,
            transform(lower(lower((if(startsWith(x_provider, '"'), JSONExtractString(x_provider), x_provider)))), ['openai', 'openai_chat', 'anthropic', 'claude', 'gcp.gemini', 'gemini', 'google', 'google.generative-ai', 'google_genai', 'google_generativeai', 'google-genai', 'google_ai_studio', 'gcp.gen_ai', 'googlegenai', 'google_gla', 'google-gla', 'gcp.vertex_ai', 'vertex_ai', 'vertexai', 'google.vertex', 'google-vertex', 'google_vertexai', 'gcp.vertex.agent', 'google_vertex', 'aws.bedrock', 'bedrock', 'aws', 'aws_bedrock', 'amazon-bedrock', 'amazon_bedrock', 'bedrock_converse', 'azure.ai.openai', 'azure', 'az.ai.openai', 'azure-openai', 'azure_openai', 'azure.ai.inference', 'az.ai.inference', 'azure_ai', 'mistral_ai', 'mistralai', 'mistral', 'x_ai', 'xai', 'x-ai', 'grok', 'moonshot_ai', 'moonshot', 'moonshotai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together_ai', 'togetherai', 'fireworks', 'fireworks_ai', 'ibm.watsonx.ai', 'watsonx', 'huggingface', 'hugging_face', 'huggingface_hub'], ['openai', 'openai', 'anthropic', 'anthropic', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.inference', 'azure.ai.inference', 'azure.ai.inference', 'mistral_ai', 'mistral_ai', 'mistral_ai', 'x_ai', 'x_ai', 'x_ai', 'x_ai', 'moonshot_ai', 'moonshot_ai', 'moonshot_ai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together', 'together', 'fireworks', 'fireworks', 'ibm.watsonx.ai', 'ibm.watsonx.ai', 'huggingface', 'huggingface', 'huggingface'], '') AS provider_by_value,
            multiIf(match(if(x_provider = '', x_server_address, ''), '\\.openai\\.azure\\.com'), 'azure.ai.openai', match(if(x_provider = '', x_server_address, ''), '\\.(services|models|inference)\\.ai\\.azure\\.com|\\.inference\\.ml\\.azure\\.com'), 'azure.ai.inference', match(if(x_provider = '', x_server_address, ''), '(^|//|\\.)api\\.openai\\.com'), 'openai', match(if(x_provider = '', x_server_address, ''), '(^|//|\\.)api\\.anthropic\\.com'), 'anthropic', match(if(x_provider = '', x_server_address, ''), 'generativelanguage\\.googleapis\\.com'), 'gcp.gemini', match(if(x_provider = '', x_server_address, ''), 'aiplatform\\.googleapis\\.com'), 'gcp.vertex_ai', match(if(x_provider = '', x_server_address, ''), 'bedrock(-runtime|-agent-runtime)?[.-].*amazonaws\\.com'), 'aws.bedrock', match(if(x_provider = '', x_server_address, ''), 'api\\.groq\\.com'), 'groq', match(if(x_provider = '', x_server_address, ''), 'api\\.mistral\\.ai'), 'mistral_ai', match(if(x_provider = '', x_server_address, ''), 'api\\.cohere\\.(ai|com)'), 'cohere', match(if(x_provider = '', x_server_address, ''), 'api\\.deepseek\\.com'), 'deepseek', match(if(x_provider = '', x_server_address, ''), 'api\\.x\\.ai'), 'x_ai', match(if(x_provider = '', x_server_address, ''), 'api\\.perplexity\\.ai'), 'perplexity', match(if(x_provider = '', x_server_address, ''), 'openrouter\\.ai'), 'openrouter', match(if(x_provider = '', x_server_address, ''), 'api\\.together\\.(xyz|ai)'), 'together', match(if(x_provider = '', x_server_address, ''), 'api\\.fireworks\\.ai'), 'fireworks', match(if(x_provider = '', x_server_address, ''), 'api\\.moonshot\\.(ai|cn)'), 'moonshot_ai', '') AS provider_by_host,
            multiIf(x_request_model != '', x_request_model, either_model != '', either_model, is_bare AND match(SpanName, '^(chat|text_completion|generate_content|embeddings) \\S+$'), splitByChar(' ', SpanName)[2], x_response_model) AS request_model,
            accurateCastOrNull(nullIf(round(toFloat64OrNull(x_input_tokens)), 0), 'UInt64') AS input,
            accurateCastOrNull(nullIf(round(toFloat64OrNull(x_output_tokens)), 0), 'UInt64') AS output,
            accurateCastOrNull(nullIf(round(toFloat64OrNull(x_total_tokens)), 0), 'UInt64') AS total,
            accurateCastOrNull(round(toFloat64OrNull(x_cache_read_tokens)), 'UInt64') AS cache_read,
            accurateCastOrNull(round(toFloat64OrNull(x_cache_write_tokens)), 'UInt64') AS cache_write,
            accurateCastOrNull(round(toFloat64OrNull(x_reasoning_tokens)), 'UInt64') AS reasoning,
            mapFilter((k, v) -> (v > 0), mapApply((k, v) -> (k, toUInt64OrZero(v)), x_usage_details)) AS UsageDetails,
            (if(startsWith((if(startsWith(x_finish_reason, '['), JSONExtractString(x_finish_reason, 1), x_finish_reason)), '"'), JSONExtractString((if(startsWith(x_finish_reason, '['), JSONExtractString(x_finish_reason, 1), x_finish_reason))), (if(startsWith(x_finish_reason, '['), JSONExtractString(x_finish_reason, 1), x_finish_reason)))) AS finish_reason,
            (if(startsWith(x_user_id, '"'), JSONExtractString(x_user_id), x_user_id)) AS own_user,
            (if(startsWith(x_session_id, '"'), JSONExtractString(x_session_id), x_session_id)) AS own_session,
            arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), [arrayFirst(t -> (t != ''), [x_input, input_event['gen_ai.input.messages'], input_event['content'], input_event['gen_ai.prompt']])])[1] AS input_document,
            arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), [arrayFirst(t -> (t != ''), [x_output, output_event['gen_ai.output.messages'], output_event['message'], output_event['content'], output_event['gen_ai.completion']])])[1] AS output_document,
            (if(startsWith(x_first_chunk_at, '"'), JSONExtractString(x_first_chunk_at), x_first_chunk_at)) AS first_chunk_at,
            if(x_tool_arguments != '', x_tool_arguments, x_input) AS tool_arguments,
            arrayFirst((a, n) -> (n = 'exception'), event_attributes, event_names) AS exception,
            if(x_error_type != '', x_error_type, exception['exception.type']) AS error_type,
            multiIf((exception['exception.message']) != '', exception['exception.message'], x_error_message != '', x_error_message, StatusMessage) AS error_message,
            match(x_output_type, '(?i)json|"properties"|^object$') OR match(operation_id, '(generate|stream)Object') AS is_json_asked,
            multiIf(x_guardrail_result != '', transform(lower((if(startsWith(x_guardrail_result, '"'), JSONExtractString(x_guardrail_result), x_guardrail_result))), ['pass', 'passed', 'allow', 'allowed', 'none', 'safe', 'success', 'ok', 'false', 'no_match', 'no_match_found', 'not_triggered', 'no_action', '0', 'warn', 'warning', 'audit', 'flag', 'flagged', 'log', 'monitor', 'modify', 'modified', 'redact', 'redacted', 'mask', 'masked', 'anonymize', 'anonymized', 'sanitize', 'sanitized', 'rewrite', 'rewritten', 'fix', 'fixed', 'deidentified', 'block', 'blocked', 'deny', 'denied', 'fail', 'failed', 'reject', 'rejected', 'refuse', 'refused', 'true', 'triggered', 'tripwire_triggered', 'guardrail_intervened', 'intervened', 'match_found', 'unsafe', 'violation'], ['pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'warn', 'warn', 'warn', 'warn', 'warn', 'warn', 'warn', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'modify', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block', 'block'], ''), transform(lower((if(startsWith(x_guardrail_passed, '"'), JSONExtractString(x_guardrail_passed), x_guardrail_passed))), ['true', '1', 'yes', 'false', '0', 'no'], ['pass', 'pass', 'pass', 'block', 'block', 'block'], '')) AS told_guardrail_result,
            notEmpty(flat_names) AS is_flat,
            arrayExists(k -> startsWith(k, 'llm.'), flat_names) AS is_flat_llm
        FROM watchkeeper.read_spans
    )
SELECT
    * EXCEPT '^(flat_names|flat_texts|kind_name|operation_name|x_kind|kind_by_value|x_is_streaming|langfuse_level|mcp_method|haystack_type|adk_request|http_method|old_http_method|cut_chars|exception|is_flat|is_flat_llm|is_bare|input_event|output_event|input_name|output_name|first_chunk_.*|first_token|redaction_.*)$',
    multiIf(span_type = 'pending_span', 'other', match(operation_id, '\\.do(Generate|Stream)$'), 'llm', endsWith(operation_id, '.doEmbed'), 'embedding', operation_id = 'ai.toolCall', 'tool', operation_id != '', 'chain', kind_by_value != '', kind_by_value, kind_by_operation != '', kind_by_operation, mcp_method = 'tools/call', 'tool', match(haystack_type, '(Generator|Chat)$'), 'llm', match(haystack_type, 'Embedder$'), 'embedding', match(haystack_type, 'Retriever$'), 'retriever', match(haystack_type, 'Ranker$'), 'reranker', (adk_request != '') OR (SpanName = 'claude_code.llm_request') OR ((ScopeName = 'mistralai_sdk_tracer') AND startsWith(SpanName, 'chat_completion')), 'llm', SpanName = 'claude_code.tool', 'tool', SpanName = 'claude_code.interaction', 'agent', (convention_of_scope != '') AND match(SpanName, '^(chat|text_completion|generate_content) \\S+$'), 'llm', (convention_of_scope != '') AND match(SpanName, '^embeddings \\S+$'), 'embedding', (http_method != '') OR (old_http_method != ''), 'http', 'other') AS Kind,
    multiIf(convention_of_scope != '', convention_of_scope, operation_id != '', 'vercel_ai', kind_name != '', transform(lower(kind_name), ['openinference.span.kind', 'langfuse.observation.type', 'langsmith.span.kind', 'mlflow.spanType', 'lmnr.span.type', 'entity.type', 'llm.request.type', 'traceloop.span.kind', 'gen_ai.operation.name'], ['openinference', 'langfuse', 'langsmith', 'mlflow', 'laminar', 'voltagent', 'traceloop', 'traceloop', 'otel'], kind_name), span_type != '', 'logfire', adk_request != '', 'google_adk', operation_name != '', transform(lower(operation_name), ['openinference.span.kind', 'langfuse.observation.type', 'langsmith.span.kind', 'mlflow.spanType', 'lmnr.span.type', 'entity.type', 'llm.request.type', 'traceloop.span.kind', 'gen_ai.operation.name'], ['openinference', 'langfuse', 'langsmith', 'mlflow', 'laminar', 'voltagent', 'traceloop', 'traceloop', 'otel'], operation_name), (x_operation != '') OR (raw_provider != ''), 'otel', '') AS Convention,
    multiIf(is_flat_llm, 'llm.messages', is_flat, 'gen_ai.prompt.N', input_name != '', input_name, output_name) AS Format,
    transform(lower(splitByChar('.', raw_provider)[1]), ['openai', 'openai_chat', 'anthropic', 'claude', 'gcp.gemini', 'gemini', 'google', 'google.generative-ai', 'google_genai', 'google_generativeai', 'google-genai', 'google_ai_studio', 'gcp.gen_ai', 'googlegenai', 'google_gla', 'google-gla', 'gcp.vertex_ai', 'vertex_ai', 'vertexai', 'google.vertex', 'google-vertex', 'google_vertexai', 'gcp.vertex.agent', 'google_vertex', 'aws.bedrock', 'bedrock', 'aws', 'aws_bedrock', 'amazon-bedrock', 'amazon_bedrock', 'bedrock_converse', 'azure.ai.openai', 'azure', 'az.ai.openai', 'azure-openai', 'azure_openai', 'azure.ai.inference', 'az.ai.inference', 'azure_ai', 'mistral_ai', 'mistralai', 'mistral', 'x_ai', 'xai', 'x-ai', 'grok', 'moonshot_ai', 'moonshot', 'moonshotai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together_ai', 'togetherai', 'fireworks', 'fireworks_ai', 'ibm.watsonx.ai', 'watsonx', 'huggingface', 'hugging_face', 'huggingface_hub'], ['openai', 'openai', 'anthropic', 'anthropic', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.inference', 'azure.ai.inference', 'azure.ai.inference', 'mistral_ai', 'mistral_ai', 'mistral_ai', 'x_ai', 'x_ai', 'x_ai', 'x_ai', 'moonshot_ai', 'moonshot_ai', 'moonshot_ai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together', 'together', 'fireworks', 'fireworks', 'ibm.watsonx.ai', 'ibm.watsonx.ai', 'huggingface', 'huggingface', 'huggingface'], '') AS provider_by_start,
    multiIf(match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^((us|eu|apac|global)\\.)?(amazon|anthropic|meta|cohere|mistral|ai21|deepseek)\\.'), 'aws.bedrock', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(openai/)?(gpt-[345]|gpt-4|chatgpt-|o[134](-|$)|text-embedding-(3|ada)|davinci|babbage|dall-e|whisper-1|tts-1|omni-moderation|codex)'), 'openai', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(anthropic/)?claude'), 'anthropic', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(models/|google/|gemini/)?(gemini|gemma-|embedding-00|text-embedding-00)'), 'gcp.gemini', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(mistral/|mistralai/)?(mistral|ministral|codestral|pixtral|magistral|devstral)-'), 'mistral_ai', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(cohere/)?(command|embed-(english|multilingual)|rerank-)'), 'cohere', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^deepseek-(chat|reasoner)'), 'deepseek', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(x-ai/|xai/)?grok'), 'x_ai', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^sonar'), 'perplexity', match(lower(multiIf(provider_by_value != '', '', x_response_model != '', x_response_model, request_model)), '^(kimi|moonshot)'), 'moonshot_ai', '') AS provider_by_model,
    (positionCaseInsensitive(StatusCode, 'error') > 0) OR (error_type != '') OR (upper(langfuse_level) = 'ERROR') AS IsError,
    extract(error_message, '\\b([45][0-9][0-9])\\b') AS status_in_message,
    toUInt16OrZero(multiIf(match(concat(error_type, ' ', error_message), '(?i)rate.?limit|thrott|too.?many.?requests|resource.?exhausted|quota'), '429', match(concat(error_type, ' ', error_message), '(?i)authentication.?error|unauthenticated|invalid.?api.?key'), '401', match(concat(error_type, ' ', error_message), '(?i)permission.?denied'), '403', match(concat(error_type, ' ', error_message), '(?i)not.?found.?error'), '404', match(concat(error_type, ' ', error_message), '(?i)bad.?request|invalid.?request|invalid.?argument|validation.?exception'), '400', match(concat(error_type, ' ', error_message), '(?i)request.?timeout'), '408', match(concat(error_type, ' ', error_message), '(?i)overloaded'), '529', match(concat(error_type, ' ', error_message), '(?i)service.?unavailable|unavailable'), '503', match(concat(error_type, ' ', error_message), '(?i)internal.?server|api_error|\\bInternalError'), '500', '')) AS status_of_class,
    toUInt32OrZero(cut_chars) AS ContentCutChars,
    toUInt16(greatest(0, least(65535, toInt64(toUInt32OrZero(redaction_hits)) - toUInt32OrZero(redaction_secret_hits)))) AS PiiHits,
    toUInt16(least(65535, toUInt32OrZero(redaction_secret_hits))) AS SecretHits,
    (lower(x_is_streaming) IN ('true', '1')) OR endsWith(operation_id, '.doStream') OR arrayExists(n -> ((n IN ('First Token Stream Event', 'llm.content.completion.chunk', 'gen_ai.content.completion.chunk')) OR startsWith(n, 'mlflow.chunk.')), event_names) OR (first_chunk_s != '') OR (first_chunk_at != '') OR ((first_token != '') AND (position(first_token, '.') = 0)) OR startsWith(SpanName, 'streaming response from') AS IsStreaming,
    multiIf(first_chunk_s != '', toFloat64OrNull(first_chunk_s) * 1000, first_chunk_ms != '', toFloat64OrNull(first_chunk_ms), first_chunk_at != '', (toUnixTimestamp64Nano(parseDateTime64BestEffortOrNull(first_chunk_at, 9, 'UTC')) - toUnixTimestamp64Nano(Timestamp)) / 1000000., first_token != '', toFloat64OrNull(first_token) * if((position(first_token, '.') = 0) OR (toFloat64OrZero(first_token) > (Duration / 1000000000.)), 1, 1000), has(event_names, 'First Token Stream Event'), (toUnixTimestamp64Nano(event_times[indexOf(event_names, 'First Token Stream Event')]) - toUnixTimestamp64Nano(Timestamp)) / 1000000., NULL) AS first_token_ms,
    JSONExtract(multiIf(startsWith(input_document, '{'), input_document, startsWith(input_document, '['), concat('{"messages":', input_document, '}'), ''), 'Tuple(messages Array(String), input Array(String), contents Array(String), output Array(String), choices Array(Tuple(text String, message String, finish_reason String)), candidates Array(Tuple(content String, finish_reason String, finishReason String)), message String, requests Array(Tuple(content String)), generations Array(Array(Tuple(text String, message String, generation_info Tuple(finish_reason String, model_name String)))), raw Tuple(choices Array(Tuple(finish_reason String))))') AS input_envelope,
    JSONExtract(multiIf(startsWith(output_document, '{'), output_document, startsWith(output_document, '['), concat('{"messages":', output_document, '}'), ''), 'Tuple(messages Array(String), input Array(String), contents Array(String), output Array(String), choices Array(Tuple(text String, message String, finish_reason String)), candidates Array(Tuple(content String, finish_reason String, finishReason String)), message String, requests Array(Tuple(content String)), generations Array(Array(Tuple(text String, message String, generation_info Tuple(finish_reason String, model_name String)))), raw Tuple(choices Array(Tuple(finish_reason String))))') AS output_envelope,
    arrayFirst(t -> ((t != '') AND (NOT match(t, '^[\\[{]'))), arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), arrayMap(t -> if(startsWith(t, '['), JSONExtract(t, 'Array(String)')[1], t), arrayMap(d -> [d.input, d.prompt, d.contents, d.query, d.question, d.message, d.output, d.result, if(startsWith(input_document, '[') AND (NOT match(input_document, '^.\\s*{')), input_document, '')], [JSONExtract(if(startsWith(input_document, '{'), input_document, ''), 'Tuple(input String, prompt String, contents String, query String, question String, message String, output String, result String)')])[1]))) AS input_scalar,
    arrayFirst(t -> ((t != '') AND (NOT match(t, '^[\\[{]'))), arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), arrayMap(t -> if(startsWith(t, '['), JSONExtract(t, 'Array(String)')[1], t), arrayMap(d -> [d.input, d.prompt, d.contents, d.query, d.question, d.message, d.output, d.result, if(startsWith(output_document, '[') AND (NOT match(output_document, '^.\\s*{')), output_document, '')], [JSONExtract(if(startsWith(output_document, '{'), output_document, ''), 'Tuple(input String, prompt String, contents String, query String, question String, message String, output String, result String)')])[1]))) AS output_scalar,
    arrayStringConcat(arrayDistinct(arrayMap(v -> if(match(v, '^\\[\\s*{'), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), JSONExtract(v, 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'))), '\n'), v), arraySort((v, k) -> (toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')), k), arrayFilter((v, k) -> (toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')) = arrayMax(arrayIntersect(arrayMap(k -> toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?role$') AND (lower(v) IN ('user', 'human', 'humanmessage'))), flat_names, flat_texts)), arrayMap(k -> toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_names, flat_texts))))), arrayFilter((v, k) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_texts, flat_names), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_names, flat_texts)), arrayFilter(k -> (toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')) = arrayMax(arrayIntersect(arrayMap(k -> toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?role$') AND (lower(v) IN ('user', 'human', 'humanmessage'))), flat_names, flat_texts)), arrayMap(k -> toInt32OrZero(extract(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.]([0-9]+)')), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_names, flat_texts))))), arrayFilter((k, v) -> (match(k, '^(?:llm[.]input_messages|gen_ai[.]prompt)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_names, flat_texts))))), '\n') AS flat_input,
    arrayStringConcat(arrayDistinct(arrayMap(v -> if(match(v, '^\\[\\s*{'), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), JSONExtract(v, 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'))), '\n'), v), arraySort((v, k) -> (toInt32OrZero(extract(k, '^(?:llm[.]output_messages|gen_ai[.]completion)[.]([0-9]+)')), k), arrayFilter((v, k) -> (match(k, '^(?:llm[.]output_messages|gen_ai[.]completion)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_texts, flat_names), arrayFilter((k, v) -> (match(k, '^(?:llm[.]output_messages|gen_ai[.]completion)[.][0-9]+[.](message[.])?(content|contents[.][0-9]+[.]message_content[.]text)$') AND (v != '')), flat_names, flat_texts)))), '\n') AS flat_output,
    arrayExists(k -> match(k, '^(llm\\.output_messages|gen_ai\\.completion)\\.'), flat_names) AS has_flat_output,
    arrayCount(k -> match(k, '^(llm\\.output_messages\\.[0-9]+\\.message\\.tool_calls\\.[0-9]+\\.tool_call\\.function\\.name|gen_ai\\.completion\\.[0-9]+\\.tool_calls\\.[0-9]+\\.name)$'), flat_names) AS flat_tool_calls,
    arrayCount((k, v) -> (match(k, '^(llm\\.output_messages|gen_ai\\.completion)\\.[0-9]+\\.(message\\.)?tool_calls\\.[0-9]+\\.(tool_call\\.function\\.)?arguments$') AND ((v != '') AND (NOT (match(v, '^\\s*\\{') AND isValidJSON(v))))), flat_names, flat_texts) AS flat_invalid_tool_calls
FROM meant;

CREATE TABLE watchkeeper.log_features
(
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date,
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `ReceivedAt` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `EventName` LowCardinality(String),
    `UserId` String CODEC(ZSTD(1)),
    `SessionId` String CODEC(ZSTD(1)),
    `FinishReason` LowCardinality(String),
    `Provider` LowCardinality(String),
    `RequestModel` LowCardinality(String),
    `ResponseModel` LowCardinality(String),
    `ResponseId` String CODEC(ZSTD(1)),
    `InputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheReadTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheWriteTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `OutputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `ReasoningTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `TokensBasis` LowCardinality(String),
    `InputChars` UInt32 CODEC(T64, ZSTD(1)),
    `InputHash` UInt64 CODEC(ZSTD(1)),
    `HasOutput` Bool,
    `OutputChars` UInt32 CODEC(T64, ZSTD(1)),
    `OutputWords` UInt32 CODEC(T64, ZSTD(1)),
    `OutputHash` UInt64 CODEC(ZSTD(1)),
    `OutputShingles` Array(UInt32) CODEC(ZSTD(1)),
    `IsBlank` Bool,
    `IsJson` Bool,
    `LooksLikeJson` Bool,
    `HasCodeFence` Bool,
    `ListItemCount` UInt16 CODEC(T64, ZSTD(1)),
    `HeadingCount` UInt16 CODEC(T64, ZSTD(1)),
    `RefusalCue` LowCardinality(String),
    `IsApology` Bool,
    `IsQuestion` Bool,
    `OutputScript` LowCardinality(String),
    `OutputScriptShare` Float32 CODEC(ZSTD(1)),
    `RepeatedShare` Float32 CODEC(ZSTD(1)),
    `ToolCallCount` UInt16 CODEC(T64, ZSTD(1)),
    `InvalidToolCallCount` UInt16 CODEC(T64, ZSTD(1)),
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX by_receipt ReceivedAt TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, toStartOfHour(ReceivedAt), TraceId, SpanId)
TTL EventDay + toIntervalDay(30)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.log_features_of_heard TO watchkeeper.log_features
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `EventName` String,
    `UserId` String,
    `SessionId` String,
    `FinishReason` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `TokensBasis` String,
    `InputHash` UInt64,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `HasOutput` UInt8,
    `InputChars` UInt64,
    `OutputChars` UInt64,
    `OutputWords` UInt32,
    `OutputHash` UInt64,
    `OutputShingles` Array(UInt32),
    `RepeatedShare` Float32,
    `IsBlank` UInt8,
    `IsJson` UInt8,
    `LooksLikeJson` UInt8,
    `HasCodeFence` UInt8,
    `ListItemCount` UInt16,
    `HeadingCount` UInt16,
    `RefusalCue` String,
    `IsApology` UInt8,
    `IsQuestion` UInt8,
    `OutputScript` String,
    `OutputScriptShare` Float32
)
AS SELECT
    * EXCEPT (ContentGroup, HoldsContent, CompletesSpan, InputText, OutputText, Content, declines, answer),
    lengthUTF8(InputText) AS InputChars,
    lengthUTF8(OutputText) AS OutputChars,
    answer.1 AS OutputWords,
    answer.2 AS OutputHash,
    answer.3 AS OutputShingles,
    answer.4 AS RepeatedShare,
    answer.5 AS IsBlank,
    answer.6 AS IsJson,
    answer.7 AS LooksLikeJson,
    answer.8 AS HasCodeFence,
    answer.9 AS ListItemCount,
    answer.10 AS HeadingCount,
    answer.11 AS RefusalCue,
    answer.12 AS IsApology,
    answer.13 AS IsQuestion,
    answer.14 AS OutputScript,
    answer.15 AS OutputScriptShare
FROM
(
    SELECT
        *,
        arrayMap((answer, answer_beginning) -> (arrayMap((answer_scripts, answer_lines) -> (arrayMap(answer_script -> (arrayMap(answer_words -> (arrayMap(answer_shingles -> (arrayMap(answer_different -> (toUInt32(length(answer_words)), if(answer = '', 0, cityHash64(answer)), arraySlice(arraySort(if(length(answer_different) <= 64, answer_different, arrayFilter(h -> (h <= intDiv(171798691840, length(answer_different) + 1)), answer_different))), 1, 8), if(empty(answer_shingles), 0, toFloat32(1 - (length(answer_different) / length(answer_shingles)))), answer = '', match(answer, '^[\\[{]') AND isValidJSON(answer), match(answer, '^(\\{\\s*["}]|\\[\\s*[\\[{"])'), position(answer, '```') > 0, toUInt16(least(65535, arrayCount(l -> match(l, '^\\s*([-*+•]|[0-9]{1,3}[.)])\\s'), answer_lines))), toUInt16(least(65535, arrayCount(l -> match(l, '^#{1,6}\\s'), answer_lines))), if(declines, 'refusal_part', arrayMap(found -> if(notEmpty(found) AND (arrayMax(found) <= 63) AND ((arrayMin(found) <= 55) OR (arrayMax(found) <= 60)), ['cannot_help', 'cannot_help', 'cannot_help', 'cannot_help', 'cannot_help', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'guidelines', 'guidelines', 'guidelines', 'guidelines', 'guidelines', 'as_an_ai', 'as_an_ai', 'cannot_help_es', 'cannot_help_es', 'cannot_help_fr', 'cannot_help_fr', 'cannot_help_de', 'cannot_help_de', 'cannot_help_it', 'cannot_help_it', 'cannot_help_pt', 'cannot_help_pt', 'cannot_help_nl', 'cannot_help_nl', 'cannot_help_ru', 'cannot_help_ru', 'cannot_help_pl', 'cannot_help_uk', 'cannot_help_cs', 'cannot_help_nordic', 'cannot_help_nordic', 'cannot_help_tr', 'cannot_help_id', 'cannot_help_vi', 'cannot_help_ro', 'cannot_help_hu', 'cannot_help_el', 'cannot_help_zh', 'cannot_help_zh', 'cannot_help_ja', 'cannot_help_ja', 'cannot_help_ko', 'cannot_help_ko', 'cannot_help_ar', 'cannot_help_he', 'cannot_help_hi', 'cannot_help_th', 'judgement', 'judgement', 'judgement', 'capability', 'capability', 'offer', 'offer', 'offer', 'opening', 'opening', 'opening', 'opening'][arrayMin(found)], ''), [multiMatchAllIndices(answer_beginning, ['((^|[\\s(—–-])i ?|, |[a-z] (and|so|but) )([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(help( you| them| anyone)?( with| to| in|,| by| create| write| make| plan| do| get| find|[.!;:]|$)|help (you|anyone|someone)\\b|assist|aid you|provid|offer (you |any |a |advice|guidance|help|assist|instruct|support|inform|suggest|that|this|tips|medical|legal|financ)|suppl|fulfil|comply|complete (that|this|your|the)|accommodat|satisfy (this|that|your)|hono[u]?r (this|that|your)|process (this|that|your) req|answer( that| this| your| any| quest| the quest| such|[.!]|$)|respond to (this|that|your|such|quest|req|prompt)|generat|creat|produc|writ|compos|draft\\b|give (you |out |any |instr|advice|tips|that|this|inform|medical|legal|financ|guid|a list|an? (answer|opinion|resp|list|example)|step)|share (that|this|any|inform|instr|details|private|personal|confid|my |the (system|instr|prompt|content)|such|copyr)|discuss|engag|participat|take part in|do (that|this|so)\\b|facilitat|encourag|promot|condon|endors|support\\b|perform (this|that|your|such|illegal)|carry out|proceed with|continue\\b|entertain|indulge|speculat|comment on|role-?play|pretend|impersonat|make (jokes|fun|light|assum|general|derog|offens|negat|statem|such|that|this|a joke|content|judg)|tell (you how|that joke|a joke|jokes|you that)|teach (you|anyone|how)|show you how|describ|justify|defend|rationali[sz]|explain (how to|why .*(should|inferior|superior|better than|deserve)|ways to)|list (ways|methods|people|out|any|names)|suggest (ways|methods|any|how)|advise (you|on|anyone)|recommend (ways|methods|any (method|way|illegal|drug))|reveal|disclos|divulg|reproduce (the (full|entire|complete|lyrics|text)|copyr|lyrics|that|this)|output (that|this|the|my)|repeat (that|this|my|the (system|instr|words above))|translate (this|that|hate|offens|such)|identify (people|the person|indiv|real|who|someone|this person|him|her|anyone)|recognize (people|faces)|browse|access (external|the internet|real|live|url|link|your |private)|open (url|link|web|external|attach)|take (a (position|stance|side)|sides)|express (an? )?(opin|personal|polit|views)|diagnos|prescrib|predict (the (fut|outcome|lottery)|fut)|work on (this|that)|go (into|along with) (that|this)|say (that|this|such|anything)|use (offens|racial|derog|such|that|hate|profan)|label (people|you|anyone)|rank (people|races|ethnic)|be (a )?(part of|party to|involved|used (to|for))|bypass|ignore my|override my|hack|agree (with|to) (that|this|such)|allow)', '^((i\'?m|i am) ([a-z]+ )?(sorry|afraid)|sorry|apologies|my apologies|(i )?apologi[sz]e|i regret|[a-z]+ly|no|nope)[,.!;: –—-]+(but |however,? )?(i |this |that |it )?(is |am )?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) ', '^((can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to)|(i )?unable to|not able to) (help|assist|comply|do that|do this|fulfil|provide|support|answer (that|this))', '(that|this|it)( i|\')s (not (something|a (topic|request|task))|beyond what|outside (of )?what)( that)? ?i(\'m| am)? ?(can|could|able|will|would|feel|comfortable|willing|programmed|designed)', '(request|question|prompt|content|task) (can\'t|cannot|can not|will not|won\'t) be (fulfilled|completed|processed|answered|generated|handled|accommodated)', '(^|[\\s(—–-])i ?([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?((do|would|should|must)(n\'t| not)|won\'t|will not|shall not|(am|\'m) not (going to|willing to|comfortable|prepared to)) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(be |want to |feel (comfortable|able to) |intend to |wish to |plan to )?(help|assist|provid|fulfil|comply|generat|creat|produc|writ|engag|participat|promot|condon|endors|support (any|this|that|such|illeg|harm|hate|discr|viol)|encourag|facilitat|discuss|do (that|this|so)\\b|giv(e|ing) (you|instr|advice|out)|shar(e|ing)|answer|respond|continu|entertain|role-?play|pretend|mak(e|ing) (jokes|fun|assum|general|that|this|such)|reveal|disclos|teach|explain(ing)? how to|say(ing)? (that|this)|be part|doing|go(ing)? along|play(ing)? along|contribut|repeat|reproduc|proceed|use (offens|racial|derog|hate|slurs))', '(^|[\\s(—–-])i ?(must|have to|need to|will|\'ll|am going to|\'m going to|would|would like to|\'d like to|should|\'d|choose to)? ?([a-z]+ly )?(have to )?(decline|refuse|refrain from|abstain from|pass on (this|that)|opt out|say no)( |[.,!;]|$)', '(^|[\\s(—–-])i ?((\'d|would) (rather|prefer)|prefer) not\\b', '(^|[\\s(—–-])i ?[^.\\n]* and (will not|won\'t) (provid|help|assist|generat|creat|writ|engag|participat|support|promot|shar|answer|discuss)', '(isn\'t|is not|\'s not) something (that )?i(\'ll|\'m| am| can| will| would| could)\\b', '(^|[\\s(—–-])i ?(prefer|would prefer|\'d prefer) not ', '(^|[\\s(—–-])i ?([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(do not|don\'t) (feel|think) (comfortable|it( is|\'s| would be|\'d be)|that( is|\'s| would be)) ?(appropriate|right|ethical|wise|responsible|safe|acceptable)?', '^.?let\'s (talk about|discuss|change|move on|switch to) (something else|the (topic|subject)|another|a different|something (more|different))', '(against|contrary to|in violation of|prohibited by|not (allowed|permitted) by|violates?|violating|breach|conflicts? with|contradicts?|outside|not (with)?in) (my|our|openai\'?s?|anthropic\'?s?|google\'?s?|meta\'?s?|the|ethical|content|usage|safety) ?([a-z]+ )?([a-z]+ )?([a-z]+ )?(guideline|polic|programming|principle|terms|rules|ethic|standards|safety|values of)', '\\bmy (guidelines|programming|safety guidelines|content policy|ethical guidelines|training|instructions|policies|principles|values|purpose|design) (do not|don\'t|does not|doesn\'t|prohibit|prevent|forbid|won\'t|will not)', 'my purpose is to (assist|help|provide|promote)[^.\\n]*(, and i|, not to|and not to|rather than)', '(^|[\\s(—–-])i ?(\'m| am| was|\'ve been| have been) (programmed|designed|trained|built|created|made|committed|here) to [^.\\n]*(not (to )?(promot|engag|support|encourag|provid|generat|produc|creat|perpet|assist)|avoid )', '(appropriate|inappropriate|right|wrong|ethical|unethical|irresponsible|responsible|improper|unsafe|dishonest) for me to ', 'as an? [^.\\n]*(ai|model|assistant|chatbot|bot)\\b[^.\\n]* (can\'t|cannot|can not|unable|not able|won\'t|will not|not (allowed|permitted|programmed|designed|ethical|appropriate|support|promote|condone|encourage|generate|produce|engage|provide|endorse|discriminate)|must decline|refuse|inappropriate|unethical)', 'as an? [^.\\n]*(ai|model|assistant|chatbot|bot)\\b[^.\\n]*, i(\'m| am| must| have to| need to| should| want to) (emphasi|clarify|stress|note|remind|point out|committed)[^.\\n]*(not|\\bno |against|incorrect|unfair|inappropriate|unethical|wrong|important|respect)', '(no puedo|no podr[íe]a?|no me es posible|no soy capaz de|no estoy en condiciones de|no estoy capacitad[oa] para|no estoy autorizad[oa] [ap]|no est[áa] permitido|no debo|no voy a|no me siento c[óo]modo|no me está permitido|me es imposible) (ayud|asist|proporcion|ofrec|brind|cumpl|gener|cre(ar|o)|escrib|respond|contest|darte|darle|dar (instr|cons|info|ese|esa)|facilit|compart|apoy|realiz|continu|particip|hacer (eso|esto)|satisf|complac|hablar de|discut|promov|fomentar|suministr|acced|atender|colabor|contribu|redact|revel|produc|decir(te|le)|ense[ñn]ar)', '(me niego a|debo (rechazar|declinar|negarme)|tengo que (rechazar|declinar|negarme)|va en contra de mis|no es apropiado que yo)', 'je (ne |n\')(peux|pourrai|suis|saurais?|pourrais|dois)( malheureusement| donc| vraiment| absolument| toutefois| cependant)?( pas)?( malheureusement| vraiment)?( (en mesure|capable|autorisée?|habilitée?|en capacité) (de |d\')| à même de )?,? ?((vous|t\'|te|y|répondre|donner|en|lui) ?)*(aid|assist|fourn|donn|répond|cré|génér|écri|rédig|partag|satisf|accéd|faire (cela|ça)|particip|souten|accompl|traiter|discut|proposer|offrir|produi|expliqu|encourag|promouv|conseil|révél|divulg|effectu|exécut|suite)', 'je (dois|me vois (obligée? de|contrainte? de)|préfère|vais devoir) (refus|déclin|ne pas)|je (refuse|décline) |contraire à mes|va à l\'encontre de mes|je ne (souhaite|veux) pas (répondre|aider|participer)', '(ich (kann|darf|werde|möchte|könnte)|(kann|darf|werde|möchte) ich)[^.\\n]*\\b(nicht|keine?n?|leider)\\b[^.\\n]*(helfen|unterstütz|bereitstell|bereit stellen|beantwort|geben|erstell|erfüll|weiterhelf|liefer|anbiet|schreib|nachkomm|behilflich|tun\\b|machen\\b|generier|teilnehm|mitwirk|diskutier|verrat|preisgeb|durchführ|ausführ|antwort|verfass|assistier|fortsetz|eingehen|dienen|anleit)', '(ich bin|bin ich) (leider )?nicht (in der lage|befugt|berechtigt|dazu in der lage)|(ich )?(muss|möchte)( ich)?( leider| daher)? (ablehnen|(diese|ihre|deine) (anfrage|bitte) ablehnen)|(ich )?lehne (ich )?(es |das |diese |ihre |deine |dies )|verstößt gegen meine|widerspricht meinen', '(non posso|non potrei|non sono in grado di|non mi è possibile|non sono autorizzat[oa] a|non sono programmat[oa] per|non mi è consentito|non intendo|non riesco ad?) (aiut|assist|forni|dar(e|ti|vi|le)|rispond|crea|gener|scriv|soddisf|esegu|condivid|partecip|sostener|offri|complet|far(e|lo) (questo|quest|ciò)|farlo|procedere|promuov|discut|parlare|accontent|supporta|elabora|rivela|produrr|esaudi)', '(devo (rifiutare|declinare|rifiutarmi)|mi rifiuto di|contro le mie (linee|regole|politiche))', '(não posso|não poderei|não consigo|não sou capaz de|não estou em condições de|não me é possível|não estou autorizad[oa] a|não tenho permissão para|não fui programad[oa] para|não devo|não vou|não é possível) (te |lhe |o |a )?(ajud|auxili|fornec|dar |dizer|respond|cri(ar|o)|ger(ar|o)|escrev|atend|cumpr|compartilh|partilh|particip|apoi|oferec|complet|fazer isso|faz[êe]-lo|realiz|prosseguir|promov|discut|falar sobre|assist|revel|produz|prestar)', '(devo (recusar|declinar)|preciso (recusar|declinar)|tenho (de|que) (recusar|declinar)|recuso-me a|me recuso a|vai contra (as )?minhas|viola as minhas)', '(ik (kan|mag|zal|wil)|(kan|mag|zal|wil) ik)[^.\\n]*\\b(niet|geen)\\b[^.\\n]*(helpen|assister|geven|verstrek|bieden|beantwoord|maken|schrijv|voldoen|genereren|delen|uitvoeren|meewerk|doen\\b|ondersteun|antwoord|leveren|bespreken|aanbieden|deelnemen)', 'ik ben (helaas )?niet in staat|ik moet (dit |dat |helaas |deze |je |uw )*(weigeren|afwijzen)|ik weiger', 'не (могу|смогу|в состоянии|буду|имею права|имею возможности|способен|способна|должен|должна|вправе|стану)( вам| тебе| этого| с этим| в этом| на это| на этот вопрос| вашу| ваш| эту| такой| такую)* ?(помо[чг]|предостав|выполн|ответ|отвеч|созда|напис|дать|сгенер|обсужд|поддерж|подел|сделать|участв|содейств|удовлетв|оказ|раскры|рассказ|объясн|продолж|делать|совет|помочь)', '(вынужден[а]? отказ|должен отказ|должна отказ|я отказываюсь|противоречит моим|нарушает мои)', '(nie mogę|nie jestem w stanie|nie wolno mi|nie będę|nie potrafię|nie powinienem|nie powinnam)( ci| panu| pani| w tym| tego| na to| tej| tym| się)* ?(pom[óo][cgż]|udziel|spełni|zapewni|dostarczy|odpowied|stworzy|napisa|wygenerowa|poda[ćj]|zrobi|wykona|uczestnicz|wspiera|omawia|przygotowa|zrealizowa|zaoferowa)|muszę odmówić|odmawiam', 'не (можу|зможу|в змозі|буду)( вам| тобі| з цим| у цьому)* ?(допомог|надат|викон|відпов|створ|напис|дати|зробит|обговор|підтрим|згенер|поділ)', '(nemohu|nemůžu|nejsem schopen|nejsem schopna|nesmím|nebudu)( vám| ti| s tím| v tom| na to| tuto| tento)* ?(pomo[ci]|poskytn|splnit|odpov|vytvo|napsat|vygener|dát|udělat|vyhov|podpo|sdíl)', '(jag|jeg) (kan|får|må|vil|kommer)[^.\\n]*\\b(inte|ikke|icke)\\b[^.\\n]*(hjälp|hjelp|hjælp|assister|bistå|tillhandahåll|ge |gi |give |svar|skap|skriv|uppfyll|oppfyll|opfyld|dela|dele|genere|göra|gjøre|gøre|delta|levere|lever|gi deg|støtt|stötta|stödja)', 'en (voi|pysty|saa|aio)[^.\\n]*(autta|avusta|tarjo|anta|vastat|luoda|kirjoit|toteut|tehdä|jakaa)', '(yardımcı olamam|yardımcı olamıyorum|yardımcı olamayacağım|yardım edemem|yardım edemiyorum|yardım edemeyeceğim|sağlayamam|sağlayamıyorum|sunamam|sunamıyorum|veremem|veremiyorum|yerine getiremem|yerine getiremiyorum|yanıtlayamam|yanıtlayamıyorum|cevap veremem|oluşturamam|oluşturamıyorum|yazamam|yapamam|reddetmek zorundayım|reddetmeliyim)', '(saya|kami) (tidak|tak)( akan)? (bisa|dapat|mampu|boleh|diizinkan)?( untuk)? ?(membantu|memberi|menyediakan|menjawab|membuat|menulis|memenuhi|melakukan|mendukung|membahas|menghasilkan|berpartisipasi|berbagi|membagikan|menolong)|saya (harus|terpaksa) menolak|tidak boleh membantu', 'không thể( nào)?( giúp| hỗ trợ| cung cấp| trả lời| tạo| viết| đáp ứng| thực hiện| đưa ra| chia sẻ| thảo luận| tham gia| làm điều| hướng dẫn| tiếp tục)|tôi (phải|xin phép|xin) từ chối', 'nu (pot|sunt în măsură|îmi este permis|voi putea)( să)?( te| vă| îți| vă)? ?(ajut|ofer|furniz|răspund|cre|gener|scri|îndeplin|particip|face|asist|împărt|dau)', 'nem (tudok|áll módomban|fogok|szabad)[^.\\n]*(segít|nyújt|adni|válaszol|létrehoz|írni|teljesít|támogat|megosz)', 'δεν (μπορώ|είμαι σε θέση|θα μπορέσω|μου επιτρέπεται)( να)?( σας| σε)? ?(βοηθ|παρέχ|παράσχ|δώσ|απαντ|δημιουργ|γράψ|εκπληρ|υποστηρ|συμμετ|κάνω|προσφέρ|ικανοποι)', '(我|抱歉|对不起|對不起|很遗憾|很遺憾|不好意思|人工智能|人工智慧|語言模型|语言模型|助手)[^。\\n]*(无法|不能|不可以|没办法|沒辦法|無法|不会|不會|不便|不应|不應|难以|恕)[^。\\n]*(帮|幫|协助|協助|提供|回答|满足|滿足|完成|生成|创建|創建|讨论|討論|继续|繼續|支持|撰写|撰寫|编写|編寫|给出|給出|参与|參與|执行|執行|处理|處理|分享|透露|写|寫|从事|從事|进行|進行|做|教|告诉|告訴|解答|奉告|遵)', '(拒绝|拒絕|婉拒)(提供|回答|这|此|您|你|該|该|這)', '(手伝い|答え|回答|提供|対応|支援|応え|作成|案内|サポート|教え|協力|生成|共有|お伝え|助け|力に|手助け|アドバイス|実行|説明|議論|お受け|応じ|従う|お断り|執筆|従事|書く)[^。\\n]*(できません|できかねます|いたしかねます|致しかねます|出来ません|できない|かねます|なれません|ありません|お断り|控え)', '(お断り(します|いたします|させて)|遠慮させて|差し控えさせて|応じられません|お答えできません|お応えできません)', '(도와|도움|제공|답변|대답|지원|생성|작성|수행|응|알려|돕|드릴|설명|처리|공유|참여|조언|안내|만들|써|따를|논의)[^.\\n]*수(가|는|도)? ?(없|가 없)', '(거절|거부)(해야|하겠|합니다|할 수밖에|드)|(도와드리|제공하|답변하|대답하|도와주)지 (못|않)', '(لا أستطيع|لا يمكنني|لا أقدر|لست قادر|لن أتمكن|لن أستطيع|لا يسعني|غير قادر|لا أملك القدرة|لن أقوم|لا يجوز لي)[^.\\n]*(مساعد|تقديم|توفير|تلبية|الإجابة|إجابة|إنشاء|كتابة|تنفيذ|مشاركة|دعم|القيام|مناقشة|إعطا|فعل|إكمال|الرد|إرشاد|توليد|أن أ|شرح)', '(לא יכול|לא יכולה|לא אוכל|איני יכול|איני יכולה|אינני יכול|לא מסוגל|לא מסוגלת|לא ניתן לי)[^.\\n]*(לעזור|לסייע|לספק|לענות|ליצור|לכתוב|למלא|לתמוך|לשתף|לעשות|לדון|לתת|להשיב)', '(मदद|सहायता|प्रदान|जवाब|उत्तर|जानकारी|सहयोग|अनुरोध|बना|लिख|पूरा|साझा|समर्थन|सलाह)[^।.\\n]*(नहीं कर (सकता|सकती|सकते|पाऊंगा|पाऊँगा|पाऊंगी)|नहीं दे (सकता|सकती|सकते|पाऊंगा)|असमर्थ|नहीं लिख|नहीं बना)', '(ไม่สามารถ|ไม่อาจ|ไม่ได้รับอนุญาต)[^\\n]*(ช่วย|ให้ข้อมูล|ตอบ|สร้าง|เขียน|ให้คำ|ดำเนินการ|สนับสนุน|ทำตาม|แบ่งปัน|ปฏิบัติตาม|ให้)', '^(no[,.]? )?(it|that|this)(\'s| is| would be|\'d be) (important to [a-z]+ that )?([^.\\n]* (is|are) )?([a-z]+ly )?(incorrect|inaccurate|unfair|inappropriate|unethical|immoral|illegal|unlawful|wrong|harmful|offensive|hurtful|disrespectful|dangerous|unacceptable|discriminatory|insensitive|unjust|misleading|never (ok|okay|acceptable|appropriate|right)|not (accurate|appropriate|acceptable|ethical|fair|right|okay|ok|respectful|productive|constructive|moral|legal|just|true))[^.\\n]*\\b(to|that)\\b[^\\n]*(people|person|individual|someone|somebody|anyone|women|\\bmen\\b|racia|racis|ethnic|religio|gender|sexual|disab|immigra|\\bgay|lesbian|lgbt|minorit|group|stereotyp|discriminat|generali[sz]|prejudic|elderly|homeless|muslim|jewish|human|violen|harm|abus|communit|consent|others\\b|privacy)', '^[^.\\n]* (is|are|would be|is considered|is widely considered) ([a-z]+ly |both |never )?(incorrect|inaccurate|unfair|inappropriate|unethical|immoral|illegal|unlawful|wrong|harmful|offensive|hurtful|disrespectful|dangerous|unacceptable|discriminatory|insensitive|unjust|misleading|never (ok|okay|acceptable|appropriate|right)|not (accurate|appropriate|acceptable|ethical|fair|right|okay|ok|respectful|productive|constructive|moral|legal|just|true))[^\\n]*(important to|essential to|crucial to|everyone|we should|should be|all (people|individuals)|respect|i (encourage|urge|strongly|suggest))', '^[^.\\n]*(should (not|never) be (used to|encouraged|promoted|discriminat|judged|denied|tolerated|condoned|supported)|there is no (justification|excuse|place for|scientific basis)|no (one|person|group|race)[^.\\n]* (should be|deserves|is (inherently|superior|inferior)))[^\\n]*(people|person|individual|someone|somebody|anyone|women|\\bmen\\b|racia|racis|ethnic|religio|gender|sexual|disab|immigra|\\bgay|lesbian|lgbt|minorit|group|stereotyp|discriminat|generali[sz]|prejudic|elderly|homeless|muslim|jewish|human|violen|harm|abus|communit|consent|others\\b|privacy)', 'as an? [^.\\n]*(ai|model|assistant|chatbot)\\b[^.\\n]*(do not|don\'t|does not|doesn\'t) (have|possess|hold|engage|support|promote|condone|form|harbor)', '(^|[\\s(—–-])i ?(do not|don\'t) have (the (ability|capability)|access|permission|personal (opinions|beliefs|experiences|views))', '(however|but|that said|having said that|nevertheless|nonetheless|instead|still)[,:]? (here|i can|i could|i will|i\'ll|i\'d be happy|let me|for the (sake|purpose)|based on|in general|generally|as of my)', '\\b(here(\'s| is| are)|below (is|are)|the following)\\b', '\\n\\s*([-•]|[0-9]{1,2}[.)])\\s+', '^(sure|certainly|of course|absolutely|yes[,.! ]|definitely|okay|ok[,.! ]|great question|happy to|no problem|here(\'s| is| are)|below|subject:|title:|dear |hi |hello |hey |to whom|```|#|<|\\(verse|\\[verse|\\{|\\[|def |import |class |function |public |\\| |translat|once upon|chapter|scene|\\(|1[.)] )', '(^|[\\s(—–-])i ?(can\'t|cannot) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(recommend|stress|emphasi[sz]e|overstate|thank|praise|endorse|express|say|tell you)[^.\\n]* (enough|highly|how (much|happy|grateful|glad|excited|important|often))', '(can\'t|cannot) help (but|feeling|noticing|wondering|thinking|falling)', '(^|[\\s(—–-])i ?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) (provide|give|offer|share|predict|tell|guarantee|generate|say)[^.\\n]*(exact|precise|definit|100%|guarantee|certain|for sure|comprehensive|exhaustive|\\blive\\b|real-time)[^\\n]*(, but|; however|\\. however|, though|\\. but|\\. that said|\\. here|, here|\\. based on|, so here)'])])[1]), match(substring(answer_beginning, 1, 240), '\\bsorry\\b|\\bapolog(y|ies|i[sz]e)|\\bmy bad\\b|lo siento|disculp|perdón|je suis (vraiment |sincèrement )?désolé|désolée? |je m.excuse|mes excuses|veuillez m.excuser|tut mir (sehr |wirklich )?leid|entschuldig|verzeih|mi dispiace|mi scuso|scusa|desculp|sinto muito|lamento|het spijt me|sorry|mijn excuses|извин|прошу прощения|к сожалению, я|вибач|przepraszam|przykro mi|omlouv|promiň|förlåt|ursäkta|tyvärr|beklager|undskyld|desværre|pahoittel|özür dilerim|üzgünüm|maaf|xin lỗi|îmi pare rău|sajnálom|elnézést|συγγνώμη|λυπάμαι|מצטער|סליחה|آسف|عذر|أعتذر|माफ|क्षमा|खेद|ขออภัย|ขอโทษ|抱歉|对不起|對不起|不好意思|申し訳|すみません|ごめん|죄송|미안'), match(right(answer, 32), '[?？؟;][\\s"\'”’»)*_]*$'), multiIf(answer_script != '', answer_script, match(answer, '[a-zA-Z]'), 'Latn', ''), toFloat32(if(answer_script = '', match(answer, '[a-zA-Z]'), countEqual(answer_scripts, answer_script) / length(answer_scripts)))), [arrayDistinct(answer_shingles)])[1]), [arrayMap(h -> arraySlice(arrayMap((a, b, c) -> toUInt32(intHash64((a + (b * 3)) + (c * 7))), h, arrayResize(arraySlice(h, 2), length(h)), arrayResize(arraySlice(h, 3), length(h))), 1, greatest(0, toInt64(length(h)) - 2)), [answer_words])[1]])[1]), [arrayFilter(h -> (h != cityHash64('')), arrayMap(w -> cityHash64(w), arrayConcat(splitByChar(' ', replaceAll(lower(if((answer_script IN ('Hani', 'Jpan', 'Thai')), '', answer)), '\n', ' ')), ngrams(if((answer_script IN ('Hani', 'Jpan', 'Thai')), answer, ''), 1))))])[1]), [if(empty(answer_scripts), '', ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai'][indexOf(arrayMap(name -> countEqual(answer_scripts, name), ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai']), arrayMax(arrayMap(name -> countEqual(answer_scripts, name), ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai'])))])])[1]), [arrayMap(scripts -> if((countEqual(scripts, 'Hani') > 0) AND (countEqual(scripts, 'Jpan') > 0) AND ((countEqual(scripts, 'Jpan') * 10) >= countEqual(scripts, 'Hani')), arrayMap(s -> if(s = 'Hani', 'Jpan', s), scripts), scripts), [arrayFilter(s -> (s != ''), arrayMap(c -> (['', 'Latn', '', 'Latn', '', 'Grek', '', 'Cyrl', '', 'Armn', '', 'Hebr', '', 'Arab', '', 'Arab', '', 'Deva', '', 'Beng', '', 'Guru', '', 'Gujr', '', 'Taml', '', 'Telu', '', 'Knda', '', 'Mlym', '', 'Thai', '', 'Geor', '', 'Kore', '', 'Latn', '', 'Grek', '', 'Jpan', '', 'Hani', '', 'Hani', '', 'Kore', ''][arrayCount(bound -> (bound <= c), ['a', '{', 'À', 'ɐ', 'Ͱ', 'Ѐ', 'Ѐ', '԰', 'Ա', 'ֈ', 'א', '׫', 'ؠ', '܀', 'ݐ', 'ހ', 'ऀ', 'ঀ', 'ঀ', '਀', '਀', '઀', '઀', '଀', '஀', 'ఀ', 'ఀ', 'ಀ', 'ಀ', 'ഀ', 'ഀ', '඀', '฀', '຀', 'Ⴀ', 'ᄀ', 'ᄀ', 'ሀ', 'Ḁ', 'ἀ', 'ἀ', ' ', 'ぁ', '㄀', '㐀', '䷀', '一', 'ꀀ', '가', '힤']) + 1]), ngrams(if(isASCII(answer_beginning), '', substringUTF8(answer_beginning, 1, 200)), 1)))])[1]], [splitByChar('\n', answer)])[1]), [trimBoth(OutputText, ' \n\r\t')], [lowerUTF8(replaceAll(replaceAll(substringUTF8(trimBoth(OutputText, ' \n\r\t'), 1, 400), '’', '\''), '*', ''))])[1] AS answer
    FROM watchkeeper.heard_records
    WHERE CompletesSpan
);

CREATE TABLE watchkeeper.log_records
(
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimestampTime` DateTime DEFAULT toDateTime(Timestamp) CODEC(Delta(4), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `TraceFlags` UInt8 CODEC(ZSTD(1)),
    `SeverityText` LowCardinality(String) CODEC(ZSTD(1)),
    `SeverityNumber` UInt8 CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `Body` String CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `EventName` LowCardinality(String) CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((Timestamp >= (ReceivedAt - toIntervalDay(90))) AND (Timestamp <= (ReceivedAt + toIntervalDay(2))), Timestamp, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool DEFAULT ((startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.') AS is_event) AND (Body != '')) OR arrayExists(k -> ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]'))), mapKeys(LogAttributes)) COMMENT 'Prompts or answers are in this row: it is kept as long as content, and shown to those who may read content',
    `HasContent` Bool DEFAULT HoldsContent COMMENT 'A row of span_content is of this record, until content expires',
    `CompletesSpan` Bool DEFAULT ((TraceId != '') AND (SpanId != '') AND ((if(EventName = '', LogAttributes['event.name'], EventName)) != 'gen_ai.evaluation.result') AND (HoldsContent OR (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')))) COMMENT 'A row of log_features is of this record, until content expires'
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.log_records_of_otlp TO watchkeeper.log_records
(
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `TraceFlags` UInt8,
    `SeverityText` String,
    `SeverityNumber` UInt8,
    `ServiceName` String,
    `Body` String,
    `ResourceSchemaUrl` String,
    `ResourceAttributes` Map(String, String),
    `ScopeSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(String, String),
    `LogAttributes` Map(String, String),
    `EventName` String,
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String,
    `HoldsContent` UInt8,
    `CompletesSpan` UInt8
)
AS SELECT
    fromUnixTimestamp64Nano(toInt64(least(coalesce(nullIf(log.time_unix_nano, 0), nullIf(log.observed_time_unix_nano, 0), received_ns), 9223372036854775807))) AS Timestamp,
    lower(hex(log.trace_id)) AS TraceId,
    lower(hex(log.span_id)) AS SpanId,
    toUInt8(bitAnd(log.flags, 255)) AS TraceFlags,
    log.severity_text AS SeverityText,
    toUInt8(least(log.severity_number, 255)) AS SeverityNumber,
    ResourceAttributes['service.name'] AS ServiceName,
    coalesce(log.body.string_value, toString(log.body.bool_value), toString(log.body.int_value), toString(log.body.double_value), base64Encode(log.body.bytes_value), '') AS Body,
    resource_url AS ResourceSchemaUrl,
    ResourceAttributes,
    scope_url AS ScopeSchemaUrl,
    scope.name AS ScopeName,
    scope.version AS ScopeVersion,
    ScopeAttributes,
    mapFromArrays(log.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), log.attributes.value)) AS LogAttributes,
    log.event_name AS EventName,
    project AS Project,
    'standard' AS RetentionClass,
    (toDate(if((Timestamp >= (ReceivedAt - toIntervalDay(90))) AND (Timestamp <= (ReceivedAt + toIntervalDay(2))), Timestamp, ReceivedAt), 'UTC')) AS EventDay,
    fromUnixTimestamp64Nano(toInt64(least(received_ns, 9223372036854775807))) AS ReceivedAt,
    segment_id AS SegmentId,
    api_key_id AS ApiKeyId,
    ((startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.') AS is_event) AND (Body != '')) OR arrayExists(k -> ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]'))), mapKeys(LogAttributes)) AS HoldsContent,
    ((TraceId != '') AND (SpanId != '') AND ((if(EventName = '', LogAttributes['event.name'], EventName)) != 'gen_ai.evaluation.result') AND (HoldsContent OR (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')))) AS CompletesSpan
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
        mapFromArrays(group.scope.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), group.scope.attributes.value)) AS ScopeAttributes,
        group.log_records AS logs
    FROM
    (
        SELECT
            project,
            received_ns,
            segment_id,
            api_key_id,
            resource.schema_url AS resource_url,
            mapFromArrays(resource.resource.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), resource.resource.attributes.value)) AS ResourceAttributes,
            resource.scope_logs AS groups
        FROM watchkeeper.otlp_logs
        ARRAY JOIN request.resource_logs AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN logs AS log;

CREATE TABLE watchkeeper.metric_records
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `Scope` Tuple(
        name String,
        version String,
        dropped UInt32,
        schema_url String),
    `ScopeAttributes` Map(LowCardinality(String), String),
    `Metric` Tuple(
        name String,
        description String,
        unit String,
        gauge Tuple(data_points Array(Tuple(
            start_time_unix_nano UInt64,
            time_unix_nano UInt64,
            as_double Nullable(Float64),
            as_int Nullable(Int64),
            exemplars Array(Tuple(
                time_unix_nano UInt64,
                as_double Nullable(Float64),
                as_int Nullable(Int64),
                span_id String,
                trace_id String,
                filtered_attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))))),
            attributes Array(Tuple(
                key String,
                value Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    array_value Tuple(`values` Array(Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64)))),
                    bytes_value Nullable(String)))),
            flags UInt32))),
        sum Tuple(
            data_points Array(Tuple(
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                as_double Nullable(Float64),
                as_int Nullable(Int64),
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32)),
            aggregation_temporality UInt32,
            is_monotonic Bool),
        histogram Tuple(
            data_points Array(Tuple(
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                count UInt64,
                sum Nullable(Float64),
                bucket_counts Array(UInt64),
                explicit_bounds Array(Float64),
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32,
                min Nullable(Float64),
                max Nullable(Float64))),
            aggregation_temporality UInt32),
        exponential_histogram Tuple(
            data_points Array(Tuple(
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                count UInt64,
                sum Nullable(Float64),
                scale Int32,
                zero_count UInt64,
                positive Tuple(
                    offset Int32,
                    bucket_counts Array(UInt64)),
                negative Tuple(
                    offset Int32,
                    bucket_counts Array(UInt64)),
                flags UInt32,
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                min Nullable(Float64),
                max Nullable(Float64),
                zero_threshold Float64)),
            aggregation_temporality UInt32),
        summary Tuple(data_points Array(Tuple(
            start_time_unix_nano UInt64,
            time_unix_nano UInt64,
            count UInt64,
            sum Float64,
            quantile_values Array(Tuple(
                quantile Float64,
                value Float64)),
            attributes Array(Tuple(
                key String,
                value Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    array_value Tuple(`values` Array(Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64)))),
                    bytes_value Nullable(String)))),
            flags UInt32)))),
    `Project` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.metric_records_of_otlp TO watchkeeper.metric_records
(
    `ResourceAttributes` Map(String, String),
    `ResourceSchemaUrl` String,
    `Scope` Tuple(
        String,
        String,
        UInt32,
        String),
    `ScopeAttributes` Map(String, String),
    `Metric` Tuple(
        name String,
        description String,
        unit String,
        gauge Tuple(data_points Array(Tuple(
            start_time_unix_nano UInt64,
            time_unix_nano UInt64,
            as_double Nullable(Float64),
            as_int Nullable(Int64),
            exemplars Array(Tuple(
                time_unix_nano UInt64,
                as_double Nullable(Float64),
                as_int Nullable(Int64),
                span_id String,
                trace_id String,
                filtered_attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))))),
            attributes Array(Tuple(
                key String,
                value Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    array_value Tuple(`values` Array(Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64)))),
                    bytes_value Nullable(String)))),
            flags UInt32))),
        sum Tuple(
            data_points Array(Tuple(
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                as_double Nullable(Float64),
                as_int Nullable(Int64),
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32)),
            aggregation_temporality UInt32,
            is_monotonic Bool),
        histogram Tuple(
            data_points Array(Tuple(
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                count UInt64,
                sum Nullable(Float64),
                bucket_counts Array(UInt64),
                explicit_bounds Array(Float64),
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32,
                min Nullable(Float64),
                max Nullable(Float64))),
            aggregation_temporality UInt32),
        exponential_histogram Tuple(
            data_points Array(Tuple(
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                start_time_unix_nano UInt64,
                time_unix_nano UInt64,
                count UInt64,
                sum Nullable(Float64),
                scale Int32,
                zero_count UInt64,
                positive Tuple(
                    offset Int32,
                    bucket_counts Array(UInt64)),
                negative Tuple(
                    offset Int32,
                    bucket_counts Array(UInt64)),
                flags UInt32,
                exemplars Array(Tuple(
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    span_id String,
                    trace_id String,
                    filtered_attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                min Nullable(Float64),
                max Nullable(Float64),
                zero_threshold Float64)),
            aggregation_temporality UInt32),
        summary Tuple(data_points Array(Tuple(
            start_time_unix_nano UInt64,
            time_unix_nano UInt64,
            count UInt64,
            sum Float64,
            quantile_values Array(Tuple(
                quantile Float64,
                value Float64)),
            attributes Array(Tuple(
                key String,
                value Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    array_value Tuple(`values` Array(Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64)))),
                    bytes_value Nullable(String)))),
            flags UInt32)))),
    `Project` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope,
    ScopeAttributes,
    Metric,
    Project,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM
(
    SELECT
        Project,
        ReceivedAt,
        SegmentId,
        ApiKeyId,
        ResourceSchemaUrl,
        ResourceAttributes,
        (group.scope.name, group.scope.version, group.scope.dropped_attributes_count, group.schema_url) AS Scope,
        mapFromArrays(group.scope.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), group.scope.attributes.value)) AS ScopeAttributes,
        group.metrics AS metrics
    FROM
    (
        SELECT
            project AS Project,
            fromUnixTimestamp64Nano(toInt64(least(received_ns, 9223372036854775807))) AS ReceivedAt,
            segment_id AS SegmentId,
            api_key_id AS ApiKeyId,
            resource.schema_url AS ResourceSchemaUrl,
            mapFromArrays(resource.resource.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), resource.resource.attributes.value)) AS ResourceAttributes,
            resource.scope_metrics AS groups
        FROM watchkeeper.otlp_metrics
        ARRAY JOIN request.resource_metrics AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN metrics AS Metric;

CREATE TABLE watchkeeper.model_prices
(
    `Source` LowCardinality(String) COMMENT 'catalogue or override',
    `Project` LowCardinality(String) COMMENT 'Whose price; empty: everybody\'s',
    `Provider` LowCardinality(String) COMMENT 'As in spans',
    `Model` String COMMENT 'As in spans: of the response or of the request',
    `ServiceTier` LowCardinality(String) COMMENT 'batch, fast, flex, priority or empty',
    `ValidFrom` DateTime64(3, 'UTC'),
    `IsPriced` Bool,
    `PricedAs` String COMMENT 'provider/model of the catalogue that the pair was taken for',
    `Units` Array(LowCardinality(String)) COMMENT 'What is billed, in the names of the price library\'s usage',
    `Leaves` Array(Float64) COMMENT 'Units x units, row by row: billed count = row x reported counts',
    `Rates` Array(Float64) COMMENT 'Steps x units, row by row: USD for one',
    `StepDayUs` Array(UInt64) COMMENT 'From when on in the UTC day a step applies, in microseconds',
    `StepInput` Array(UInt64) COMMENT 'From how many input tokens on a step applies',
    `PriceVersion` LowCardinality(String),
    `UpdatedAt` DateTime64(6, 'UTC'),
    CONSTRAINT leaves_fit_units CHECK length(Leaves) = (length(Units) * length(Units)),
    CONSTRAINT rates_fit_steps CHECK length(Rates) = (length(Units) * length(StepInput)),
    CONSTRAINT steps_start_at_zero CHECK (length(StepDayUs) = length(StepInput)) AND ((StepInput[1]) = 0) AND ((StepDayUs[1]) = 0) AND notEmpty(StepInput)
)
ENGINE = MergeTree
ORDER BY (Provider, Model, Source, Project, ServiceTier, ValidFrom)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE watchkeeper.normalised_spans
(
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date,
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `ParentSpanId` String CODEC(ZSTD(1)),
    `TraceState` String CODEC(ZSTD(1)),
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `SpanAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `Duration` UInt64 CODEC(T64, ZSTD(1)),
    `StatusCode` LowCardinality(String),
    `StatusMessage` String CODEC(ZSTD(3)),
    `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(3)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(3)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(3)),
    `Links.TraceId` Array(String) CODEC(ZSTD(3)),
    `Links.SpanId` Array(String) CODEC(ZSTD(3)),
    `Links.TraceState` Array(String) CODEC(ZSTD(3)),
    `Links.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(3)),
    `ReceivedAt` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `Convention` LowCardinality(String),
    `Kind` LowCardinality(String),
    `Operation` LowCardinality(String),
    `Provider` LowCardinality(String),
    `RequestModel` LowCardinality(String),
    `ResponseModel` LowCardinality(String),
    `ResponseId` String CODEC(ZSTD(1)),
    `ServiceTier` LowCardinality(String),
    `SystemFingerprint` LowCardinality(String),
    `InputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheReadTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheWriteTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `OutputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `ReasoningTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `UsageDetails` Map(LowCardinality(String), UInt64) CODEC(ZSTD(1)),
    `TokensBasis` LowCardinality(String),
    `RollupInputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `RollupOutputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CostUsd` Nullable(Float64) CODEC(ZSTD(1)),
    `CostSource` LowCardinality(String),
    `PriceVersion` LowCardinality(String),
    `ReportedCostUsd` Nullable(Float64) CODEC(ZSTD(1)),
    `CacheSavedUsd` Nullable(Float64),
    `CacheMissedUsd` Nullable(Float64),
    `TimeToFirstTokenMs` Nullable(Float64) CODEC(ZSTD(1)),
    `IsStreaming` Bool,
    `FinishReason` LowCardinality(String),
    `IsError` Bool,
    `ErrorType` LowCardinality(String),
    `ErrorStatus` UInt16 CODEC(T64, ZSTD(1)),
    `ErrorMessage` String CODEC(ZSTD(3)),
    `UserId` String CODEC(ZSTD(1)),
    `SessionId` String CODEC(ZSTD(1)),
    `AgentName` LowCardinality(String),
    `WorkflowName` LowCardinality(String),
    `ToolName` LowCardinality(String),
    `ToolArgsHash` UInt64 CODEC(ZSTD(1)),
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `GuardrailResult` LowCardinality(String),
    `PromptName` LowCardinality(String),
    `PromptVersion` LowCardinality(String),
    `Release` LowCardinality(String),
    `Environment` LowCardinality(String),
    `Feature` LowCardinality(String),
    `Inherited` UInt8 DEFAULT 0 COMMENT 'Bits of what came from another span of the trace: 1 user, 2 session, 4 prompt, 8 release, 16 environment, 32 feature',
    `FromLogs` UInt16 DEFAULT 0 COMMENT 'Bits of what came on log records: 1 user, 2 session, 4 prompt, 8 answer, 16 finish reason, 32 tokens, 64 provider, 128 request model, 256 response model, 512 response id',
    `IsDuplicate` Bool DEFAULT false,
    `DuplicateOf` String DEFAULT '' CODEC(ZSTD(1)),
    `SettledAt` DateTime64(3) DEFAULT 0 CODEC(ZSTD(1)),
    `InputChars` UInt32 CODEC(T64, ZSTD(1)),
    `OutputChars` UInt32 CODEC(T64, ZSTD(1)),
    `OutputWords` UInt32,
    `ContentCutChars` UInt32 CODEC(T64, ZSTD(1)),
    `InputHash` UInt64 CODEC(ZSTD(1)),
    `OutputHash` UInt64 CODEC(ZSTD(1)),
    `OutputShingles` Array(UInt32),
    `HasContent` Bool COMMENT 'A row of span_content is of this span, until content expires',
    `ContentKept` LowCardinality(String),
    `HasOutput` Bool,
    `IsTruncated` Bool,
    `IsEmpty` Bool,
    `IsJson` Bool,
    `IsJsonExpected` Bool,
    `HasCodeFence` Bool,
    `ListItemCount` UInt16,
    `HeadingCount` UInt16,
    `IsRefusal` Bool,
    `RefusalCue` LowCardinality(String),
    `IsApology` Bool,
    `IsQuestion` Bool,
    `OutputScript` LowCardinality(String),
    `OutputScriptShare` Float32,
    `RepeatedShare` Float32,
    `ToolCallCount` UInt16 CODEC(T64, ZSTD(1)),
    `InvalidToolCallCount` UInt16,
    `ContentGroup` String,
    `Format` LowCardinality(String),
    `Content` Map(LowCardinality(String), String),
    `ContentEvents.Timestamp` Array(DateTime64(9)),
    `ContentEvents.Name` Array(LowCardinality(String)),
    `ContentEvents.Attributes` Array(Map(LowCardinality(String), String)),
    `InputText` String,
    `OutputText` String
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.normalised_spans_of_told TO watchkeeper.normalised_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `SpanAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(String),
    `Events.Attributes` Array(Map(String, String)),
    `ContentEvents.Timestamp` Array(DateTime64(9)),
    `ContentEvents.Name` Array(String),
    `ContentEvents.Attributes` Array(Map(String, String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `Convention` String,
    `Kind` String,
    `Operation` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `UsageDetails` Map(String, UInt64),
    `TokensBasis` String,
    `RollupInputTokens` Nullable(UInt64),
    `RollupOutputTokens` Nullable(UInt64),
    `ReportedCostUsd` Nullable(Float64),
    `TimeToFirstTokenMs` Nullable(Float64),
    `IsStreaming` UInt8,
    `FinishReason` String,
    `IsError` UInt8,
    `ErrorType` String,
    `ErrorStatus` UInt16,
    `ErrorMessage` String,
    `ContentGroup` String,
    `AgentName` String,
    `WorkflowName` String,
    `ToolName` String,
    `ToolArgsHash` UInt64,
    `ContentCutChars` UInt32,
    `Format` String,
    `InputText` String,
    `OutputText` String,
    `HasOutput` UInt8,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `ContentKept` String,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `GuardrailResult` String,
    `UserId` String,
    `SessionId` String,
    `PromptName` String,
    `PromptVersion` String,
    `Release` String,
    `Environment` String,
    `Feature` String,
    `Inherited` UInt8,
    `InputChars` UInt64,
    `OutputChars` UInt64,
    `InputHash` UInt64,
    `IsTruncated` UInt8,
    `OutputWords` UInt32,
    `OutputHash` UInt64,
    `OutputShingles` Array(UInt32),
    `RepeatedShare` Float32,
    `IsJson` UInt8,
    `HasCodeFence` UInt8,
    `ListItemCount` UInt16,
    `HeadingCount` UInt16,
    `RefusalCue` String,
    `IsApology` UInt8,
    `IsQuestion` UInt8,
    `OutputScript` String,
    `OutputScriptShare` Float32,
    `IsEmpty` UInt8,
    `IsJsonExpected` UInt8,
    `IsRefusal` UInt8,
    `CostUsd` Nullable(Float64),
    `CostSource` String,
    `PriceVersion` String,
    `CacheSavedUsd` Nullable(Float64),
    `CacheMissedUsd` Nullable(Float64)
)
AS SELECT
    * EXCEPT cost,
    cost.1 AS CostUsd,
    cost.2 AS CostSource,
    cost.3 AS PriceVersion,
    cost.4 AS CacheSavedUsd,
    cost.5 AS CacheMissedUsd
FROM
(
    SELECT
        *,
        arrayMap(price_tier -> (arrayMap(price_key -> (arrayMap((price_version, price_units, price_leaves, price_rates) -> (arrayMap((price_step, price_counts, price_usage_is_unknown) -> (arrayMap(price_billed -> (arrayMap((price_sum, price_input_rate, price_cache_rates) -> (arrayMap((cost_usd, cost_source, cache_saved_usd, cache_missed_usd) -> (cost_usd, cost_source, price_version, cache_saved_usd, cache_missed_usd), [ifNull(price_sum, if((price_version = '') AND (Kind IN ('llm', 'embedding', 'reranker')), ReportedCostUsd, NULL))], [multiIf((Kind NOT IN ('llm', 'embedding', 'reranker')), '', price_sum IS NOT NULL, 'computed', (price_version = '') AND (ReportedCostUsd IS NOT NULL), 'reported', IsError AND price_usage_is_unknown, '', 'unpriced')], [if((price_sum IS NULL) OR (InputTokens IS NULL) OR (NOT has(price_units, 'cache_read_tokens')), NULL, ((ifNull(CacheReadTokens, 0) * (price_input_rate - (price_cache_rates[1]))) + ((ifNull(CacheWriteTokens, 0) - least(ifNull(CacheWriteTokens, 0), UsageDetails['cache_write_1h_tokens'])) * (price_input_rate - (price_cache_rates[2])))) + (least(ifNull(CacheWriteTokens, 0), UsageDetails['cache_write_1h_tokens']) * (price_input_rate - (price_cache_rates[3]))))], [if((price_sum IS NULL) OR (NOT has(price_units, 'cache_read_tokens')) OR (ifNull(InputTokens, 0) < 1024), NULL, ((InputTokens - ifNull(CacheReadTokens, 0)) - ifNull(CacheWriteTokens, 0)) * (price_input_rate - (price_cache_rates[1])))])[1]), [arrayDotProduct(arraySlice(price_rates, ((price_step - 1) * length(price_units)) + 1, length(price_units)), price_billed) + if((price_version = '') OR price_usage_is_unknown OR (arrayMin(price_billed) < 0), NULL, 0.)], [price_rates[((price_step - 1) * length(price_units)) + indexOf(price_units, 'input_tokens')]], [arrayMap(unit -> (price_rates[((price_step - 1) * length(price_units)) + indexOf(price_units, if(has(price_units, unit), unit, 'input_tokens'))]), ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'])])[1]), [arrayMap(row -> arrayDotProduct(arraySlice(price_leaves, (row * length(price_units)) + 1, length(price_units)), price_counts), range(length(price_units)))])[1]), [if(length(price_rates) = length(price_units), 1, arrayLastIndex((day_us, input) -> (((toUnixTimestamp64Micro(Timestamp) % 86400000000) >= day_us) AND (ifNull(InputTokens, 0) >= input)), dictGet('watchkeeper.prices', 'StepDayUs', price_key, Timestamp), dictGet('watchkeeper.prices', 'StepInput', price_key, Timestamp)))], [arrayMap(unit -> multiIf(unit = 'input_tokens', ifNull(toFloat64(InputTokens), if((CacheReadTokens > 0) OR (CacheWriteTokens > 0), -1., 0.)), unit = 'output_tokens', ifNull(toFloat64(OutputTokens), if(ReasoningTokens > 0, -1., 0.)), unit = 'cache_read_tokens', toFloat64(ifNull(CacheReadTokens, 0)), unit = 'cache_write_tokens', toFloat64(ifNull(CacheWriteTokens, 0)), unit = 'output_reasoning_tokens', toFloat64(ifNull(ReasoningTokens, 0)), unit = 'requests', 1., unit = 'audio_seconds_at_least_10', multiIf((UsageDetails['audio_seconds']) > 0, toFloat64(greatest(UsageDetails['audio_seconds'], 10)), (UsageDetails['input_audio_seconds']) > 0, toFloat64(greatest(UsageDetails['input_audio_seconds'], 10)), 0.), toFloat64(UsageDetails[unit])), price_units)], [(InputTokens IS NULL) AND (OutputTokens IS NULL) AND empty(UsageDetails)])[1]), [dictGet('watchkeeper.prices', 'PriceVersion', price_key, Timestamp)], [dictGet('watchkeeper.prices', 'Units', price_key, Timestamp)], [dictGet('watchkeeper.prices', 'Leaves', price_key, Timestamp)], [dictGet('watchkeeper.prices', 'Rates', price_key, Timestamp)])[1]), [multiIf((Kind NOT IN ('llm', 'embedding', 'reranker')), ('', '', '', '', ''), dictGet('watchkeeper.prices', 'PriceVersion', ('override', Project, Provider, ResponseModel, price_tier), Timestamp) != '', ('override', Project, Provider, ResponseModel, price_tier), dictGet('watchkeeper.prices', 'PriceVersion', ('override', '', Provider, ResponseModel, price_tier), Timestamp) != '', ('override', '', Provider, ResponseModel, price_tier), dictGet('watchkeeper.prices', 'PriceVersion', ('catalogue', '', Provider, ResponseModel, price_tier), Timestamp) != '', ('catalogue', '', Provider, ResponseModel, price_tier), dictGet('watchkeeper.prices', 'PriceVersion', ('override', Project, Provider, RequestModel, price_tier), Timestamp) != '', ('override', Project, Provider, RequestModel, price_tier), dictGet('watchkeeper.prices', 'PriceVersion', ('override', '', Provider, RequestModel, price_tier), Timestamp) != '', ('override', '', Provider, RequestModel, price_tier), ('catalogue', '', Provider, RequestModel, price_tier))])[1]), [if((lower(ServiceTier) IN ('batch', 'fast', 'flex', 'priority')), lower(ServiceTier), '')])[1] AS cost
    FROM
    (
        SELECT
            * EXCEPT '^(own_.*|users|sessions|prompts|releases|environments|features|total_input|total_output|newest_input|joined_output|document_hash|is_json_asked|declines|answer)$',
            if((own_user = '') AND (length(users) = 1), users[1], own_user) AS UserId,
            if((own_session = '') AND (length(sessions) = 1), sessions[1], own_session) AS SessionId,
            if((own_prompt = '') AND (own_prompt_version = '') AND (length(prompts) = 1), (prompts[1]).1, own_prompt) AS PromptName,
            if((own_prompt = '') AND (own_prompt_version = '') AND (length(prompts) = 1), (prompts[1]).2, own_prompt_version) AS PromptVersion,
            if((own_release = '') AND (length(releases) = 1), releases[1], own_release) AS Release,
            if((own_environment = '') AND (length(environments) = 1), environments[1], own_environment) AS Environment,
            if((own_feature = '') AND (length(features) = 1), features[1], own_feature) AS Feature,
            toUInt8(((((((own_user = '') AND (length(users) = 1)) + (2 * ((own_session = '') AND (length(sessions) = 1)))) + (4 * ((own_prompt = '') AND (own_prompt_version = '') AND (length(prompts) = 1)))) + (8 * ((own_release = '') AND (length(releases) = 1)))) + (16 * ((own_environment = '') AND (length(environments) = 1)))) + (32 * ((own_feature = '') AND (length(features) = 1)))) AS Inherited,
            lengthUTF8(InputText) AS InputChars,
            lengthUTF8(OutputText) AS OutputChars,
            if((InputText = '') AND empty(Content), 0, cityHash64(document_hash, InputText, Provider)) AS InputHash,
            FinishReason = 'length' AS IsTruncated,
            answer.1 AS OutputWords,
            answer.2 AS OutputHash,
            answer.3 AS OutputShingles,
            answer.4 AS RepeatedShare,
            answer.6 AS IsJson,
            answer.8 AS HasCodeFence,
            answer.9 AS ListItemCount,
            answer.10 AS HeadingCount,
            answer.11 AS RefusalCue,
            answer.12 AS IsApology,
            answer.13 AS IsQuestion,
            answer.14 AS OutputScript,
            answer.15 AS OutputScriptShare,
            (Kind = 'llm') AND HasOutput AND (ToolCallCount = 0) AND (answer.5) AS IsEmpty,
            is_json_asked OR (answer.7) AS IsJsonExpected,
            (answer.11) != '' AS IsRefusal
        FROM
        (
            SELECT
                *,
                arrayMap((answer, answer_beginning) -> (arrayMap((answer_scripts, answer_lines) -> (arrayMap(answer_script -> (arrayMap(answer_words -> (arrayMap(answer_shingles -> (arrayMap(answer_different -> (toUInt32(length(answer_words)), if(answer = '', 0, cityHash64(answer)), arraySlice(arraySort(if(length(answer_different) <= 64, answer_different, arrayFilter(h -> (h <= intDiv(171798691840, length(answer_different) + 1)), answer_different))), 1, 8), if(empty(answer_shingles), 0, toFloat32(1 - (length(answer_different) / length(answer_shingles)))), answer = '', match(answer, '^[\\[{]') AND isValidJSON(answer), match(answer, '^(\\{\\s*["}]|\\[\\s*[\\[{"])'), position(answer, '```') > 0, toUInt16(least(65535, arrayCount(l -> match(l, '^\\s*([-*+•]|[0-9]{1,3}[.)])\\s'), answer_lines))), toUInt16(least(65535, arrayCount(l -> match(l, '^#{1,6}\\s'), answer_lines))), if(declines, 'refusal_part', arrayMap(found -> if(notEmpty(found) AND (arrayMax(found) <= 63) AND ((arrayMin(found) <= 55) OR (arrayMax(found) <= 60)), ['cannot_help', 'cannot_help', 'cannot_help', 'cannot_help', 'cannot_help', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'will_not', 'guidelines', 'guidelines', 'guidelines', 'guidelines', 'guidelines', 'as_an_ai', 'as_an_ai', 'cannot_help_es', 'cannot_help_es', 'cannot_help_fr', 'cannot_help_fr', 'cannot_help_de', 'cannot_help_de', 'cannot_help_it', 'cannot_help_it', 'cannot_help_pt', 'cannot_help_pt', 'cannot_help_nl', 'cannot_help_nl', 'cannot_help_ru', 'cannot_help_ru', 'cannot_help_pl', 'cannot_help_uk', 'cannot_help_cs', 'cannot_help_nordic', 'cannot_help_nordic', 'cannot_help_tr', 'cannot_help_id', 'cannot_help_vi', 'cannot_help_ro', 'cannot_help_hu', 'cannot_help_el', 'cannot_help_zh', 'cannot_help_zh', 'cannot_help_ja', 'cannot_help_ja', 'cannot_help_ko', 'cannot_help_ko', 'cannot_help_ar', 'cannot_help_he', 'cannot_help_hi', 'cannot_help_th', 'judgement', 'judgement', 'judgement', 'capability', 'capability', 'offer', 'offer', 'offer', 'opening', 'opening', 'opening', 'opening'][arrayMin(found)], ''), [multiMatchAllIndices(answer_beginning, ['((^|[\\s(—–-])i ?|, |[a-z] (and|so|but) )([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(help( you| them| anyone)?( with| to| in|,| by| create| write| make| plan| do| get| find|[.!;:]|$)|help (you|anyone|someone)\\b|assist|aid you|provid|offer (you |any |a |advice|guidance|help|assist|instruct|support|inform|suggest|that|this|tips|medical|legal|financ)|suppl|fulfil|comply|complete (that|this|your|the)|accommodat|satisfy (this|that|your)|hono[u]?r (this|that|your)|process (this|that|your) req|answer( that| this| your| any| quest| the quest| such|[.!]|$)|respond to (this|that|your|such|quest|req|prompt)|generat|creat|produc|writ|compos|draft\\b|give (you |out |any |instr|advice|tips|that|this|inform|medical|legal|financ|guid|a list|an? (answer|opinion|resp|list|example)|step)|share (that|this|any|inform|instr|details|private|personal|confid|my |the (system|instr|prompt|content)|such|copyr)|discuss|engag|participat|take part in|do (that|this|so)\\b|facilitat|encourag|promot|condon|endors|support\\b|perform (this|that|your|such|illegal)|carry out|proceed with|continue\\b|entertain|indulge|speculat|comment on|role-?play|pretend|impersonat|make (jokes|fun|light|assum|general|derog|offens|negat|statem|such|that|this|a joke|content|judg)|tell (you how|that joke|a joke|jokes|you that)|teach (you|anyone|how)|show you how|describ|justify|defend|rationali[sz]|explain (how to|why .*(should|inferior|superior|better than|deserve)|ways to)|list (ways|methods|people|out|any|names)|suggest (ways|methods|any|how)|advise (you|on|anyone)|recommend (ways|methods|any (method|way|illegal|drug))|reveal|disclos|divulg|reproduce (the (full|entire|complete|lyrics|text)|copyr|lyrics|that|this)|output (that|this|the|my)|repeat (that|this|my|the (system|instr|words above))|translate (this|that|hate|offens|such)|identify (people|the person|indiv|real|who|someone|this person|him|her|anyone)|recognize (people|faces)|browse|access (external|the internet|real|live|url|link|your |private)|open (url|link|web|external|attach)|take (a (position|stance|side)|sides)|express (an? )?(opin|personal|polit|views)|diagnos|prescrib|predict (the (fut|outcome|lottery)|fut)|work on (this|that)|go (into|along with) (that|this)|say (that|this|such|anything)|use (offens|racial|derog|such|that|hate|profan)|label (people|you|anyone)|rank (people|races|ethnic)|be (a )?(part of|party to|involved|used (to|for))|bypass|ignore my|override my|hack|agree (with|to) (that|this|such)|allow)', '^((i\'?m|i am) ([a-z]+ )?(sorry|afraid)|sorry|apologies|my apologies|(i )?apologi[sz]e|i regret|[a-z]+ly|no|nope)[,.!;: –—-]+(but |however,? )?(i |this |that |it )?(is |am )?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) ', '^((can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to)|(i )?unable to|not able to) (help|assist|comply|do that|do this|fulfil|provide|support|answer (that|this))', '(that|this|it)( i|\')s (not (something|a (topic|request|task))|beyond what|outside (of )?what)( that)? ?i(\'m| am)? ?(can|could|able|will|would|feel|comfortable|willing|programmed|designed)', '(request|question|prompt|content|task) (can\'t|cannot|can not|will not|won\'t) be (fulfilled|completed|processed|answered|generated|handled|accommodated)', '(^|[\\s(—–-])i ?([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?((do|would|should|must)(n\'t| not)|won\'t|will not|shall not|(am|\'m) not (going to|willing to|comfortable|prepared to)) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(be |want to |feel (comfortable|able to) |intend to |wish to |plan to )?(help|assist|provid|fulfil|comply|generat|creat|produc|writ|engag|participat|promot|condon|endors|support (any|this|that|such|illeg|harm|hate|discr|viol)|encourag|facilitat|discuss|do (that|this|so)\\b|giv(e|ing) (you|instr|advice|out)|shar(e|ing)|answer|respond|continu|entertain|role-?play|pretend|mak(e|ing) (jokes|fun|assum|general|that|this|such)|reveal|disclos|teach|explain(ing)? how to|say(ing)? (that|this)|be part|doing|go(ing)? along|play(ing)? along|contribut|repeat|reproduc|proceed|use (offens|racial|derog|hate|slurs))', '(^|[\\s(—–-])i ?(must|have to|need to|will|\'ll|am going to|\'m going to|would|would like to|\'d like to|should|\'d|choose to)? ?([a-z]+ly )?(have to )?(decline|refuse|refrain from|abstain from|pass on (this|that)|opt out|say no)( |[.,!;]|$)', '(^|[\\s(—–-])i ?((\'d|would) (rather|prefer)|prefer) not\\b', '(^|[\\s(—–-])i ?[^.\\n]* and (will not|won\'t) (provid|help|assist|generat|creat|writ|engag|participat|support|promot|shar|answer|discuss)', '(isn\'t|is not|\'s not) something (that )?i(\'ll|\'m| am| can| will| would| could)\\b', '(^|[\\s(—–-])i ?(prefer|would prefer|\'d prefer) not ', '(^|[\\s(—–-])i ?([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(do not|don\'t) (feel|think) (comfortable|it( is|\'s| would be|\'d be)|that( is|\'s| would be)) ?(appropriate|right|ethical|wise|responsible|safe|acceptable)?', '^.?let\'s (talk about|discuss|change|move on|switch to) (something else|the (topic|subject)|another|a different|something (more|different))', '(against|contrary to|in violation of|prohibited by|not (allowed|permitted) by|violates?|violating|breach|conflicts? with|contradicts?|outside|not (with)?in) (my|our|openai\'?s?|anthropic\'?s?|google\'?s?|meta\'?s?|the|ethical|content|usage|safety) ?([a-z]+ )?([a-z]+ )?([a-z]+ )?(guideline|polic|programming|principle|terms|rules|ethic|standards|safety|values of)', '\\bmy (guidelines|programming|safety guidelines|content policy|ethical guidelines|training|instructions|policies|principles|values|purpose|design) (do not|don\'t|does not|doesn\'t|prohibit|prevent|forbid|won\'t|will not)', 'my purpose is to (assist|help|provide|promote)[^.\\n]*(, and i|, not to|and not to|rather than)', '(^|[\\s(—–-])i ?(\'m| am| was|\'ve been| have been) (programmed|designed|trained|built|created|made|committed|here) to [^.\\n]*(not (to )?(promot|engag|support|encourag|provid|generat|produc|creat|perpet|assist)|avoid )', '(appropriate|inappropriate|right|wrong|ethical|unethical|irresponsible|responsible|improper|unsafe|dishonest) for me to ', 'as an? [^.\\n]*(ai|model|assistant|chatbot|bot)\\b[^.\\n]* (can\'t|cannot|can not|unable|not able|won\'t|will not|not (allowed|permitted|programmed|designed|ethical|appropriate|support|promote|condone|encourage|generate|produce|engage|provide|endorse|discriminate)|must decline|refuse|inappropriate|unethical)', 'as an? [^.\\n]*(ai|model|assistant|chatbot|bot)\\b[^.\\n]*, i(\'m| am| must| have to| need to| should| want to) (emphasi|clarify|stress|note|remind|point out|committed)[^.\\n]*(not|\\bno |against|incorrect|unfair|inappropriate|unethical|wrong|important|respect)', '(no puedo|no podr[íe]a?|no me es posible|no soy capaz de|no estoy en condiciones de|no estoy capacitad[oa] para|no estoy autorizad[oa] [ap]|no est[áa] permitido|no debo|no voy a|no me siento c[óo]modo|no me está permitido|me es imposible) (ayud|asist|proporcion|ofrec|brind|cumpl|gener|cre(ar|o)|escrib|respond|contest|darte|darle|dar (instr|cons|info|ese|esa)|facilit|compart|apoy|realiz|continu|particip|hacer (eso|esto)|satisf|complac|hablar de|discut|promov|fomentar|suministr|acced|atender|colabor|contribu|redact|revel|produc|decir(te|le)|ense[ñn]ar)', '(me niego a|debo (rechazar|declinar|negarme)|tengo que (rechazar|declinar|negarme)|va en contra de mis|no es apropiado que yo)', 'je (ne |n\')(peux|pourrai|suis|saurais?|pourrais|dois)( malheureusement| donc| vraiment| absolument| toutefois| cependant)?( pas)?( malheureusement| vraiment)?( (en mesure|capable|autorisée?|habilitée?|en capacité) (de |d\')| à même de )?,? ?((vous|t\'|te|y|répondre|donner|en|lui) ?)*(aid|assist|fourn|donn|répond|cré|génér|écri|rédig|partag|satisf|accéd|faire (cela|ça)|particip|souten|accompl|traiter|discut|proposer|offrir|produi|expliqu|encourag|promouv|conseil|révél|divulg|effectu|exécut|suite)', 'je (dois|me vois (obligée? de|contrainte? de)|préfère|vais devoir) (refus|déclin|ne pas)|je (refuse|décline) |contraire à mes|va à l\'encontre de mes|je ne (souhaite|veux) pas (répondre|aider|participer)', '(ich (kann|darf|werde|möchte|könnte)|(kann|darf|werde|möchte) ich)[^.\\n]*\\b(nicht|keine?n?|leider)\\b[^.\\n]*(helfen|unterstütz|bereitstell|bereit stellen|beantwort|geben|erstell|erfüll|weiterhelf|liefer|anbiet|schreib|nachkomm|behilflich|tun\\b|machen\\b|generier|teilnehm|mitwirk|diskutier|verrat|preisgeb|durchführ|ausführ|antwort|verfass|assistier|fortsetz|eingehen|dienen|anleit)', '(ich bin|bin ich) (leider )?nicht (in der lage|befugt|berechtigt|dazu in der lage)|(ich )?(muss|möchte)( ich)?( leider| daher)? (ablehnen|(diese|ihre|deine) (anfrage|bitte) ablehnen)|(ich )?lehne (ich )?(es |das |diese |ihre |deine |dies )|verstößt gegen meine|widerspricht meinen', '(non posso|non potrei|non sono in grado di|non mi è possibile|non sono autorizzat[oa] a|non sono programmat[oa] per|non mi è consentito|non intendo|non riesco ad?) (aiut|assist|forni|dar(e|ti|vi|le)|rispond|crea|gener|scriv|soddisf|esegu|condivid|partecip|sostener|offri|complet|far(e|lo) (questo|quest|ciò)|farlo|procedere|promuov|discut|parlare|accontent|supporta|elabora|rivela|produrr|esaudi)', '(devo (rifiutare|declinare|rifiutarmi)|mi rifiuto di|contro le mie (linee|regole|politiche))', '(não posso|não poderei|não consigo|não sou capaz de|não estou em condições de|não me é possível|não estou autorizad[oa] a|não tenho permissão para|não fui programad[oa] para|não devo|não vou|não é possível) (te |lhe |o |a )?(ajud|auxili|fornec|dar |dizer|respond|cri(ar|o)|ger(ar|o)|escrev|atend|cumpr|compartilh|partilh|particip|apoi|oferec|complet|fazer isso|faz[êe]-lo|realiz|prosseguir|promov|discut|falar sobre|assist|revel|produz|prestar)', '(devo (recusar|declinar)|preciso (recusar|declinar)|tenho (de|que) (recusar|declinar)|recuso-me a|me recuso a|vai contra (as )?minhas|viola as minhas)', '(ik (kan|mag|zal|wil)|(kan|mag|zal|wil) ik)[^.\\n]*\\b(niet|geen)\\b[^.\\n]*(helpen|assister|geven|verstrek|bieden|beantwoord|maken|schrijv|voldoen|genereren|delen|uitvoeren|meewerk|doen\\b|ondersteun|antwoord|leveren|bespreken|aanbieden|deelnemen)', 'ik ben (helaas )?niet in staat|ik moet (dit |dat |helaas |deze |je |uw )*(weigeren|afwijzen)|ik weiger', 'не (могу|смогу|в состоянии|буду|имею права|имею возможности|способен|способна|должен|должна|вправе|стану)( вам| тебе| этого| с этим| в этом| на это| на этот вопрос| вашу| ваш| эту| такой| такую)* ?(помо[чг]|предостав|выполн|ответ|отвеч|созда|напис|дать|сгенер|обсужд|поддерж|подел|сделать|участв|содейств|удовлетв|оказ|раскры|рассказ|объясн|продолж|делать|совет|помочь)', '(вынужден[а]? отказ|должен отказ|должна отказ|я отказываюсь|противоречит моим|нарушает мои)', '(nie mogę|nie jestem w stanie|nie wolno mi|nie będę|nie potrafię|nie powinienem|nie powinnam)( ci| panu| pani| w tym| tego| na to| tej| tym| się)* ?(pom[óo][cgż]|udziel|spełni|zapewni|dostarczy|odpowied|stworzy|napisa|wygenerowa|poda[ćj]|zrobi|wykona|uczestnicz|wspiera|omawia|przygotowa|zrealizowa|zaoferowa)|muszę odmówić|odmawiam', 'не (можу|зможу|в змозі|буду)( вам| тобі| з цим| у цьому)* ?(допомог|надат|викон|відпов|створ|напис|дати|зробит|обговор|підтрим|згенер|поділ)', '(nemohu|nemůžu|nejsem schopen|nejsem schopna|nesmím|nebudu)( vám| ti| s tím| v tom| na to| tuto| tento)* ?(pomo[ci]|poskytn|splnit|odpov|vytvo|napsat|vygener|dát|udělat|vyhov|podpo|sdíl)', '(jag|jeg) (kan|får|må|vil|kommer)[^.\\n]*\\b(inte|ikke|icke)\\b[^.\\n]*(hjälp|hjelp|hjælp|assister|bistå|tillhandahåll|ge |gi |give |svar|skap|skriv|uppfyll|oppfyll|opfyld|dela|dele|genere|göra|gjøre|gøre|delta|levere|lever|gi deg|støtt|stötta|stödja)', 'en (voi|pysty|saa|aio)[^.\\n]*(autta|avusta|tarjo|anta|vastat|luoda|kirjoit|toteut|tehdä|jakaa)', '(yardımcı olamam|yardımcı olamıyorum|yardımcı olamayacağım|yardım edemem|yardım edemiyorum|yardım edemeyeceğim|sağlayamam|sağlayamıyorum|sunamam|sunamıyorum|veremem|veremiyorum|yerine getiremem|yerine getiremiyorum|yanıtlayamam|yanıtlayamıyorum|cevap veremem|oluşturamam|oluşturamıyorum|yazamam|yapamam|reddetmek zorundayım|reddetmeliyim)', '(saya|kami) (tidak|tak)( akan)? (bisa|dapat|mampu|boleh|diizinkan)?( untuk)? ?(membantu|memberi|menyediakan|menjawab|membuat|menulis|memenuhi|melakukan|mendukung|membahas|menghasilkan|berpartisipasi|berbagi|membagikan|menolong)|saya (harus|terpaksa) menolak|tidak boleh membantu', 'không thể( nào)?( giúp| hỗ trợ| cung cấp| trả lời| tạo| viết| đáp ứng| thực hiện| đưa ra| chia sẻ| thảo luận| tham gia| làm điều| hướng dẫn| tiếp tục)|tôi (phải|xin phép|xin) từ chối', 'nu (pot|sunt în măsură|îmi este permis|voi putea)( să)?( te| vă| îți| vă)? ?(ajut|ofer|furniz|răspund|cre|gener|scri|îndeplin|particip|face|asist|împărt|dau)', 'nem (tudok|áll módomban|fogok|szabad)[^.\\n]*(segít|nyújt|adni|válaszol|létrehoz|írni|teljesít|támogat|megosz)', 'δεν (μπορώ|είμαι σε θέση|θα μπορέσω|μου επιτρέπεται)( να)?( σας| σε)? ?(βοηθ|παρέχ|παράσχ|δώσ|απαντ|δημιουργ|γράψ|εκπληρ|υποστηρ|συμμετ|κάνω|προσφέρ|ικανοποι)', '(我|抱歉|对不起|對不起|很遗憾|很遺憾|不好意思|人工智能|人工智慧|語言模型|语言模型|助手)[^。\\n]*(无法|不能|不可以|没办法|沒辦法|無法|不会|不會|不便|不应|不應|难以|恕)[^。\\n]*(帮|幫|协助|協助|提供|回答|满足|滿足|完成|生成|创建|創建|讨论|討論|继续|繼續|支持|撰写|撰寫|编写|編寫|给出|給出|参与|參與|执行|執行|处理|處理|分享|透露|写|寫|从事|從事|进行|進行|做|教|告诉|告訴|解答|奉告|遵)', '(拒绝|拒絕|婉拒)(提供|回答|这|此|您|你|該|该|這)', '(手伝い|答え|回答|提供|対応|支援|応え|作成|案内|サポート|教え|協力|生成|共有|お伝え|助け|力に|手助け|アドバイス|実行|説明|議論|お受け|応じ|従う|お断り|執筆|従事|書く)[^。\\n]*(できません|できかねます|いたしかねます|致しかねます|出来ません|できない|かねます|なれません|ありません|お断り|控え)', '(お断り(します|いたします|させて)|遠慮させて|差し控えさせて|応じられません|お答えできません|お応えできません)', '(도와|도움|제공|답변|대답|지원|생성|작성|수행|응|알려|돕|드릴|설명|처리|공유|참여|조언|안내|만들|써|따를|논의)[^.\\n]*수(가|는|도)? ?(없|가 없)', '(거절|거부)(해야|하겠|합니다|할 수밖에|드)|(도와드리|제공하|답변하|대답하|도와주)지 (못|않)', '(لا أستطيع|لا يمكنني|لا أقدر|لست قادر|لن أتمكن|لن أستطيع|لا يسعني|غير قادر|لا أملك القدرة|لن أقوم|لا يجوز لي)[^.\\n]*(مساعد|تقديم|توفير|تلبية|الإجابة|إجابة|إنشاء|كتابة|تنفيذ|مشاركة|دعم|القيام|مناقشة|إعطا|فعل|إكمال|الرد|إرشاد|توليد|أن أ|شرح)', '(לא יכול|לא יכולה|לא אוכל|איני יכול|איני יכולה|אינני יכול|לא מסוגל|לא מסוגלת|לא ניתן לי)[^.\\n]*(לעזור|לסייע|לספק|לענות|ליצור|לכתוב|למלא|לתמוך|לשתף|לעשות|לדון|לתת|להשיב)', '(मदद|सहायता|प्रदान|जवाब|उत्तर|जानकारी|सहयोग|अनुरोध|बना|लिख|पूरा|साझा|समर्थन|सलाह)[^।.\\n]*(नहीं कर (सकता|सकती|सकते|पाऊंगा|पाऊँगा|पाऊंगी)|नहीं दे (सकता|सकती|सकते|पाऊंगा)|असमर्थ|नहीं लिख|नहीं बना)', '(ไม่สามารถ|ไม่อาจ|ไม่ได้รับอนุญาต)[^\\n]*(ช่วย|ให้ข้อมูล|ตอบ|สร้าง|เขียน|ให้คำ|ดำเนินการ|สนับสนุน|ทำตาม|แบ่งปัน|ปฏิบัติตาม|ให้)', '^(no[,.]? )?(it|that|this)(\'s| is| would be|\'d be) (important to [a-z]+ that )?([^.\\n]* (is|are) )?([a-z]+ly )?(incorrect|inaccurate|unfair|inappropriate|unethical|immoral|illegal|unlawful|wrong|harmful|offensive|hurtful|disrespectful|dangerous|unacceptable|discriminatory|insensitive|unjust|misleading|never (ok|okay|acceptable|appropriate|right)|not (accurate|appropriate|acceptable|ethical|fair|right|okay|ok|respectful|productive|constructive|moral|legal|just|true))[^.\\n]*\\b(to|that)\\b[^\\n]*(people|person|individual|someone|somebody|anyone|women|\\bmen\\b|racia|racis|ethnic|religio|gender|sexual|disab|immigra|\\bgay|lesbian|lgbt|minorit|group|stereotyp|discriminat|generali[sz]|prejudic|elderly|homeless|muslim|jewish|human|violen|harm|abus|communit|consent|others\\b|privacy)', '^[^.\\n]* (is|are|would be|is considered|is widely considered) ([a-z]+ly |both |never )?(incorrect|inaccurate|unfair|inappropriate|unethical|immoral|illegal|unlawful|wrong|harmful|offensive|hurtful|disrespectful|dangerous|unacceptable|discriminatory|insensitive|unjust|misleading|never (ok|okay|acceptable|appropriate|right)|not (accurate|appropriate|acceptable|ethical|fair|right|okay|ok|respectful|productive|constructive|moral|legal|just|true))[^\\n]*(important to|essential to|crucial to|everyone|we should|should be|all (people|individuals)|respect|i (encourage|urge|strongly|suggest))', '^[^.\\n]*(should (not|never) be (used to|encouraged|promoted|discriminat|judged|denied|tolerated|condoned|supported)|there is no (justification|excuse|place for|scientific basis)|no (one|person|group|race)[^.\\n]* (should be|deserves|is (inherently|superior|inferior)))[^\\n]*(people|person|individual|someone|somebody|anyone|women|\\bmen\\b|racia|racis|ethnic|religio|gender|sexual|disab|immigra|\\bgay|lesbian|lgbt|minorit|group|stereotyp|discriminat|generali[sz]|prejudic|elderly|homeless|muslim|jewish|human|violen|harm|abus|communit|consent|others\\b|privacy)', 'as an? [^.\\n]*(ai|model|assistant|chatbot)\\b[^.\\n]*(do not|don\'t|does not|doesn\'t) (have|possess|hold|engage|support|promote|condone|form|harbor)', '(^|[\\s(—–-])i ?(do not|don\'t) have (the (ability|capability)|access|permission|personal (opinions|beliefs|experiences|views))', '(however|but|that said|having said that|nevertheless|nonetheless|instead|still)[,:]? (here|i can|i could|i will|i\'ll|i\'d be happy|let me|for the (sake|purpose)|based on|in general|generally|as of my)', '\\b(here(\'s| is| are)|below (is|are)|the following)\\b', '\\n\\s*([-•]|[0-9]{1,2}[.)])\\s+', '^(sure|certainly|of course|absolutely|yes[,.! ]|definitely|okay|ok[,.! ]|great question|happy to|no problem|here(\'s| is| are)|below|subject:|title:|dear |hi |hello |hey |to whom|```|#|<|\\(verse|\\[verse|\\{|\\[|def |import |class |function |public |\\| |translat|once upon|chapter|scene|\\(|1[.)] )', '(^|[\\s(—–-])i ?(can\'t|cannot) ([a-z]+ly,? |just |also |ever |even |in good conscience,? |and (will not|won\'t) )?(recommend|stress|emphasi[sz]e|overstate|thank|praise|endorse|express|say|tell you)[^.\\n]* (enough|highly|how (much|happy|grateful|glad|excited|important|often))', '(can\'t|cannot) help (but|feeling|noticing|wondering|thinking|falling)', '(^|[\\s(—–-])i ?(can\'t|cannot|can not|couldn\'t|could not|(am|\'m) (unable to|not (able|allowed|permitted|authori[sz]ed|programmed|designed|equipped|in a position) to|incapable of|prohibited from)|(won\'t|will not) be able to) (provide|give|offer|share|predict|tell|guarantee|generate|say)[^.\\n]*(exact|precise|definit|100%|guarantee|certain|for sure|comprehensive|exhaustive|\\blive\\b|real-time)[^\\n]*(, but|; however|\\. however|, though|\\. but|\\. that said|\\. here|, here|\\. based on|, so here)'])])[1]), match(substring(answer_beginning, 1, 240), '\\bsorry\\b|\\bapolog(y|ies|i[sz]e)|\\bmy bad\\b|lo siento|disculp|perdón|je suis (vraiment |sincèrement )?désolé|désolée? |je m.excuse|mes excuses|veuillez m.excuser|tut mir (sehr |wirklich )?leid|entschuldig|verzeih|mi dispiace|mi scuso|scusa|desculp|sinto muito|lamento|het spijt me|sorry|mijn excuses|извин|прошу прощения|к сожалению, я|вибач|przepraszam|przykro mi|omlouv|promiň|förlåt|ursäkta|tyvärr|beklager|undskyld|desværre|pahoittel|özür dilerim|üzgünüm|maaf|xin lỗi|îmi pare rău|sajnálom|elnézést|συγγνώμη|λυπάμαι|מצטער|סליחה|آسف|عذر|أعتذر|माफ|क्षमा|खेद|ขออภัย|ขอโทษ|抱歉|对不起|對不起|不好意思|申し訳|すみません|ごめん|죄송|미안'), match(right(answer, 32), '[?？؟;][\\s"\'”’»)*_]*$'), multiIf(answer_script != '', answer_script, match(answer, '[a-zA-Z]'), 'Latn', ''), toFloat32(if(answer_script = '', match(answer, '[a-zA-Z]'), countEqual(answer_scripts, answer_script) / length(answer_scripts)))), [arrayDistinct(answer_shingles)])[1]), [arrayMap(h -> arraySlice(arrayMap((a, b, c) -> toUInt32(intHash64((a + (b * 3)) + (c * 7))), h, arrayResize(arraySlice(h, 2), length(h)), arrayResize(arraySlice(h, 3), length(h))), 1, greatest(0, toInt64(length(h)) - 2)), [answer_words])[1]])[1]), [arrayFilter(h -> (h != cityHash64('')), arrayMap(w -> cityHash64(w), arrayConcat(splitByChar(' ', replaceAll(lower(if((answer_script IN ('Hani', 'Jpan', 'Thai')), '', answer)), '\n', ' ')), ngrams(if((answer_script IN ('Hani', 'Jpan', 'Thai')), answer, ''), 1))))])[1]), [if(empty(answer_scripts), '', ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai'][indexOf(arrayMap(name -> countEqual(answer_scripts, name), ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai']), arrayMax(arrayMap(name -> countEqual(answer_scripts, name), ['Arab', 'Armn', 'Beng', 'Cyrl', 'Deva', 'Geor', 'Grek', 'Gujr', 'Guru', 'Hani', 'Hebr', 'Jpan', 'Knda', 'Kore', 'Latn', 'Mlym', 'Taml', 'Telu', 'Thai'])))])])[1]), [arrayMap(scripts -> if((countEqual(scripts, 'Hani') > 0) AND (countEqual(scripts, 'Jpan') > 0) AND ((countEqual(scripts, 'Jpan') * 10) >= countEqual(scripts, 'Hani')), arrayMap(s -> if(s = 'Hani', 'Jpan', s), scripts), scripts), [arrayFilter(s -> (s != ''), arrayMap(c -> (['', 'Latn', '', 'Latn', '', 'Grek', '', 'Cyrl', '', 'Armn', '', 'Hebr', '', 'Arab', '', 'Arab', '', 'Deva', '', 'Beng', '', 'Guru', '', 'Gujr', '', 'Taml', '', 'Telu', '', 'Knda', '', 'Mlym', '', 'Thai', '', 'Geor', '', 'Kore', '', 'Latn', '', 'Grek', '', 'Jpan', '', 'Hani', '', 'Hani', '', 'Kore', ''][arrayCount(bound -> (bound <= c), ['a', '{', 'À', 'ɐ', 'Ͱ', 'Ѐ', 'Ѐ', '԰', 'Ա', 'ֈ', 'א', '׫', 'ؠ', '܀', 'ݐ', 'ހ', 'ऀ', 'ঀ', 'ঀ', '਀', '਀', '઀', '઀', '଀', '஀', 'ఀ', 'ఀ', 'ಀ', 'ಀ', 'ഀ', 'ഀ', '඀', '฀', '຀', 'Ⴀ', 'ᄀ', 'ᄀ', 'ሀ', 'Ḁ', 'ἀ', 'ἀ', ' ', 'ぁ', '㄀', '㐀', '䷀', '一', 'ꀀ', '가', '힤']) + 1]), ngrams(if(isASCII(answer_beginning), '', substringUTF8(answer_beginning, 1, 200)), 1)))])[1]], [splitByChar('\n', answer)])[1]), [trimBoth(OutputText, ' \n\r\t')], [lowerUTF8(replaceAll(replaceAll(substringUTF8(trimBoth(OutputText, ' \n\r\t'), 1, 400), '’', '\''), '*', ''))])[1] AS answer,
                groupUniqArrayIf(2)(own_user, own_user != '') OVER trace AS users,
                groupUniqArrayIf(2)(own_session, own_session != '') OVER trace AS sessions,
                groupUniqArrayIf(2)((own_prompt, own_prompt_version), (own_prompt != '') OR (own_prompt_version != '')) OVER trace AS prompts,
                groupUniqArrayIf(2)(own_release, own_release != '') OVER trace AS releases,
                groupUniqArrayIf(2)(own_environment, own_environment != '') OVER trace AS environments,
                groupUniqArrayIf(2)(own_feature, own_feature != '') OVER trace AS features
            FROM watchkeeper.told_spans
            WINDOW trace AS (PARTITION BY Project, TraceId)
        )
    )
);

CREATE TABLE watchkeeper.otel_logs
(
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimestampTime` DateTime DEFAULT toDateTime(Timestamp) CODEC(Delta(4), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `TraceFlags` UInt8 CODEC(ZSTD(1)),
    `SeverityText` LowCardinality(String) CODEC(ZSTD(1)),
    `SeverityNumber` UInt8 CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `Body` String CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `EventName` LowCardinality(String) CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((Timestamp >= (ReceivedAt - toIntervalDay(90))) AND (Timestamp <= (ReceivedAt + toIntervalDay(2))), Timestamp, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool DEFAULT ((startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.') AS is_event) AND (Body != '')) OR arrayExists(k -> ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]'))), mapKeys(LogAttributes)) COMMENT 'Prompts or answers are in this row: it is kept as long as content, and shown to those who may read content',
    `HasContent` Bool DEFAULT HoldsContent COMMENT 'A row of span_content is of this record, until content expires',
    `CompletesSpan` Bool DEFAULT ((TraceId != '') AND (SpanId != '') AND ((if(EventName = '', LogAttributes['event.name'], EventName)) != 'gen_ai.evaluation.result') AND (HoldsContent OR (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')))) COMMENT 'A row of log_features is of this record, until content expires',
    `IsScore` Bool MATERIALIZED (if(EventName != '', EventName, LogAttributes['event.name']) = 'gen_ai.evaluation.result') AND ((LogAttributes['gen_ai.evaluation.name']) != '') AND (((LogAttributes['gen_ai.evaluation.score.label']) != '') OR ((LogAttributes['gen_ai.evaluation.score.value']) IN ('true', 'false')) OR isFinite(ifNull(toFloat64OrNull(LogAttributes['gen_ai.evaluation.score.value']), nan))),
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX body_words lower(Body) TYPE text(tokenizer = splitByNonAlpha) GRANULARITY 100000000
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, ServiceName, Timestamp)
TTL EventDay + toIntervalDay(90), EventDay + toIntervalDay(30) WHERE HoldsContent
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_logs_of_records TO watchkeeper.otel_logs
(
    `Timestamp` DateTime64(9),
    `TimestampTime` DateTime,
    `TraceId` String,
    `SpanId` String,
    `TraceFlags` UInt8,
    `SeverityText` LowCardinality(String),
    `SeverityNumber` UInt8,
    `ServiceName` LowCardinality(String),
    `Body` String,
    `ResourceSchemaUrl` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String),
    `LogAttributes` Map(String, String),
    `EventName` LowCardinality(String),
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool,
    `HasContent` Bool,
    `CompletesSpan` Bool
)
AS SELECT * EXCEPT is_event REPLACE (if(is_event, '', Body) AS Body, if(HoldsContent, mapFilter((k, v) -> (NOT ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]')))), LogAttributes), LogAttributes) AS LogAttributes, false AS HoldsContent, HoldsContent AS HasContent)
FROM
(
    SELECT
        *,
        (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')) AS is_event
    FROM watchkeeper.log_records
);

CREATE TABLE watchkeeper.otel_metrics_exponential_histogram
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeDroppedAttrCount` UInt32 CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricDescription` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricUnit` LowCardinality(String) CODEC(ZSTD(1)),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `StartTimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Count` UInt64 CODEC(Delta(8), ZSTD(1)),
    `Sum` Nullable(Float64) CODEC(ZSTD(1)),
    `Scale` Int32 CODEC(ZSTD(1)),
    `ZeroCount` UInt64 CODEC(ZSTD(1)),
    `PositiveOffset` Int32 CODEC(ZSTD(1)),
    `PositiveBucketCounts` Array(UInt64) CODEC(ZSTD(1)),
    `NegativeOffset` Int32 CODEC(ZSTD(1)),
    `NegativeBucketCounts` Array(UInt64) CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `Flags` UInt32 CODEC(ZSTD(1)),
    `Min` Nullable(Float64) CODEC(ZSTD(1)),
    `Max` Nullable(Float64) CODEC(ZSTD(1)),
    `AggregationTemporality` Int32 CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_metrics_exponential_histogram_of_records TO watchkeeper.otel_metrics_exponential_histogram
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ScopeDroppedAttrCount` UInt32,
    `ScopeSchemaUrl` String,
    `ServiceName` String,
    `MetricName` String,
    `MetricDescription` String,
    `MetricUnit` String,
    `Attributes` Map(String, String),
    `StartTimeUnix` DateTime64(9),
    `TimeUnix` DateTime64(9),
    `Count` UInt64,
    `Sum` Nullable(Float64),
    `Scale` Int32,
    `ZeroCount` UInt64,
    `PositiveOffset` Int32,
    `PositiveBucketCounts` Array(UInt64),
    `NegativeOffset` Int32,
    `NegativeBucketCounts` Array(UInt64),
    `Exemplars.FilteredAttributes` Array(Map(String, String)),
    `Exemplars.TimeUnix` Array(DateTime64(9)),
    `Exemplars.Value` Array(Float64),
    `Exemplars.SpanId` Array(String),
    `Exemplars.TraceId` Array(String),
    `Flags` UInt32,
    `Min` Nullable(Float64),
    `Max` Nullable(Float64),
    `AggregationTemporality` Int32,
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope.name AS ScopeName,
    Scope.version AS ScopeVersion,
    ScopeAttributes,
    Scope.dropped AS ScopeDroppedAttrCount,
    Scope.schema_url AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    Metric.name AS MetricName,
    Metric.description AS MetricDescription,
    Metric.unit AS MetricUnit,
    mapFromArrays(point.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), point.attributes.value)) AS Attributes,
    fromUnixTimestamp64Nano(toInt64(least(point.start_time_unix_nano, 9223372036854775807))) AS StartTimeUnix,
    fromUnixTimestamp64Nano(toInt64(least(point.time_unix_nano, 9223372036854775807))) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.scale AS Scale,
    point.zero_count AS ZeroCount,
    point.positive.offset AS PositiveOffset,
    point.positive.bucket_counts AS PositiveBucketCounts,
    point.negative.offset AS NegativeOffset,
    point.negative.bucket_counts AS NegativeBucketCounts,
    arrayMap(e -> mapFromArrays(e.filtered_attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), e.filtered_attributes.value)), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> fromUnixTimestamp64Nano(toInt64(least(e.time_unix_nano, 9223372036854775807))), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    toInt32(least(Metric.exponential_histogram.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Project,
    'standard' AS RetentionClass,
    (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')) AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM watchkeeper.metric_records
ARRAY JOIN Metric.exponential_histogram.data_points AS point;

CREATE TABLE watchkeeper.otel_metrics_gauge
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeDroppedAttrCount` UInt32 CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricDescription` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricUnit` LowCardinality(String) CODEC(ZSTD(1)),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `StartTimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Value` Nullable(Float64) CODEC(ZSTD(1)),
    `Flags` UInt32 CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_metrics_gauge_of_records TO watchkeeper.otel_metrics_gauge
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ScopeDroppedAttrCount` UInt32,
    `ScopeSchemaUrl` String,
    `ServiceName` String,
    `MetricName` String,
    `MetricDescription` String,
    `MetricUnit` String,
    `Attributes` Map(String, String),
    `StartTimeUnix` DateTime64(9),
    `TimeUnix` DateTime64(9),
    `Value` Nullable(Float64),
    `Flags` UInt32,
    `Exemplars.FilteredAttributes` Array(Map(String, String)),
    `Exemplars.TimeUnix` Array(DateTime64(9)),
    `Exemplars.Value` Array(Float64),
    `Exemplars.SpanId` Array(String),
    `Exemplars.TraceId` Array(String),
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope.name AS ScopeName,
    Scope.version AS ScopeVersion,
    ScopeAttributes,
    Scope.dropped AS ScopeDroppedAttrCount,
    Scope.schema_url AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    Metric.name AS MetricName,
    Metric.description AS MetricDescription,
    Metric.unit AS MetricUnit,
    mapFromArrays(point.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), point.attributes.value)) AS Attributes,
    fromUnixTimestamp64Nano(toInt64(least(point.start_time_unix_nano, 9223372036854775807))) AS StartTimeUnix,
    fromUnixTimestamp64Nano(toInt64(least(point.time_unix_nano, 9223372036854775807))) AS TimeUnix,
    coalesce(point.as_double, toFloat64(point.as_int)) AS Value,
    point.flags AS Flags,
    arrayMap(e -> mapFromArrays(e.filtered_attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), e.filtered_attributes.value)), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> fromUnixTimestamp64Nano(toInt64(least(e.time_unix_nano, 9223372036854775807))), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    Project,
    'standard' AS RetentionClass,
    (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')) AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM watchkeeper.metric_records
ARRAY JOIN Metric.gauge.data_points AS point;

CREATE TABLE watchkeeper.otel_metrics_histogram
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeDroppedAttrCount` UInt32 CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricDescription` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricUnit` LowCardinality(String) CODEC(ZSTD(1)),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `StartTimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Count` UInt64 CODEC(Delta(8), ZSTD(1)),
    `Sum` Nullable(Float64) CODEC(ZSTD(1)),
    `BucketCounts` Array(UInt64) CODEC(ZSTD(1)),
    `ExplicitBounds` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `Flags` UInt32 CODEC(ZSTD(1)),
    `Min` Nullable(Float64) CODEC(ZSTD(1)),
    `Max` Nullable(Float64) CODEC(ZSTD(1)),
    `AggregationTemporality` Int32 CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_metrics_histogram_of_records TO watchkeeper.otel_metrics_histogram
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ScopeDroppedAttrCount` UInt32,
    `ScopeSchemaUrl` String,
    `ServiceName` String,
    `MetricName` String,
    `MetricDescription` String,
    `MetricUnit` String,
    `Attributes` Map(String, String),
    `StartTimeUnix` DateTime64(9),
    `TimeUnix` DateTime64(9),
    `Count` UInt64,
    `Sum` Nullable(Float64),
    `BucketCounts` Array(UInt64),
    `ExplicitBounds` Array(Float64),
    `Exemplars.FilteredAttributes` Array(Map(String, String)),
    `Exemplars.TimeUnix` Array(DateTime64(9)),
    `Exemplars.Value` Array(Float64),
    `Exemplars.SpanId` Array(String),
    `Exemplars.TraceId` Array(String),
    `Flags` UInt32,
    `Min` Nullable(Float64),
    `Max` Nullable(Float64),
    `AggregationTemporality` Int32,
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope.name AS ScopeName,
    Scope.version AS ScopeVersion,
    ScopeAttributes,
    Scope.dropped AS ScopeDroppedAttrCount,
    Scope.schema_url AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    Metric.name AS MetricName,
    Metric.description AS MetricDescription,
    Metric.unit AS MetricUnit,
    mapFromArrays(point.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), point.attributes.value)) AS Attributes,
    fromUnixTimestamp64Nano(toInt64(least(point.start_time_unix_nano, 9223372036854775807))) AS StartTimeUnix,
    fromUnixTimestamp64Nano(toInt64(least(point.time_unix_nano, 9223372036854775807))) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.bucket_counts AS BucketCounts,
    point.explicit_bounds AS ExplicitBounds,
    arrayMap(e -> mapFromArrays(e.filtered_attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), e.filtered_attributes.value)), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> fromUnixTimestamp64Nano(toInt64(least(e.time_unix_nano, 9223372036854775807))), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    toInt32(least(Metric.histogram.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Project,
    'standard' AS RetentionClass,
    (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')) AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM watchkeeper.metric_records
ARRAY JOIN Metric.histogram.data_points AS point;

CREATE TABLE watchkeeper.otel_metrics_sum
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeDroppedAttrCount` UInt32 CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricDescription` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricUnit` LowCardinality(String) CODEC(ZSTD(1)),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `StartTimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Value` Nullable(Float64) CODEC(ZSTD(1)),
    `Flags` UInt32 CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `AggregationTemporality` Int32 CODEC(ZSTD(1)),
    `IsMonotonic` Bool CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_metrics_sum_of_records TO watchkeeper.otel_metrics_sum
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ScopeDroppedAttrCount` UInt32,
    `ScopeSchemaUrl` String,
    `ServiceName` String,
    `MetricName` String,
    `MetricDescription` String,
    `MetricUnit` String,
    `Attributes` Map(String, String),
    `StartTimeUnix` DateTime64(9),
    `TimeUnix` DateTime64(9),
    `Value` Nullable(Float64),
    `Flags` UInt32,
    `Exemplars.FilteredAttributes` Array(Map(String, String)),
    `Exemplars.TimeUnix` Array(DateTime64(9)),
    `Exemplars.Value` Array(Float64),
    `Exemplars.SpanId` Array(String),
    `Exemplars.TraceId` Array(String),
    `AggregationTemporality` Int32,
    `IsMonotonic` Bool,
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope.name AS ScopeName,
    Scope.version AS ScopeVersion,
    ScopeAttributes,
    Scope.dropped AS ScopeDroppedAttrCount,
    Scope.schema_url AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    Metric.name AS MetricName,
    Metric.description AS MetricDescription,
    Metric.unit AS MetricUnit,
    mapFromArrays(point.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), point.attributes.value)) AS Attributes,
    fromUnixTimestamp64Nano(toInt64(least(point.start_time_unix_nano, 9223372036854775807))) AS StartTimeUnix,
    fromUnixTimestamp64Nano(toInt64(least(point.time_unix_nano, 9223372036854775807))) AS TimeUnix,
    coalesce(point.as_double, toFloat64(point.as_int)) AS Value,
    point.flags AS Flags,
    arrayMap(e -> mapFromArrays(e.filtered_attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), e.filtered_attributes.value)), point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> fromUnixTimestamp64Nano(toInt64(least(e.time_unix_nano, 9223372036854775807))), point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    toInt32(least(Metric.sum.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Metric.sum.is_monotonic AS IsMonotonic,
    Project,
    'standard' AS RetentionClass,
    (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')) AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM watchkeeper.metric_records
ARRAY JOIN Metric.sum.data_points AS point;

CREATE TABLE watchkeeper.otel_metrics_summary
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeDroppedAttrCount` UInt32 CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricName` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricDescription` LowCardinality(String) CODEC(ZSTD(1)),
    `MetricUnit` LowCardinality(String) CODEC(ZSTD(1)),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `StartTimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimeUnix` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Count` UInt64 CODEC(Delta(8), ZSTD(1)),
    `Sum` Float64 CODEC(ZSTD(1)),
    `ValueAtQuantiles.Quantile` Array(Float64) CODEC(ZSTD(1)),
    `ValueAtQuantiles.Value` Array(Float64) CODEC(ZSTD(1)),
    `Flags` UInt32 CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.otel_metrics_summary_of_records TO watchkeeper.otel_metrics_summary
(
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ResourceSchemaUrl` String,
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ScopeDroppedAttrCount` UInt32,
    `ScopeSchemaUrl` String,
    `ServiceName` String,
    `MetricName` String,
    `MetricDescription` String,
    `MetricUnit` String,
    `Attributes` Map(String, String),
    `StartTimeUnix` DateTime64(9),
    `TimeUnix` DateTime64(9),
    `Count` UInt64,
    `Sum` Float64,
    `ValueAtQuantiles.Quantile` Array(Float64),
    `ValueAtQuantiles.Value` Array(Float64),
    `Flags` UInt32,
    `Project` String,
    `RetentionClass` String,
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    ResourceAttributes,
    ResourceSchemaUrl,
    Scope.name AS ScopeName,
    Scope.version AS ScopeVersion,
    ScopeAttributes,
    Scope.dropped AS ScopeDroppedAttrCount,
    Scope.schema_url AS ScopeSchemaUrl,
    ResourceAttributes['service.name'] AS ServiceName,
    Metric.name AS MetricName,
    Metric.description AS MetricDescription,
    Metric.unit AS MetricUnit,
    mapFromArrays(point.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), point.attributes.value)) AS Attributes,
    fromUnixTimestamp64Nano(toInt64(least(point.start_time_unix_nano, 9223372036854775807))) AS StartTimeUnix,
    fromUnixTimestamp64Nano(toInt64(least(point.time_unix_nano, 9223372036854775807))) AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.quantile_values.quantile AS `ValueAtQuantiles.Quantile`,
    point.quantile_values.value AS `ValueAtQuantiles.Value`,
    point.flags AS Flags,
    Project,
    'standard' AS RetentionClass,
    (toDate(if((TimeUnix >= (ReceivedAt - toIntervalDay(90))) AND (TimeUnix <= (ReceivedAt + toIntervalDay(2))), TimeUnix, ReceivedAt), 'UTC')) AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM watchkeeper.metric_records
ARRAY JOIN Metric.summary.data_points AS point;

CREATE TABLE watchkeeper.otel_traces
(
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `SpanAttributes` Map(LowCardinality(String), String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(LowCardinality(String)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `ScopeAttributes` Map(LowCardinality(String), String),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String)
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.otlp_logs
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_logs Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_logs Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            log_records Array(Tuple(
                time_unix_nano UInt64,
                severity_number UInt32,
                severity_text String,
                body Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    bytes_value Nullable(String)),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32,
                trace_id String,
                span_id String,
                observed_time_unix_nano UInt64,
                event_name String)),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.otlp_metrics
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_metrics Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_metrics Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            metrics Array(Tuple(
                name String,
                description String,
                unit String,
                gauge Tuple(data_points Array(Tuple(
                    start_time_unix_nano UInt64,
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    exemplars Array(Tuple(
                        time_unix_nano UInt64,
                        as_double Nullable(Float64),
                        as_int Nullable(Int64),
                        span_id String,
                        trace_id String,
                        filtered_attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))))),
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))),
                    flags UInt32))),
                sum Tuple(
                    data_points Array(Tuple(
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        as_double Nullable(Float64),
                        as_int Nullable(Int64),
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        flags UInt32)),
                    aggregation_temporality UInt32,
                    is_monotonic Bool),
                histogram Tuple(
                    data_points Array(Tuple(
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        count UInt64,
                        sum Nullable(Float64),
                        bucket_counts Array(UInt64),
                        explicit_bounds Array(Float64),
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        flags UInt32,
                        min Nullable(Float64),
                        max Nullable(Float64))),
                    aggregation_temporality UInt32),
                exponential_histogram Tuple(
                    data_points Array(Tuple(
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        count UInt64,
                        sum Nullable(Float64),
                        scale Int32,
                        zero_count UInt64,
                        positive Tuple(
                            offset Int32,
                            bucket_counts Array(UInt64)),
                        negative Tuple(
                            offset Int32,
                            bucket_counts Array(UInt64)),
                        flags UInt32,
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        min Nullable(Float64),
                        max Nullable(Float64),
                        zero_threshold Float64)),
                    aggregation_temporality UInt32),
                summary Tuple(data_points Array(Tuple(
                    start_time_unix_nano UInt64,
                    time_unix_nano UInt64,
                    count UInt64,
                    sum Float64,
                    quantile_values Array(Tuple(
                        quantile Float64,
                        value Float64)),
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))),
                    flags UInt32))))),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.otlp_traces
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_spans Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_spans Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            spans Array(Tuple(
                trace_id String,
                span_id String,
                trace_state String,
                parent_span_id String,
                name String,
                kind UInt32,
                start_time_unix_nano UInt64,
                end_time_unix_nano UInt64,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                events Array(Tuple(
                    time_unix_nano UInt64,
                    name String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                links Array(Tuple(
                    trace_id String,
                    span_id String,
                    trace_state String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                status Tuple(
                    message String,
                    code UInt32))),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.otlp_traces_of_trial TO watchkeeper.otlp_traces
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_spans Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_spans Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            spans Array(Tuple(
                trace_id String,
                span_id String,
                trace_state String,
                parent_span_id String,
                name String,
                kind UInt32,
                start_time_unix_nano UInt64,
                end_time_unix_nano UInt64,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                events Array(Tuple(
                    time_unix_nano UInt64,
                    name String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                links Array(Tuple(
                    trace_id String,
                    span_id String,
                    trace_state String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                status Tuple(
                    message String,
                    code UInt32))),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
AS SELECT * REPLACE ('trial' AS segment_id)
FROM watchkeeper.trial_traces;

CREATE DICTIONARY watchkeeper.prices
(
    `Source` String,
    `Project` String,
    `Provider` String,
    `Model` String,
    `ServiceTier` String,
    `ValidFrom` DateTime64(3, 'UTC'),
    `ValidTo` DateTime64(3, 'UTC'),
    `Units` Array(String),
    `Leaves` Array(Float64),
    `Rates` Array(Float64),
    `StepDayUs` Array(UInt64),
    `StepInput` Array(UInt64),
    `PriceVersion` String
)
PRIMARY KEY Source, Project, Provider, Model, ServiceTier
SOURCE(CLICKHOUSE(QUERY 'SELECT Source, Project, Provider, Model, ServiceTier, ValidFrom, ValidUntil - INTERVAL 1 MILLISECOND AS ValidTo, Units, Leaves, Rates, StepDayUs, StepInput, PriceVersion FROM watchkeeper.current_prices' INVALIDATE_QUERY 'SELECT max(UpdatedAt) FROM watchkeeper.model_prices'))
LIFETIME(MIN 30 MAX 60)
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN ValidFrom MAX ValidTo);

CREATE TABLE watchkeeper.read_records
(
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ScopeName` LowCardinality(String),
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool,
    `HasContent` Bool,
    `CompletesSpan` Bool,
    `event` String,
    `is_event` UInt8,
    `content` Map(String, String),
    `session` String,
    `own_user` String,
    `own_session` String,
    `provider` String,
    `request_model` String,
    `response_model` String,
    `response_id` String,
    `finish_reason` String,
    `input` Nullable(UInt64),
    `output` Nullable(UInt64),
    `cache_read` Nullable(UInt64),
    `cache_write` Nullable(UInt64),
    `reasoning` Nullable(UInt64),
    `input_document` String,
    `output_document` String,
    `cached` UInt64
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.read_records_of_telling TO watchkeeper.read_records
(
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ScopeName` LowCardinality(String),
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool,
    `HasContent` Bool,
    `CompletesSpan` Bool,
    `event` String,
    `is_event` UInt8,
    `content` Map(String, String),
    `session` String,
    `own_user` String,
    `own_session` String,
    `provider` String,
    `request_model` String,
    `response_model` String,
    `response_id` String,
    `finish_reason` String,
    `input` Nullable(UInt64),
    `output` Nullable(UInt64),
    `cache_read` Nullable(UInt64),
    `cache_write` Nullable(UInt64),
    `reasoning` Nullable(UInt64),
    `input_document` String,
    `output_document` String,
    `cached` UInt64
)
AS WITH
    named AS
    (
        SELECT
            *,
            (if(EventName = '', LogAttributes['event.name'], EventName)) AS event,
            (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')) AS is_event,
            mapKeys(LogAttributes) AS names,
            mapValues(LogAttributes) AS texts
        FROM watchkeeper.telling_records
    ),
    numbered AS
    (
        SELECT
            *,
            arrayMap((k, v) -> if((v IN ('', 'null', 'None', '[]', '{}')), 65535, transform(k, ['openinference.span.kind', 'langfuse.observation.type', 'langsmith.span.kind', 'mlflow.spanType', 'lmnr.span.type', 'entity.type', 'gen_ai.operation.name', 'llm.request.type', 'traceloop.span.kind', 'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'gen_ai.request.model', 'llm.request.model_name', 'ai.model.id', 'langsmith.metadata.ls_model_name', 'llm.request.model', 'gen_ai.response.model', 'llm.response.model_name', 'ai.response.model', 'langfuse.observation.model.name', 'llm.model_name', 'mlflow.llm.model', 'embedding.model_name', 'reranker.model_name', 'model_name', 'gen_ai.response.id', 'ai.response.id', 'llm.response.id', 'langsmith.metadata.response_id', 'openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'gen_ai.response.service_tier', 'anthropic.response.service_tier', 'openai.request.service_tier', 'gen_ai.openai.request.service_tier', 'openai.response.system_fingerprint', 'gen_ai.openai.response.system_fingerprint', 'gen_ai.response.system_fingerprint', 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'llm.usage.prompt_tokens', 'ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens', 'usage.prompt_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'llm.usage.completion_tokens', 'ai.usage.outputTokens', 'ai.usage.completionTokens', 'usage.completion_tokens', 'gen_ai.usage.total_tokens', 'llm.token_count.total', 'llm.usage.total_tokens', 'ai.usage.totalTokens', 'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.details.cache_read_tokens', 'gen_ai.usage.details.cache_read_input_tokens', 'gen_ai.usage.details.cached_tokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 'llm.token_count.prompt_details.cache_read', 'llm.token_count.prompt_details.cache_input', 'ai.usage.cachedInputTokens', 'ai.usage.inputTokenDetails.cacheReadTokens', 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write_input_tokens', 'gen_ai.usage.details.cache_write_tokens', 'gen_ai.usage.details.cache_creation_input_tokens', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 'llm.token_count.prompt_details.cache_write', 'ai.usage.inputTokenDetails.cacheWriteTokens', 'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens', 'gen_ai.usage.details.reasoning_tokens', 'gen_ai.usage.details.thoughts_tokens', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 'llm.token_count.completion_details.reasoning', 'llm.usage.reasoning_tokens', 'ai.usage.reasoningTokens', 'ai.usage.outputTokenDetails.reasoningTokens', 'llm.cost.total', 'operation.cost', 'gen_ai.usage.cost', 'gen_ai.usage.cost_usd', 'gen_ai.cost.total_cost', 'gen_ai.response.finish_reasons', 'llm.finish_reason', 'ai.response.finishReason', 'gen_ai.completion.0.finish_reason', 'langfuse.observation.metadata.finish_reason', 'anthropic.message.stop_reason', 'user.id', 'enduser.id', 'langfuse.user.id', 'traceloop.association.properties.user_id', 'ai.telemetry.metadata.userId', 'ai.telemetry.metadata.user_id', 'langsmith.metadata.user_id', 'mlflow.trace.user', 'mlflow.traceTag.mlflow.trace.user', 'user_id', 'gen_ai.user.id', 'gen_ai.user', 'llm.user', 'gen_ai.request.user', 'baggage.user_id', 'lmnr.association.properties.user_id', 'user', 'session.id', 'gen_ai.conversation.id', 'langfuse.session.id', 'traceloop.association.properties.session_id', 'traceloop.association.properties.thread_id', 'traceloop.association.properties.conversation_id', 'ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.session_id', 'ai.telemetry.metadata.threadId', 'langsmith.metadata.session_id', 'langsmith.metadata.thread_id', 'langsmith.metadata.conversation_id', 'mlflow.trace.session', 'mlflow.traceTag.mlflow.trace.session', 'session_id', 'thread_id', 'voltagent.conversation_id', 'lmnr.association.properties.session_id', 'gen_ai.prompt.name', 'langfuse.observation.prompt.name', 'traceloop.prompt.key', 'prompt.id', 'gen_ai.prompt.version', 'langfuse.observation.prompt.version', 'traceloop.prompt.version', 'llm.prompt_template.version', 'gen_ai.agent.name', 'agent.name', 'agent_name', 'langsmith.metadata.lc_agent_name', 'graph.node.name', 'lk.agent_name', 'gen_ai.workflow.name', 'traceloop.workflow.name', 'ai.telemetry.functionId', 'gen_ai.tool.name', 'tool.name', 'ai.toolCall.name', 'traceloop.entity.name', 'lk.function_tool.name', 'gen_ai.tool.call.arguments', 'tool.parameters', 'ai.toolCall.args', 'ai.toolCall.input', 'tool_arguments', 'gcp.vertex.agent.tool_call_args', 'lk.function_tool.arguments', 'watchkeeper.release', 'langfuse.release', 'service.version', 'deployment.environment.name', 'deployment.environment', 'langfuse.environment', 'watchkeeper.feature', 'app.feature', 'feature', 'gen_ai.output.type', 'gen_ai.openai.request.response_format', 'gen_ai.request.response_format', 'gen_ai.request.structured_output_schema', 'llm.request.structured_output_schema', 'response_format', 'ai.settings.output', 'gen_ai.guardrail.result.value', 'gen_ai.guardrail.result', 'gen_ai.guardrail.action', 'gen_ai.guardrail.triggered', 'gen_ai.guardrail.blocked', 'microsoft.security.decision.type', 'guardrail.result', 'guardrail.action', 'guardrail.status', 'guardrail_status', 'guardrail.triggered', 'guardrail.blocked', 'agent.guardrail.triggered', 'gen_ai.guardrail.passed', 'guardrail.passed', 'gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk', 'error.type', 'http.response.status_code', 'http.status_code', 'gen_ai.response.status_code', 'error.message', 'langfuse.observation.status_message', 'server.address', 'net.peer.name', 'llm.api_base', 'gen_ai.openai.api_base', 'url.full', 'gen_ai.request.stream', 'gen_ai.is_streaming', 'llm.is_streaming', 'llm.request.streaming', 'stream', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'gen_ai.usage.audio.input_tokens', 'llm.token_count.prompt_details.audio', 'gen_ai.usage.details.input_audio_tokens', 'gen_ai.usage.prompt_tokens_details.audio_tokens', 'gen_ai.usage.audio.output_tokens', 'llm.token_count.completion_details.audio', 'gen_ai.usage.details.audio_tokens', 'gen_ai.usage.details.output_audio_tokens', 'gen_ai.usage.audio.cache_read.input_tokens', 'gen_ai.usage.image.input_tokens', 'gen_ai.usage.image.output_tokens', 'anthropic.usage.server_tool_use.web_search_requests', 'gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.usage.raw', 'langfuse.observation.usage_details', 'mlflow.chat.tokenUsage', 'langsmith.metadata.usage_metadata', 'gen_ai.usage.input_token_details', 'gen_ai.usage.output_token_details', 'llm.invocation_parameters', 'langfuse.observation.model.parameters', 'metadata', 'langfuse.observation.cost_details', 'mlflow.llm.cost'], [64, 65, 66, 67, 68, 69, 128, 129, 130, 192, 193, 194, 195, 196, 197, 198, 256, 257, 258, 259, 264, 320, 321, 322, 384, 385, 386, 387, 388, 389, 448, 449, 452, 454, 512, 513, 514, 515, 517, 518, 576, 577, 578, 640, 641, 642, 643, 644, 645, 646, 650, 704, 705, 706, 707, 708, 709, 713, 768, 769, 770, 771, 832, 833, 834, 835, 836, 837, 838, 839, 840, 841, 896, 897, 898, 899, 900, 901, 902, 903, 904, 960, 961, 962, 963, 964, 965, 966, 967, 968, 1024, 1025, 1028, 1029, 1030, 1088, 1089, 1090, 1091, 1092, 1093, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164, 1165, 1167, 1168, 1169, 1216, 1217, 1218, 1219, 1220, 1221, 1222, 1223, 1224, 1225, 1226, 1227, 1228, 1229, 1230, 1231, 1234, 1235, 1280, 1281, 1282, 1283, 1344, 1345, 1346, 1347, 1408, 1409, 1410, 1411, 1412, 1413, 1472, 1473, 1474, 1536, 1537, 1538, 1539, 1540, 1600, 1601, 1602, 1603, 1604, 1605, 1606, 1664, 1665, 1728, 1792, 1793, 1794, 1856, 1857, 1858, 1920, 1921, 1922, 1923, 1924, 1930, 1931, 1984, 1985, 1986, 1987, 1988, 1989, 1990, 1991, 1992, 1993, 1994, 1995, 1996, 2048, 2049, 2112, 2113, 2176, 2240, 2241, 2242, 2304, 2305, 2368, 2369, 2370, 2371, 2372, 2432, 2433, 2434, 2435, 2438, 2496, 2560, 2561, 2562, 2563, 2624, 2625, 2626, 2627, 2688, 2752, 2816, 2880, 2944, 2945, 2946, 2947, 2948, 2949, 2950, 2951, 2952, 2953, 2954, 2955, 2956, 2957, 2958, 2959, 2960, 2961, 2962, 2963, 2964, 2965, 2966, 2967, 2968, 2969, 2970, 2971, 2972, 2973, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3015, 3016, 3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025, 3026, 3027, 3072, 3136, 3200, 3264, 3328, 3392, 3456, 3520, 3584, 3648, 3712], 65535) + if((v IN ('0', '0.0', '-1')) OR ((k IN ('gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'metadata/ls_provider')) AND (lower(v) IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai'))), 32, 0)), names, texts) AS numbers
        FROM named
    ),
    sorted AS
    (
        SELECT
            *,
            arraySort(numbers) AS order,
            arrayMap(n -> intDiv(n, 64), arraySort(numbers)) AS runs,
            arraySort((v, n) -> n, texts, numbers) AS `values`
        FROM numbered
    ),
    read AS
    (
        SELECT
            * EXCEPT '^(names|texts|numbers|order|runs|values)$',
            mapConcat(mapFilter((k, v) -> ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]'))), LogAttributes), if(is_event AND (Body != ''), map('body', Body), map())) AS content,
            firstNonDefault(LogAttributes['session.id'], LogAttributes['gen_ai.conversation.id'], LogAttributes['langfuse.session.id']) AS session,
            if(is_event, `values`[indexOf(runs, 46)], LogAttributes['gen_ai.input.messages']) AS x_input,
            if(is_event, `values`[indexOf(runs, 47)], LogAttributes['gen_ai.output.messages']) AS x_output,
            (if(startsWith(`values`[indexOf(runs, 18)], '"'), JSONExtractString(`values`[indexOf(runs, 18)]), `values`[indexOf(runs, 18)])) AS own_user,
            (if(startsWith(`values`[indexOf(runs, 19)], '"'), JSONExtractString(`values`[indexOf(runs, 19)]), `values`[indexOf(runs, 19)])) AS own_session,
            lower((if(startsWith(`values`[indexOf(runs, 3)], '"'), JSONExtractString(`values`[indexOf(runs, 3)]), `values`[indexOf(runs, 3)]))) AS provider,
            `values`[indexOf(runs, 4)] AS request_model,
            `values`[indexOf(runs, 5)] AS response_model,
            `values`[indexOf(runs, 7)] AS response_id,
            (if(startsWith((if(startsWith(`values`[indexOf(runs, 17)], '['), JSONExtractString(`values`[indexOf(runs, 17)], 1), `values`[indexOf(runs, 17)])), '"'), JSONExtractString((if(startsWith(`values`[indexOf(runs, 17)], '['), JSONExtractString(`values`[indexOf(runs, 17)], 1), `values`[indexOf(runs, 17)]))), (if(startsWith(`values`[indexOf(runs, 17)], '['), JSONExtractString(`values`[indexOf(runs, 17)], 1), `values`[indexOf(runs, 17)])))) AS finish_reason,
            accurateCastOrNull(nullIf(round(toFloat64OrNull(`values`[indexOf(runs, 10)])), 0), 'UInt64') AS input,
            accurateCastOrNull(nullIf(round(toFloat64OrNull(`values`[indexOf(runs, 11)])), 0), 'UInt64') AS output,
            accurateCastOrNull(round(toFloat64OrNull(`values`[indexOf(runs, 13)])), 'UInt64') AS cache_read,
            accurateCastOrNull(round(toFloat64OrNull(`values`[indexOf(runs, 14)])), 'UInt64') AS cache_write,
            accurateCastOrNull(round(toFloat64OrNull(`values`[indexOf(runs, 15)])), 'UInt64') AS reasoning
        FROM sorted
    )
SELECT
    * EXCEPT '^(Body|TimestampTime|TraceFlags|Severity.*|ServiceName|Resource.*|Scope(SchemaUrl|Version|Attributes)|LogAttributes|EventName|x_input|x_output)$',
    arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), [arrayFirst(t -> (t != ''), [if((event IN ('gen_ai.system.message', 'gen_ai.user.message', 'gen_ai.assistant.message', 'gen_ai.tool.message')), Body, x_input), ''])])[1] AS input_document,
    arrayMap(t -> if(startsWith(t, '"'), JSONExtractString(t), t), [arrayFirst(t -> (t != ''), [if(event = 'gen_ai.choice', Body, x_output), ''])])[1] AS output_document,
    ifNull(cache_read, 0) + ifNull(cache_write, 0) AS cached
FROM read;

CREATE TABLE watchkeeper.read_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `RestAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `event_times` Array(DateTime64(9)),
    `event_names` Array(LowCardinality(String)),
    `event_attributes` Array(Map(LowCardinality(String), String)),
    `event_marks` Array(UInt8),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `is_bare` UInt8,
    `flat_names` Array(String),
    `flat_texts` Array(String),
    `convention_of_scope` String,
    `x_kind` String,
    `kind_name` String,
    `x_operation` String,
    `operation_name` String,
    `x_provider` String,
    `x_request_model` String,
    `x_response_model` String,
    `either_model` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `x_reported_cost_usd` String,
    `x_finish_reason` String,
    `x_user_id` String,
    `x_session_id` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `AgentName` String,
    `WorkflowName` String,
    `x_tool_name` String,
    `x_tool_arguments` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `x_error_type` String,
    `x_error_status` String,
    `x_error_message` String,
    `x_server_address` String,
    `x_is_streaming` String,
    `x_input_tokens` String,
    `x_output_tokens` String,
    `x_total_tokens` String,
    `x_cache_read_tokens` String,
    `x_cache_write_tokens` String,
    `x_reasoning_tokens` String,
    `x_usage_details` Map(String, String),
    `x_input` String,
    `x_output` String,
    `input_event` Map(String, String),
    `output_event` Map(String, String),
    `input_name` String,
    `output_name` String,
    `first_chunk_s` String,
    `first_chunk_ms` String,
    `x_first_chunk_at` String,
    `first_token` String,
    `operation_id` String,
    `span_type` String,
    `langfuse_usage` String,
    `langfuse_level` String,
    `response_text` String,
    `response_tool_calls` String,
    `mcp_method` String,
    `haystack_type` String,
    `adk_request` String,
    `http_method` String,
    `old_http_method` String,
    `cut_chars` String,
    `ContentKept` String,
    `redaction_hits` String,
    `redaction_secret_hits` String,
    `x_output_type` String,
    `x_guardrail_result` String,
    `x_guardrail_passed` String
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.read_spans_of_traces TO watchkeeper.read_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `RestAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `event_times` Array(DateTime64(9)),
    `event_names` Array(LowCardinality(String)),
    `event_attributes` Array(Map(LowCardinality(String), String)),
    `event_marks` Array(UInt8),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `is_bare` UInt8,
    `flat_names` Array(String),
    `flat_texts` Array(String),
    `convention_of_scope` String,
    `x_kind` String,
    `kind_name` String,
    `x_operation` String,
    `operation_name` String,
    `x_provider` String,
    `x_request_model` String,
    `x_response_model` String,
    `either_model` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `x_reported_cost_usd` String,
    `x_finish_reason` String,
    `x_user_id` String,
    `x_session_id` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `AgentName` String,
    `WorkflowName` String,
    `x_tool_name` String,
    `x_tool_arguments` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `x_error_type` String,
    `x_error_status` String,
    `x_error_message` String,
    `x_server_address` String,
    `x_is_streaming` String,
    `x_input_tokens` String,
    `x_output_tokens` String,
    `x_total_tokens` String,
    `x_cache_read_tokens` String,
    `x_cache_write_tokens` String,
    `x_reasoning_tokens` String,
    `x_usage_details` Map(String, String),
    `x_input` String,
    `x_output` String,
    `input_event` Map(String, String),
    `output_event` Map(String, String),
    `input_name` String,
    `output_name` String,
    `first_chunk_s` String,
    `first_chunk_ms` String,
    `x_first_chunk_at` String,
    `first_token` String,
    `operation_id` String,
    `span_type` String,
    `langfuse_usage` String,
    `langfuse_level` String,
    `response_text` String,
    `response_tool_calls` String,
    `mcp_method` String,
    `haystack_type` String,
    `adk_request` String,
    `http_method` String,
    `old_http_method` String,
    `cut_chars` String,
    `ContentKept` String,
    `redaction_hits` String,
    `redaction_secret_hits` String,
    `x_output_type` String,
    `x_guardrail_result` String,
    `x_guardrail_passed` String
)
AS WITH
    numbered AS
    (
        SELECT
            *,
            arrayMap((k, v) -> if((v IN ('', 'null', 'None', '[]', '{}')), 65535, transform(k, ['openinference.span.kind', 'langfuse.observation.type', 'langsmith.span.kind', 'mlflow.spanType', 'lmnr.span.type', 'entity.type', 'gen_ai.operation.name', 'llm.request.type', 'traceloop.span.kind', 'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'gen_ai.request.model', 'llm.request.model_name', 'ai.model.id', 'langsmith.metadata.ls_model_name', 'llm.request.model', 'gen_ai.response.model', 'llm.response.model_name', 'ai.response.model', 'langfuse.observation.model.name', 'llm.model_name', 'mlflow.llm.model', 'embedding.model_name', 'reranker.model_name', 'model_name', 'gen_ai.response.id', 'ai.response.id', 'llm.response.id', 'langsmith.metadata.response_id', 'openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'gen_ai.response.service_tier', 'anthropic.response.service_tier', 'openai.request.service_tier', 'gen_ai.openai.request.service_tier', 'openai.response.system_fingerprint', 'gen_ai.openai.response.system_fingerprint', 'gen_ai.response.system_fingerprint', 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'llm.usage.prompt_tokens', 'ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens', 'usage.prompt_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'llm.usage.completion_tokens', 'ai.usage.outputTokens', 'ai.usage.completionTokens', 'usage.completion_tokens', 'gen_ai.usage.total_tokens', 'llm.token_count.total', 'llm.usage.total_tokens', 'ai.usage.totalTokens', 'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.details.cache_read_tokens', 'gen_ai.usage.details.cache_read_input_tokens', 'gen_ai.usage.details.cached_tokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 'llm.token_count.prompt_details.cache_read', 'llm.token_count.prompt_details.cache_input', 'ai.usage.cachedInputTokens', 'ai.usage.inputTokenDetails.cacheReadTokens', 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write_input_tokens', 'gen_ai.usage.details.cache_write_tokens', 'gen_ai.usage.details.cache_creation_input_tokens', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 'llm.token_count.prompt_details.cache_write', 'ai.usage.inputTokenDetails.cacheWriteTokens', 'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens', 'gen_ai.usage.details.reasoning_tokens', 'gen_ai.usage.details.thoughts_tokens', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 'llm.token_count.completion_details.reasoning', 'llm.usage.reasoning_tokens', 'ai.usage.reasoningTokens', 'ai.usage.outputTokenDetails.reasoningTokens', 'llm.cost.total', 'operation.cost', 'gen_ai.usage.cost', 'gen_ai.usage.cost_usd', 'gen_ai.cost.total_cost', 'gen_ai.response.finish_reasons', 'llm.finish_reason', 'ai.response.finishReason', 'gen_ai.completion.0.finish_reason', 'langfuse.observation.metadata.finish_reason', 'anthropic.message.stop_reason', 'user.id', 'enduser.id', 'langfuse.user.id', 'traceloop.association.properties.user_id', 'ai.telemetry.metadata.userId', 'ai.telemetry.metadata.user_id', 'langsmith.metadata.user_id', 'mlflow.trace.user', 'mlflow.traceTag.mlflow.trace.user', 'user_id', 'gen_ai.user.id', 'gen_ai.user', 'llm.user', 'gen_ai.request.user', 'baggage.user_id', 'lmnr.association.properties.user_id', 'user', 'session.id', 'gen_ai.conversation.id', 'langfuse.session.id', 'traceloop.association.properties.session_id', 'traceloop.association.properties.thread_id', 'traceloop.association.properties.conversation_id', 'ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.session_id', 'ai.telemetry.metadata.threadId', 'langsmith.metadata.session_id', 'langsmith.metadata.thread_id', 'langsmith.metadata.conversation_id', 'mlflow.trace.session', 'mlflow.traceTag.mlflow.trace.session', 'session_id', 'thread_id', 'voltagent.conversation_id', 'lmnr.association.properties.session_id', 'gen_ai.prompt.name', 'langfuse.observation.prompt.name', 'traceloop.prompt.key', 'prompt.id', 'gen_ai.prompt.version', 'langfuse.observation.prompt.version', 'traceloop.prompt.version', 'llm.prompt_template.version', 'gen_ai.agent.name', 'agent.name', 'agent_name', 'langsmith.metadata.lc_agent_name', 'graph.node.name', 'lk.agent_name', 'gen_ai.workflow.name', 'traceloop.workflow.name', 'ai.telemetry.functionId', 'gen_ai.tool.name', 'tool.name', 'ai.toolCall.name', 'traceloop.entity.name', 'lk.function_tool.name', 'gen_ai.tool.call.arguments', 'tool.parameters', 'ai.toolCall.args', 'ai.toolCall.input', 'tool_arguments', 'gcp.vertex.agent.tool_call_args', 'lk.function_tool.arguments', 'watchkeeper.release', 'langfuse.release', 'service.version', 'deployment.environment.name', 'deployment.environment', 'langfuse.environment', 'watchkeeper.feature', 'app.feature', 'feature', 'gen_ai.output.type', 'gen_ai.openai.request.response_format', 'gen_ai.request.response_format', 'gen_ai.request.structured_output_schema', 'llm.request.structured_output_schema', 'response_format', 'ai.settings.output', 'gen_ai.guardrail.result.value', 'gen_ai.guardrail.result', 'gen_ai.guardrail.action', 'gen_ai.guardrail.triggered', 'gen_ai.guardrail.blocked', 'microsoft.security.decision.type', 'guardrail.result', 'guardrail.action', 'guardrail.status', 'guardrail_status', 'guardrail.triggered', 'guardrail.blocked', 'agent.guardrail.triggered', 'gen_ai.guardrail.passed', 'guardrail.passed', 'gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk', 'error.type', 'http.response.status_code', 'http.status_code', 'gen_ai.response.status_code', 'error.message', 'langfuse.observation.status_message', 'server.address', 'net.peer.name', 'llm.api_base', 'gen_ai.openai.api_base', 'url.full', 'gen_ai.request.stream', 'gen_ai.is_streaming', 'llm.is_streaming', 'llm.request.streaming', 'stream', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'gen_ai.usage.audio.input_tokens', 'llm.token_count.prompt_details.audio', 'gen_ai.usage.details.input_audio_tokens', 'gen_ai.usage.prompt_tokens_details.audio_tokens', 'gen_ai.usage.audio.output_tokens', 'llm.token_count.completion_details.audio', 'gen_ai.usage.details.audio_tokens', 'gen_ai.usage.details.output_audio_tokens', 'gen_ai.usage.audio.cache_read.input_tokens', 'gen_ai.usage.image.input_tokens', 'gen_ai.usage.image.output_tokens', 'anthropic.usage.server_tool_use.web_search_requests', 'gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'ai.response.msToFirstChunk', 'langfuse.observation.completion_start_time', 'gen_ai.server.time_to_first_token', 'ai.operationId', 'logfire.span_type', 'langfuse.observation.usage_details', 'langfuse.observation.level', 'ai.response.toolCalls', 'mcp.method.name', 'haystack.component.type', 'http.request.method', 'http.method', 'watchkeeper.content.cut_chars', 'watchkeeper.content.kept', 'watchkeeper.redaction.hits', 'watchkeeper.redaction.hits.secret', 'gen_ai.usage.raw', 'mlflow.chat.tokenUsage', 'langsmith.metadata.usage_metadata', 'gen_ai.usage.input_token_details', 'gen_ai.usage.output_token_details', 'llm.invocation_parameters', 'langfuse.observation.model.parameters', 'metadata', 'langfuse.observation.cost_details', 'mlflow.llm.cost'], [64, 65, 66, 67, 68, 69, 128, 129, 130, 192, 193, 194, 195, 196, 197, 198, 256, 257, 258, 259, 264, 320, 321, 322, 384, 385, 386, 387, 388, 389, 448, 449, 452, 454, 512, 513, 514, 515, 517, 518, 576, 577, 578, 640, 641, 642, 643, 644, 645, 646, 650, 704, 705, 706, 707, 708, 709, 713, 768, 769, 770, 771, 832, 833, 834, 835, 836, 837, 838, 839, 840, 841, 896, 897, 898, 899, 900, 901, 902, 903, 904, 960, 961, 962, 963, 964, 965, 966, 967, 968, 1024, 1025, 1028, 1029, 1030, 1088, 1089, 1090, 1091, 1092, 1093, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164, 1165, 1167, 1168, 1169, 1216, 1217, 1218, 1219, 1220, 1221, 1222, 1223, 1224, 1225, 1226, 1227, 1228, 1229, 1230, 1231, 1234, 1235, 1280, 1281, 1282, 1283, 1344, 1345, 1346, 1347, 1408, 1409, 1410, 1411, 1412, 1413, 1472, 1473, 1474, 1536, 1537, 1538, 1539, 1540, 1600, 1601, 1602, 1603, 1604, 1605, 1606, 1664, 1665, 1728, 1792, 1793, 1794, 1856, 1857, 1858, 1920, 1921, 1922, 1923, 1924, 1930, 1931, 1984, 1985, 1986, 1987, 1988, 1989, 1990, 1991, 1992, 1993, 1994, 1995, 1996, 2048, 2049, 2112, 2113, 2176, 2240, 2241, 2242, 2304, 2305, 2368, 2369, 2370, 2371, 2372, 2432, 2433, 2434, 2435, 2438, 2496, 2560, 2561, 2562, 2563, 2624, 2625, 2626, 2627, 2688, 2752, 2816, 2880, 2944, 2945, 2946, 2947, 2948, 2949, 2950, 2951, 2952, 2953, 2954, 2955, 2956, 2957, 2958, 2959, 2960, 2961, 2962, 2963, 2964, 2965, 2966, 2967, 2968, 2969, 2970, 2971, 2972, 2973, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3015, 3016, 3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025, 3026, 3027, 3072, 3136, 3200, 3264, 3328, 3392, 3456, 3520, 3584, 3648, 3712, 3776, 3840, 3904, 3968, 4032, 4096, 4160, 4224, 4288, 4352, 4416, 4480, 4544, 4608, 4672], 65535) + if((v IN ('0', '0.0', '-1')) OR ((k IN ('gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'metadata/ls_provider')) AND (lower(v) IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai'))), 32, 0)), names, texts) AS numbers,
            arrayMap((k, v) -> if((v IN ('', 'null', 'None', '[]', '{}')), 65535, transform(k, ['watchkeeper.release', 'service.version', 'langfuse.release', 'deployment.environment.name', 'deployment.environment', 'langfuse.environment'], [64, 65, 66, 128, 129, 192], 65535) + if((v IN ('0', '0.0', '-1')) OR ((k IN ('gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'metadata/ls_provider')) AND (lower(v) IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai'))), 32, 0)), resource_names, resource_texts) AS resource_numbers,
            arrayMap(k -> ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]')), names) AS content_marks,
            arrayMap(k -> (endsWith(k, '.embedding.vector') OR endsWith(k, '.embedding_vector')), names) AS dropped_marks,
            arrayMap(n -> (startsWith(n, 'gen_ai.') OR startsWith(n, 'mlflow.chunk.') OR startsWith(n, 'llm.content.')), Events.Name) AS event_marks,
            arrayMap(k -> match(k, '^(llm[.](input|output)_messages|gen_ai[.](prompt|completion))[.][0-9]+[.]'), names) AS flat_marks
        FROM
        (
            SELECT
                *,
                mapKeys(SpanAttributes) AS names,
                mapValues(SpanAttributes) AS texts,
                mapKeys(ResourceAttributes) AS resource_names,
                mapValues(ResourceAttributes) AS resource_texts
            FROM watchkeeper.otel_traces
        )
    ),
    ordered AS
    (
        SELECT
            *,
            arraySort(numbers) AS attribute_order,
            arrayMap(n -> intDiv(n, 64), arraySort(numbers)) AS attribute_runs,
            arraySort((v, n) -> n, texts, numbers) AS attribute_values,
            arrayMap(n -> intDiv(n, 64), arraySort(resource_numbers)) AS resource_runs,
            arraySort((v, n) -> n, resource_texts, resource_numbers) AS resource_values
        FROM numbered
    ),
    opened AS
    (
        SELECT
            *,
            arrayFlatten(arrayMap(d -> arrayFilter(key -> ((key.1) IN ('costs/total', 'costs/total_cost', 'input_details/cache_creation', 'input_details/cache_read', 'metadata/ls_model_name', 'metadata/ls_provider', 'metadata/session_id', 'metadata/thread_id', 'metadata/user_id', 'output_details/reasoning', 'parameters/format', 'parameters/model', 'parameters/model_name', 'parameters/response_format', 'parameters/response_mime_type', 'parameters/stream', 'request/model', 'request/response_format', 'request/stream', 'request/text', 'request/user', 'response/done_reason', 'response/finish_reason', 'response/id', 'response/llm_output', 'response/model', 'response/modelVersion', 'response/model_version', 'response/raw', 'response/response_id', 'response/service_tier', 'response/stop_reason', 'response/system_fingerprint', 'usage/cache_creation', 'usage/cache_creation_input_tokens', 'usage/cache_read_input_tokens', 'usage/completion_tokens', 'usage/completion_tokens_details', 'usage/input', 'usage/input_cache_creation', 'usage/input_cache_read', 'usage/input_cached_tokens', 'usage/input_token_details', 'usage/input_tokens', 'usage/input_tokens_details', 'usage/output', 'usage/output_reasoning', 'usage/output_reasoning_tokens', 'usage/output_token_details', 'usage/output_tokens', 'usage/output_tokens_details', 'usage/prompt_tokens', 'usage/prompt_tokens_details', 'usage/reasoning_tokens', 'usage/server_tool_use', 'usage/total', 'usage/total_tokens')), arrayMap(key -> (concat(d.1, '/', key.1), key.2), JSONExtractKeysAndValuesRaw(if(startsWith(d.2, '{'), d.2, '')))), [('request', attribute_values[indexOf(attribute_runs, 46)]), ('response', attribute_values[indexOf(attribute_runs, 47)]), ('usage', arrayFirst(t -> (t != ''), [attribute_values[indexOf(attribute_runs, 64)], attribute_values[indexOf(attribute_runs, 53)], attribute_values[indexOf(attribute_runs, 65)], attribute_values[indexOf(attribute_runs, 66)]])), ('usage', arrayFirst(t -> (t != ''), [JSONExtractRaw(attribute_values[indexOf(attribute_runs, 47)], 'usage'), JSONExtractRaw(attribute_values[indexOf(attribute_runs, 47)], 'usage_metadata')])), ('input_details', replaceAll(attribute_values[indexOf(attribute_runs, 67)], '\'', '"')), ('output_details', replaceAll(attribute_values[indexOf(attribute_runs, 68)], '\'', '"')), ('parameters', arrayFirst(t -> (t != ''), [attribute_values[indexOf(attribute_runs, 69)], attribute_values[indexOf(attribute_runs, 70)], attribute_values[indexOf(attribute_order, 2950)]])), ('metadata', attribute_values[indexOf(attribute_runs, 71)]), ('costs', arrayFirst(t -> (t != ''), [attribute_values[indexOf(attribute_runs, 72)], attribute_values[indexOf(attribute_runs, 73)]]))])) AS outer_keys
        FROM ordered
    ),
    opened_further AS
    (
        SELECT
            *,
            arrayConcat(outer_keys, arrayFlatten(arrayMap(d -> arrayFilter(key -> ((key.1) IN ('request/text/format', 'response/llm_output/id', 'response/raw/model', 'usage/cache_creation/ephemeral_1h_input_tokens', 'usage/completion_tokens_details/reasoning_tokens', 'usage/input_token_details/cache_creation', 'usage/input_token_details/cache_read', 'usage/input_tokens_details/cached_tokens', 'usage/output_token_details/reasoning', 'usage/output_tokens_details/reasoning_tokens', 'usage/prompt_tokens_details/cached_tokens', 'usage/server_tool_use/web_search_requests')), arrayMap(key -> (concat(d.1, '/', key.1), key.2), JSONExtractKeysAndValuesRaw(if(startsWith(d.2, '{'), d.2, '')))), outer_keys))) AS document_pairs
        FROM opened
    ),
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
            arrayConcat(numbers, arrayMap((k, v) -> if((v IN ('', 'null', 'None', '[]', '{}')), 65535, transform(k, ['metadata/ls_provider', 'parameters/model', 'parameters/model_name', 'metadata/ls_model_name', 'request/model', 'response/model', 'response/modelVersion', 'response/model_version', 'response/raw/model', 'response/id', 'response/response_id', 'response/llm_output/id', 'response/service_tier', 'response/system_fingerprint', 'usage/input', 'usage/prompt_tokens', 'usage/input_tokens', 'usage/output', 'usage/completion_tokens', 'usage/output_tokens', 'usage/total', 'usage/total_tokens', 'usage/cache_read_input_tokens', 'usage/input_cached_tokens', 'usage/input_cache_read', 'usage/prompt_tokens_details/cached_tokens', 'usage/input_tokens_details/cached_tokens', 'usage/input_token_details/cache_read', 'input_details/cache_read', 'usage/cache_creation_input_tokens', 'usage/input_cache_creation', 'usage/input_token_details/cache_creation', 'input_details/cache_creation', 'usage/output_reasoning_tokens', 'usage/output_reasoning', 'usage/reasoning_tokens', 'usage/completion_tokens_details/reasoning_tokens', 'usage/output_tokens_details/reasoning_tokens', 'usage/output_token_details/reasoning', 'output_details/reasoning', 'costs/total', 'costs/total_cost', 'response/stop_reason', 'response/finish_reason', 'response/done_reason', 'metadata/user_id', 'request/user', 'metadata/session_id', 'metadata/thread_id', 'parameters/response_format', 'parameters/response_mime_type', 'parameters/format', 'request/response_format', 'request/text/format', 'parameters/stream', 'request/stream', 'usage/cache_creation/ephemeral_1h_input_tokens', 'usage/server_tool_use/web_search_requests'], [199, 260, 261, 262, 263, 323, 324, 325, 326, 450, 451, 453, 516, 579, 647, 648, 649, 710, 711, 712, 772, 773, 842, 843, 844, 845, 846, 847, 848, 905, 906, 907, 908, 969, 970, 971, 972, 973, 974, 975, 1026, 1027, 1094, 1095, 1096, 1166, 1170, 1232, 1233, 1925, 1926, 1927, 1928, 1929, 2436, 2437, 2497, 2881], 65535) + if((v IN ('0', '0.0', '-1')) OR ((k IN ('gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'langsmith.metadata.ls_provider', 'mlflow.llm.provider', 'metadata/ls_provider')) AND (lower(v) IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai'))), 32, 0)), document_keys, document_texts)) AS all_numbers,
            arrayConcat(names, document_keys) AS all_names,
            arrayConcat(texts, document_texts) AS all_texts
        FROM named
    ),
    sorted AS
    (
        SELECT
            *,
            arraySort(all_numbers) AS order,
            arrayMap(n -> intDiv(n, 64), arraySort(all_numbers)) AS runs,
            arraySort((v, n) -> n, all_texts, all_numbers) AS `values`,
            arraySort((k, n) -> n, all_names, all_numbers) AS keys
        FROM renumbered
    )
SELECT
    Project,
    CAST(if(sorted.RetentionClass = 'standard', 'standard', sorted.RetentionClass), 'LowCardinality(String)') AS RetentionClass,
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
    mapFromArrays(arrayFilter((k, c, d) -> ((NOT c) AND (NOT d)), names, content_marks, dropped_marks), arrayFilter((v, c, d) -> ((NOT c) AND (NOT d)), texts, content_marks, dropped_marks)) AS RestAttributes,
    mapFromArrays(arrayFilter((k, c, d) -> (c AND (NOT d)), names, content_marks, dropped_marks), arrayFilter((v, c, d) -> (c AND (NOT d)), texts, content_marks, dropped_marks)) AS Content,
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
    multiIf(match(ScopeName, '^opentelemetry\\.instrumentation\\.(genai\\.|google_genai|google-genai|openai_v2)|^com\\.anthropic\\.sdk|^mistralai_sdk'), 'otel', match(ScopeName, '^openinference\\.'), 'openinference', match(ScopeName, '^openlit'), 'openlit', match(ScopeName, '^langfuse'), 'langfuse', match(ScopeName, '^logfire'), 'logfire', match(ScopeName, '^pydantic-ai'), 'pydantic_ai', match(ScopeName, '^langsmith'), 'langsmith', match(ScopeName, '^mlflow'), 'mlflow', match(ScopeName, '^gcp\\.vertex\\.agent|^google\\.adk'), 'google_adk', match(ScopeName, '^strands'), 'strands', match(ScopeName, '^opentelemetry\\.instrumentation\\.|^traceloop'), 'traceloop', match(ScopeName, '^watchkeeper'), 'watchkeeper', '') AS convention_of_scope,
    `values`[indexOf(runs, 1)] AS x_kind,
    keys[indexOf(runs, 1)] AS kind_name,
    `values`[indexOf(runs, 2)] AS x_operation,
    keys[indexOf(runs, 2)] AS operation_name,
    `values`[indexOf(runs, 3)] AS x_provider,
    `values`[indexOf(runs, 4)] AS x_request_model,
    `values`[indexOf(runs, 5)] AS x_response_model,
    `values`[indexOf(runs, 6)] AS either_model,
    `values`[indexOf(runs, 7)] AS ResponseId,
    `values`[indexOf(runs, 8)] AS ServiceTier,
    `values`[indexOf(runs, 9)] AS SystemFingerprint,
    `values`[indexOf(runs, 16)] AS x_reported_cost_usd,
    `values`[indexOf(runs, 17)] AS x_finish_reason,
    `values`[indexOf(runs, 18)] AS x_user_id,
    `values`[indexOf(runs, 19)] AS x_session_id,
    `values`[indexOf(runs, 20)] AS own_prompt,
    `values`[indexOf(runs, 21)] AS own_prompt_version,
    `values`[indexOf(runs, 22)] AS AgentName,
    `values`[indexOf(runs, 23)] AS WorkflowName,
    `values`[indexOf(runs, 24)] AS x_tool_name,
    `values`[indexOf(runs, 25)] AS x_tool_arguments,
    arrayFirst(t -> (t != ''), [`values`[indexOf(runs, 26)], resource_values[indexOf(resource_runs, 1)], `values`[indexOf(runs, 27)]]) AS own_release,
    arrayFirst(t -> (t != ''), [resource_values[indexOf(resource_runs, 2)], `values`[indexOf(runs, 28)], resource_values[indexOf(resource_runs, 3)]]) AS own_environment,
    `values`[indexOf(runs, 29)] AS own_feature,
    `values`[indexOf(runs, 34)] AS x_error_type,
    `values`[indexOf(runs, 35)] AS x_error_status,
    `values`[indexOf(runs, 36)] AS x_error_message,
    `values`[indexOf(runs, 37)] AS x_server_address,
    `values`[indexOf(runs, 38)] AS x_is_streaming,
    `values`[indexOf(runs, 10)] AS x_input_tokens,
    `values`[indexOf(runs, 11)] AS x_output_tokens,
    `values`[indexOf(runs, 12)] AS x_total_tokens,
    `values`[indexOf(runs, 13)] AS x_cache_read_tokens,
    `values`[indexOf(runs, 14)] AS x_cache_write_tokens,
    `values`[indexOf(runs, 15)] AS x_reasoning_tokens,
    map('cache_write_1h_tokens', `values`[indexOf(runs, 39)], 'input_audio_tokens', `values`[indexOf(runs, 40)], 'output_audio_tokens', `values`[indexOf(runs, 41)], 'cache_audio_read_tokens', `values`[indexOf(runs, 42)], 'input_image_tokens', `values`[indexOf(runs, 43)], 'output_image_tokens', `values`[indexOf(runs, 44)], 'web_searches', `values`[indexOf(runs, 45)]) AS x_usage_details,
    `values`[indexOf(runs, 46)] AS x_input,
    `values`[indexOf(runs, 47)] AS x_output,
    arrayLast((a, n) -> (((a['gen_ai.input.messages']) != '') OR (n IN ('gen_ai.user.message', 'gen_ai.content.prompt'))), Events.Attributes, Events.Name) AS input_event,
    arrayLast((a, n) -> (((a['gen_ai.output.messages']) != '') OR (n IN ('gen_ai.choice', 'gen_ai.content.completion'))), Events.Attributes, Events.Name) AS output_event,
    keys[indexOf(runs, 46)] AS input_name,
    keys[indexOf(runs, 47)] AS output_name,
    `values`[indexOf(runs, 33)] AS first_chunk_s,
    `values`[indexOf(runs, 48)] AS first_chunk_ms,
    `values`[indexOf(runs, 49)] AS x_first_chunk_at,
    `values`[indexOf(runs, 50)] AS first_token,
    `values`[indexOf(runs, 51)] AS operation_id,
    `values`[indexOf(runs, 52)] AS span_type,
    `values`[indexOf(runs, 53)] AS langfuse_usage,
    `values`[indexOf(runs, 54)] AS langfuse_level,
    `values`[indexOf(order, 3009)] AS response_text,
    `values`[indexOf(runs, 55)] AS response_tool_calls,
    `values`[indexOf(runs, 56)] AS mcp_method,
    `values`[indexOf(runs, 57)] AS haystack_type,
    `values`[indexOf(order, 2949)] AS adk_request,
    `values`[indexOf(runs, 58)] AS http_method,
    `values`[indexOf(runs, 59)] AS old_http_method,
    `values`[indexOf(runs, 60)] AS cut_chars,
    `values`[indexOf(runs, 61)] AS ContentKept,
    `values`[indexOf(runs, 62)] AS redaction_hits,
    `values`[indexOf(runs, 63)] AS redaction_secret_hits,
    `values`[indexOf(runs, 30)] AS x_output_type,
    `values`[indexOf(runs, 31)] AS x_guardrail_result,
    `values`[indexOf(runs, 32)] AS x_guardrail_passed
FROM sorted;

CREATE TABLE watchkeeper.rollup_1h
(
    `Project` LowCardinality(String),
    `Hour` DateTime('UTC'),
    `BuiltAt` DateTime64(6, 'UTC'),
    `Kind` LowCardinality(String),
    `Operation` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `Environment` LowCardinality(String),
    `Release` LowCardinality(String),
    `Provider` LowCardinality(String),
    `RequestModel` LowCardinality(String),
    `ResponseModel` LowCardinality(String),
    `Feature` LowCardinality(String),
    `PromptName` LowCardinality(String),
    `PromptVersion` LowCardinality(String),
    `ToolName` LowCardinality(String),
    `Spans` UInt64 COMMENT 'Duplicates too, which all other columns leave out' CODEC(T64, ZSTD(1)),
    `Counted` UInt64 COMMENT 'Spans that are no duplicates' CODEC(T64, ZSTD(1)),
    `Errors` UInt64 CODEC(T64, ZSTD(1)),
    `RateLimited` UInt64 COMMENT 'Failed with status 429' CODEC(T64, ZSTD(1)),
    `CostUsd` Float64 COMMENT 'Of those whose cost is known' CODEC(ZSTD(1)),
    `Priced` UInt64 COMMENT 'Whose cost is known' CODEC(T64, ZSTD(1)),
    `Unpriced` UInt64 COMMENT 'Calls whose cost is not known' CODEC(T64, ZSTD(1)),
    `InputTokens` UInt64 CODEC(T64, ZSTD(1)),
    `InputKnown` UInt64 COMMENT 'That have InputTokens' CODEC(T64, ZSTD(1)),
    `OutputTokens` UInt64 CODEC(T64, ZSTD(1)),
    `OutputKnown` UInt64 COMMENT 'That have OutputTokens' CODEC(T64, ZSTD(1)),
    `CacheReadTokens` UInt64 CODEC(T64, ZSTD(1)),
    `CacheWriteTokens` UInt64 CODEC(T64, ZSTD(1)),
    `DurationNs` Float64 CODEC(ZSTD(1)),
    `WrittenTokens` UInt64 COMMENT 'OutputTokens of those that did not fail' CODEC(T64, ZSTD(1)),
    `WritingNs` Float64 COMMENT 'The time that these took' CODEC(ZSTD(1)),
    `Outputs` UInt64 COMMENT 'Whose answer is known' CODEC(T64, ZSTD(1)),
    `Empties` UInt64 COMMENT 'Of these, without text or tool call' CODEC(T64, ZSTD(1)),
    `Refusals` UInt64 COMMENT 'Of Outputs, that refuse' CODEC(T64, ZSTD(1)),
    `OutputChars` UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)),
    `JsonExpected` UInt64 COMMENT 'Of Outputs, that are to be JSON' CODEC(T64, ZSTD(1)),
    `JsonInvalid` UInt64 COMMENT 'Of these, that are not' CODEC(T64, ZSTD(1)),
    `Fenced` UInt64 COMMENT 'Of Outputs, with a code fence' CODEC(T64, ZSTD(1)),
    `Apologies` UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)),
    `Questions` UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)),
    `RepeatedShare` Float64 COMMENT 'Of Outputs, the sum' CODEC(ZSTD(1)),
    `ToolCalls` UInt64 COMMENT 'In answers' CODEC(T64, ZSTD(1)),
    `InvalidToolCalls` UInt64 COMMENT 'Of these' CODEC(T64, ZSTD(1)),
    `PiiHits` UInt64 CODEC(T64, ZSTD(1)),
    `SecretHits` UInt64 CODEC(T64, ZSTD(1)),
    `Guarded` UInt64 COMMENT 'On which a guardrail spoke' CODEC(T64, ZSTD(1)),
    `GuardrailTrips` UInt64 COMMENT 'Of these, not pass' CODEC(T64, ZSTD(1)),
    `CacheSavedUsd` Float64 COMMENT 'Of those that have one' CODEC(ZSTD(1)),
    `CacheMissedUsd` Float64 COMMENT 'Likewise' CODEC(ZSTD(1)),
    `CacheKnown` UInt64 COMMENT 'Of whose cache the price is known' CODEC(T64, ZSTD(1)),
    `Finished` UInt64 COMMENT 'That say why they ended' CODEC(T64, ZSTD(1)),
    `Truncated` UInt64 COMMENT 'Of these, at the token limit' CODEC(T64, ZSTD(1)),
    `LatencyMs` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    `FirstTokenMs` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    `LatencyBuckets` Map(Int16, UInt64) COMMENT 'Spans by size of their duration: the bucket n begins at 2^(n/4) ms' CODEC(ZSTD(1)),
    `FirstTokenBuckets` Map(Int16, UInt64) COMMENT 'Likewise' CODEC(ZSTD(1)),
    `Traces` AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1)),
    `Users` AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1)),
    `Sessions` AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (Project, Hour, BuiltAt, Kind)
TTL toDate(Hour) + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE TABLE watchkeeper.rollup_hours
(
    `Project` LowCardinality(String),
    `Hour` DateTime('UTC'),
    `BuiltAt` DateTime64(6, 'UTC') COMMENT 'Of the rows that count',
    `Spans` UInt64 COMMENT 'Of the hour, as it was then',
    `Fingerprint` UInt64 COMMENT 'Of their times, costs and changes: an hour with another one is built again'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (Project, Hour, BuiltAt)
TTL toDate(Hour) + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE TABLE watchkeeper.rollup_marks
(
    `Project` LowCardinality(String),
    `Hour` DateTime('UTC'),
    `MarkedAt` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (Project, Hour)
TTL toDateTime(MarkedAt) + toIntervalDay(3)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE TABLE watchkeeper.schema_changeables
(
    `Name` String,
    `Checksum` String,
    `ChangedAt` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY Name
SETTINGS index_granularity = 8192;

CREATE TABLE watchkeeper.schema_migrations
(
    `Number` UInt32,
    `Name` String,
    `Checksum` String,
    `AppliedAt` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY Number
SETTINGS index_granularity = 8192;

CREATE TABLE watchkeeper.scores
(
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date,
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Id` String CODEC(ZSTD(1)),
    `Name` LowCardinality(String),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `SessionId` String CODEC(ZSTD(1)),
    `UserId` String CODEC(ZSTD(1)),
    `DataType` LowCardinality(String) COMMENT 'numeric, boolean or categorical',
    `Value` Nullable(Float64) COMMENT 'Of boolean ones 1 and 0; of categorical ones only where the sender gave one' CODEC(ZSTD(1)),
    `Label` LowCardinality(String),
    `Source` LowCardinality(String) COMMENT 'Who judged: feedback, review, evaluator, or what the sender says',
    `Comment` String CODEC(ZSTD(3)),
    `Metadata` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ReceivedAt` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_session SessionId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, toMonday(EventDay))
ORDER BY (Project, Name, Timestamp)
TTL EventDay + toIntervalDay(400)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.scores_of_logs TO watchkeeper.scores
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `Id` String,
    `Name` String,
    `TraceId` String,
    `SpanId` String,
    `SessionId` String,
    `UserId` String,
    `DataType` String,
    `Value` Nullable(Float64),
    `Label` String,
    `Source` String,
    `Comment` String,
    `Metadata` Map(String, String),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String)
)
AS SELECT
    Project,
    RetentionClass,
    EventDay,
    Timestamp,
    if(given_id != '', given_id, lower(hex(sipHash128(Timestamp, TraceId, SpanId, SessionId, UserId, Name, Label, ifNull(toString(Value), ''), Comment)))) AS Id,
    LogAttributes['gen_ai.evaluation.name'] AS Name,
    TraceId,
    SpanId,
    coalesce(nullIf(LogAttributes['session.id'], ''), nullIf(LogAttributes['gen_ai.conversation.id'], ''), LogAttributes['langfuse.session.id']) AS SessionId,
    LogAttributes['user.id'] AS UserId,
    multiIf(((LogAttributes['watchkeeper.score.type']) IN ('numeric', 'boolean', 'categorical')), LogAttributes['watchkeeper.score.type'], (given_value IN ('true', 'false')), 'boolean', Value IS NULL, 'categorical', 'numeric') AS DataType,
    multiIf(given_value = 'true', 1, given_value = 'false', 0, isFinite(ifNull(toFloat64OrNull(given_value), nan)), toFloat64OrNull(given_value), NULL) AS Value,
    LogAttributes['gen_ai.evaluation.score.label'] AS Label,
    LogAttributes['watchkeeper.score.source'] AS Source,
    LogAttributes['gen_ai.evaluation.explanation'] AS Comment,
    mapApply((k, v) -> (substring(k, 28), v), mapFilter((k, v) -> startsWith(k, 'watchkeeper.score.metadata.'), LogAttributes)) AS Metadata,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM
(
    SELECT
        *,
        LogAttributes['watchkeeper.score.id'] AS given_id,
        LogAttributes['gen_ai.evaluation.score.value'] AS given_value
    FROM watchkeeper.otel_logs
    WHERE IsScore
);

CREATE TABLE watchkeeper.span_content
(
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date,
    `ContentGroup` String COMMENT 'The own session of the span, else its trace; never updated',
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(3)),
    `SpanId` String CODEC(ZSTD(3)),
    `ReceivedAt` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `Source` LowCardinality(String) COMMENT 'span or log: where the content came from',
    `Format` LowCardinality(String) COMMENT 'Which family of attributes Content holds',
    `Content` Map(LowCardinality(String), String) COMMENT 'Attributes as they came, and decoded: InputText, OutputText. Side by side the two compress to the size of one' CODEC(ZSTD(3)),
    `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(3)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(3)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(3)),
    `InputText` String ALIAS Content['InputText'] COMMENT 'The newest user message, decoded',
    `OutputText` String ALIAS Content['OutputText'] COMMENT 'The answer, decoded',
    `Words` String ALIAS concat(InputText, ' ¶ ', OutputText) COMMENT 'What words are looked for in: one index for both sides is a third smaller than two',
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX words lower(concat(Content.key_InputText, ' ¶ ', Content.key_OutputText)) TYPE text(tokenizer = splitByNonAlpha) GRANULARITY 100000000
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, ContentGroup, TraceId, Timestamp)
TTL EventDay + toIntervalDay(30)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, min_compress_block_size = 1048576, max_compress_block_size = 4194304, index_granularity = 1024, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.span_content_of_logs TO watchkeeper.span_content
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ContentGroup` String,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `Source` String,
    `Format` String,
    `Content` Map(String, String)
)
AS SELECT
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
    mapConcat(Content, mapFilter((k, v) -> (v != ''), map('InputText', InputText, 'OutputText', OutputText))) AS Content
FROM watchkeeper.heard_records
WHERE HoldsContent;

CREATE TABLE watchkeeper.spans
(
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date,
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `ParentSpanId` String CODEC(ZSTD(1)),
    `TraceState` String CODEC(ZSTD(1)),
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `SpanAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `Duration` UInt64 CODEC(T64, ZSTD(1)),
    `StatusCode` LowCardinality(String),
    `StatusMessage` String CODEC(ZSTD(3)),
    `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(3)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(3)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(3)),
    `Links.TraceId` Array(String) CODEC(ZSTD(3)),
    `Links.SpanId` Array(String) CODEC(ZSTD(3)),
    `Links.TraceState` Array(String) CODEC(ZSTD(3)),
    `Links.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(3)),
    `ReceivedAt` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `Convention` LowCardinality(String),
    `Kind` LowCardinality(String),
    `Operation` LowCardinality(String),
    `Provider` LowCardinality(String),
    `RequestModel` LowCardinality(String),
    `ResponseModel` LowCardinality(String),
    `ResponseId` String CODEC(ZSTD(1)),
    `ServiceTier` LowCardinality(String),
    `SystemFingerprint` LowCardinality(String),
    `InputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheReadTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CacheWriteTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `OutputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `ReasoningTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `UsageDetails` Map(LowCardinality(String), UInt64) CODEC(ZSTD(1)),
    `TokensBasis` LowCardinality(String),
    `RollupInputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `RollupOutputTokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `CostUsd` Nullable(Float64) CODEC(ZSTD(1)),
    `CostSource` LowCardinality(String),
    `PriceVersion` LowCardinality(String),
    `ReportedCostUsd` Nullable(Float64) CODEC(ZSTD(1)),
    `CacheSavedUsd` Nullable(Float64) COMMENT 'What the call would have cost more without a cache' CODEC(ZSTD(1)),
    `CacheMissedUsd` Nullable(Float64) COMMENT 'What it would have cost less with all of its input from the cache' CODEC(ZSTD(1)),
    `TimeToFirstTokenMs` Nullable(Float64) CODEC(ZSTD(1)),
    `IsStreaming` Bool,
    `FinishReason` LowCardinality(String),
    `IsError` Bool,
    `ErrorType` LowCardinality(String),
    `ErrorStatus` UInt16 CODEC(T64, ZSTD(1)),
    `ErrorMessage` String CODEC(ZSTD(3)),
    `UserId` String CODEC(ZSTD(1)),
    `SessionId` String CODEC(ZSTD(1)),
    `AgentName` LowCardinality(String),
    `WorkflowName` LowCardinality(String),
    `ToolName` LowCardinality(String),
    `ToolArgsHash` UInt64 CODEC(ZSTD(1)),
    `PiiHits` UInt16 COMMENT 'Personal data that redaction found' CODEC(T64, ZSTD(1)),
    `SecretHits` UInt16 COMMENT 'Secrets that redaction found' CODEC(T64, ZSTD(1)),
    `GuardrailResult` LowCardinality(String) COMMENT 'pass, warn, modify or block; empty: no guardrail spoke',
    `PromptName` LowCardinality(String),
    `PromptVersion` LowCardinality(String),
    `Release` LowCardinality(String),
    `Environment` LowCardinality(String),
    `Feature` LowCardinality(String),
    `Inherited` UInt8 DEFAULT 0 COMMENT 'Bits of what came from another span of the trace: 1 user, 2 session, 4 prompt, 8 release, 16 environment, 32 feature',
    `FromLogs` UInt16 DEFAULT 0 COMMENT 'Bits of what came on log records: 1 user, 2 session, 4 prompt, 8 answer, 16 finish reason, 32 tokens, 64 provider, 128 request model, 256 response model, 512 response id',
    `IsDuplicate` Bool DEFAULT false,
    `DuplicateOf` String DEFAULT '' CODEC(ZSTD(1)),
    `SettledAt` DateTime64(3) DEFAULT 0 CODEC(ZSTD(1)),
    `InputChars` UInt32 CODEC(T64, ZSTD(1)),
    `OutputChars` UInt32 CODEC(T64, ZSTD(1)),
    `OutputWords` UInt32 CODEC(T64, ZSTD(1)),
    `ContentCutChars` UInt32 CODEC(T64, ZSTD(1)),
    `InputHash` UInt64 CODEC(ZSTD(1)),
    `OutputHash` UInt64 CODEC(ZSTD(1)),
    `OutputShingles` Array(UInt32) COMMENT 'The eight smallest hashes of three words in a row, sorted' CODEC(ZSTD(1)),
    `HasContent` Bool COMMENT 'A row of span_content is of this span, until content expires',
    `ContentKept` LowCardinality(String) COMMENT 'Why the sender kept the content: empty, all and sampled are no choice by content',
    `HasOutput` Bool,
    `IsTruncated` Bool,
    `IsEmpty` Bool,
    `IsJson` Bool,
    `IsJsonExpected` Bool COMMENT 'JSON was asked for, or the answer begins as JSON does',
    `HasCodeFence` Bool,
    `ListItemCount` UInt16 CODEC(T64, ZSTD(1)),
    `HeadingCount` UInt16 CODEC(T64, ZSTD(1)),
    `IsRefusal` Bool,
    `RefusalCue` LowCardinality(String) COMMENT 'By which words; empty: no refusal',
    `IsApology` Bool,
    `IsQuestion` Bool COMMENT 'The answer ends in a question',
    `OutputScript` LowCardinality(String) COMMENT 'That most letters are of, by its ISO 15924 code',
    `OutputScriptShare` Float32 COMMENT 'Part of the letters that are of it' CODEC(ZSTD(1)),
    `RepeatedShare` Float32 COMMENT 'Part of the runs of three words that were there before' CODEC(ZSTD(1)),
    `ToolCallCount` UInt16 CODEC(T64, ZSTD(1)),
    `InvalidToolCallCount` UInt16 COMMENT 'Calls whose arguments are no JSON object' CODEC(T64, ZSTD(1)),
    `ErrorPattern` LowCardinality(String) MATERIALIZED if(NOT IsError, '', trimBoth(substringUTF8(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(if(match(substringUTF8(ErrorMessage, 1, 2000), '[\'"]message[\'"]: ?[\'"]'), trimBoth(extract(substringUTF8(ErrorMessage, 1, 2000), '[\'"]message[\'"]: ?(\'[^\']*\'?|"(?:[^"\\\\]|\\\\.)*"?)'), '"\''), substringUTF8(ErrorMessage, 1, 2000)), '[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s"\'<>)]+', '<url>'), '"(?:[^"\\\\]|\\\\.)*"|`[^`]*`|(^|[^\\pL\\pN])\'[^\']*\'', '\\1<value>'), '\\b\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?)?', '<time>'), '(^|[\\s(=:,])(?:\\d+(?:\\.\\d+)?(?:ns|us|µs|ms|s|m|h|d))+\\b', '\\1<n>'), '\\b(?:[\\w.@+-]*\\pL[\\w.@+-]*\\d[\\w.@+-]*|[\\w.@+-]*\\d[\\w.@+-]*\\pL[\\w.@+-]*[\\w@+-]|[\\w.+-]+@[\\w.-]+)', '<id>'), '[+-]?\\b\\d+(?:[.,:/]\\d+)*%?', '<n>'), '\\s+', ' '), 1, 200))),
    INDEX by_span SpanId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_response ResponseId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_session SessionId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user UserId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4,
    INDEX by_receipt ReceivedAt TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, toStartOfMinute(Timestamp), cityHash64(TraceId))
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, enable_block_number_column = 1, enable_block_offset_column = 1, index_granularity = 8192, map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'basic', map_buckets_strategy = 'linear', map_buckets_coefficient = 0.5, map_buckets_min_avg_size = 0, materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.spans_of_normalised TO watchkeeper.spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String),
    `SpanAttributes` Map(LowCardinality(String), String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(LowCardinality(String)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `Convention` LowCardinality(String),
    `Kind` LowCardinality(String),
    `Operation` LowCardinality(String),
    `Provider` LowCardinality(String),
    `RequestModel` LowCardinality(String),
    `ResponseModel` LowCardinality(String),
    `ResponseId` String,
    `ServiceTier` LowCardinality(String),
    `SystemFingerprint` LowCardinality(String),
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `UsageDetails` Map(LowCardinality(String), UInt64),
    `TokensBasis` LowCardinality(String),
    `RollupInputTokens` Nullable(UInt64),
    `RollupOutputTokens` Nullable(UInt64),
    `CostUsd` Nullable(Float64),
    `CostSource` LowCardinality(String),
    `PriceVersion` LowCardinality(String),
    `ReportedCostUsd` Nullable(Float64),
    `CacheSavedUsd` Nullable(Float64),
    `CacheMissedUsd` Nullable(Float64),
    `TimeToFirstTokenMs` Nullable(Float64),
    `IsStreaming` Bool,
    `FinishReason` LowCardinality(String),
    `IsError` Bool,
    `ErrorType` LowCardinality(String),
    `ErrorStatus` UInt16,
    `ErrorMessage` String,
    `UserId` String,
    `SessionId` String,
    `AgentName` LowCardinality(String),
    `WorkflowName` LowCardinality(String),
    `ToolName` LowCardinality(String),
    `ToolArgsHash` UInt64,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `GuardrailResult` LowCardinality(String),
    `PromptName` LowCardinality(String),
    `PromptVersion` LowCardinality(String),
    `Release` LowCardinality(String),
    `Environment` LowCardinality(String),
    `Feature` LowCardinality(String),
    `Inherited` UInt8,
    `FromLogs` UInt16,
    `IsDuplicate` Bool,
    `DuplicateOf` String,
    `SettledAt` DateTime64(3),
    `InputChars` UInt32,
    `OutputChars` UInt32,
    `OutputWords` UInt32,
    `ContentCutChars` UInt32,
    `InputHash` UInt64,
    `OutputHash` UInt64,
    `OutputShingles` Array(UInt32),
    `HasContent` UInt8,
    `ContentKept` LowCardinality(String),
    `HasOutput` Bool,
    `IsTruncated` Bool,
    `IsEmpty` Bool,
    `IsJson` Bool,
    `IsJsonExpected` Bool,
    `HasCodeFence` Bool,
    `ListItemCount` UInt16,
    `HeadingCount` UInt16,
    `IsRefusal` Bool,
    `RefusalCue` LowCardinality(String),
    `IsApology` Bool,
    `IsQuestion` Bool,
    `OutputScript` LowCardinality(String),
    `OutputScriptShare` Float32,
    `RepeatedShare` Float32,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16
)
AS SELECT * EXCEPT (ContentGroup, Format, Content, `ContentEvents.Timestamp`, `ContentEvents.Name`, `ContentEvents.Attributes`, InputText, OutputText) REPLACE (notEmpty(Content) OR notEmpty(ContentEvents.Name) AS HasContent)
FROM watchkeeper.normalised_spans
WHERE SegmentId != 'trial';

CREATE MATERIALIZED VIEW watchkeeper.spans_of_otlp TO watchkeeper.otel_traces
(
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` String,
    `SpanKind` String,
    `ServiceName` String,
    `ResourceAttributes` Map(String, String),
    `ScopeName` String,
    `ScopeVersion` String,
    `SpanAttributes` Map(String, String),
    `Duration` Int64,
    `StatusCode` String,
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(String),
    `Events.Attributes` Array(Map(String, String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(String, String)),
    `Project` String,
    `RetentionClass` String,
    `ScopeAttributes` Map(String, String),
    `ReceivedAt` DateTime64(9),
    `SegmentId` String,
    `ApiKeyId` String
)
AS SELECT
    fromUnixTimestamp64Nano(toInt64(least(span.start_time_unix_nano, 9223372036854775807))) AS Timestamp,
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
    mapFromArrays(span.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), span.attributes.value)) AS SpanAttributes,
    if(span.end_time_unix_nano > span.start_time_unix_nano, span.end_time_unix_nano - span.start_time_unix_nano, 0) AS Duration,
    arrayElement(['Unset', 'Ok', 'Error'], if(span.status.code > 2, 0, span.status.code) + 1) AS StatusCode,
    span.status.message AS StatusMessage,
    arrayMap(t -> fromUnixTimestamp64Nano(toInt64(least(t, 9223372036854775807))), span.events.time_unix_nano) AS `Events.Timestamp`,
    span.events.name AS `Events.Name`,
    arrayMap(a -> mapFromArrays(a.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), a.value)), span.events.attributes) AS `Events.Attributes`,
    arrayMap(i -> lower(hex(i)), span.links.trace_id) AS `Links.TraceId`,
    arrayMap(i -> lower(hex(i)), span.links.span_id) AS `Links.SpanId`,
    span.links.trace_state AS `Links.TraceState`,
    arrayMap(a -> mapFromArrays(a.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), a.value)), span.links.attributes) AS `Links.Attributes`,
    project AS Project,
    'standard' AS RetentionClass,
    ScopeAttributes,
    fromUnixTimestamp64Nano(toInt64(least(received_ns, 9223372036854775807))) AS ReceivedAt,
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
        mapFromArrays(group.scope.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), group.scope.attributes.value)) AS ScopeAttributes,
        group.spans AS spans
    FROM
    (
        SELECT
            project,
            received_ns,
            segment_id,
            api_key_id,
            mapFromArrays(resource.resource.attributes.key, arrayMap(v -> assumeNotNull(multiIf(v.string_value IS NOT NULL, v.string_value, v.int_value IS NOT NULL, toString(v.int_value), v.double_value IS NOT NULL, toString(v.double_value), v.bool_value IS NOT NULL, toString(v.bool_value), multiIf(notEmpty(v.array_value.`values`), concat('[', arrayStringConcat(arrayMap(i -> multiIf(i.string_value IS NOT NULL, toJSONString(i.string_value), i.int_value IS NOT NULL, toString(i.int_value), i.double_value IS NOT NULL, toJSONString(i.double_value), i.bool_value IS NOT NULL, toString(i.bool_value), 'null'), v.array_value.`values`), ','), ']'), ifNull(base64Encode(v.bytes_value), '')))), resource.resource.attributes.value)) AS ResourceAttributes,
            resource.scope_spans AS groups
        FROM watchkeeper.otlp_traces
        ARRAY JOIN request.resource_spans AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN spans AS span;

CREATE MATERIALIZED VIEW watchkeeper.telling_of_foreign_logs TO watchkeeper.telling_records
(
    `Timestamp` DateTime64(9),
    `TimestampTime` DateTime,
    `TraceId` String,
    `SpanId` String,
    `TraceFlags` UInt8,
    `SeverityText` LowCardinality(String),
    `SeverityNumber` UInt8,
    `ServiceName` LowCardinality(String),
    `Body` String,
    `ResourceSchemaUrl` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String),
    `LogAttributes` Map(LowCardinality(String), String),
    `EventName` LowCardinality(String),
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool,
    `HasContent` Bool,
    `CompletesSpan` Bool
)
AS SELECT *
FROM watchkeeper.otel_logs
WHERE HoldsContent OR (CompletesSpan AND (SegmentId = ''));

CREATE MATERIALIZED VIEW watchkeeper.telling_of_records TO watchkeeper.telling_records
(
    `Timestamp` DateTime64(9),
    `TimestampTime` DateTime,
    `TraceId` String,
    `SpanId` String,
    `TraceFlags` UInt8,
    `SeverityText` LowCardinality(String),
    `SeverityNumber` UInt8,
    `ServiceName` LowCardinality(String),
    `Body` String,
    `ResourceSchemaUrl` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String),
    `LogAttributes` Map(LowCardinality(String), String),
    `EventName` LowCardinality(String),
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool,
    `HasContent` Bool,
    `CompletesSpan` Bool
)
AS SELECT *
FROM watchkeeper.log_records
WHERE HoldsContent OR CompletesSpan;

CREATE TABLE watchkeeper.telling_records
(
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TimestampTime` DateTime DEFAULT toDateTime(Timestamp) CODEC(Delta(4), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `TraceFlags` UInt8 CODEC(ZSTD(1)),
    `SeverityText` LowCardinality(String) CODEC(ZSTD(1)),
    `SeverityNumber` UInt8 CODEC(ZSTD(1)),
    `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
    `Body` String CODEC(ZSTD(3)),
    `ResourceSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `ScopeSchemaUrl` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String) CODEC(ZSTD(1)),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    `EventName` LowCardinality(String) CODEC(ZSTD(1)),
    `Project` LowCardinality(String) DEFAULT 'default',
    `RetentionClass` LowCardinality(String) DEFAULT 'standard',
    `EventDay` Date DEFAULT (toDate(if((Timestamp >= (ReceivedAt - toIntervalDay(90))) AND (Timestamp <= (ReceivedAt + toIntervalDay(2))), Timestamp, ReceivedAt), 'UTC')),
    `ReceivedAt` DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `HoldsContent` Bool DEFAULT ((startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.') AS is_event) AND (Body != '')) OR arrayExists(k -> ((is_event OR startsWith(k, 'gen_ai.')) AND ((k IN ('gen_ai.input.messages', 'ai.prompt.messages', 'langfuse.observation.input', 'mlflow.spanInputs', 'gen_ai.prompt', 'gcp.vertex.agent.llm_request', 'request_data', 'pydantic_ai.all_messages', 'all_messages_events', 'events', 'ai.prompt', 'input.value', 'traceloop.entity.input', 'lmnr.span.input', 'lk.user_input', 'lk.chat_ctx', 'haystack.component.input', 'llm.messages', 'agent.messages', 'langfuse.trace.input', 'inputs', 'ai.values', 'ai.value', 'embedding.text', 'lk.input_text', 'lk.user_transcript', 'gen_ai.task.input', 'user_prompt', 'new_context', 'input', 'gen_ai.output.messages', 'ai.response.text', 'ai.response.object', 'langfuse.observation.output', 'mlflow.spanOutputs', 'gen_ai.completion', 'gcp.vertex.agent.llm_response', 'response_data', 'final_result', 'output.value', 'traceloop.entity.output', 'lmnr.span.output', 'lk.response.text', 'haystack.component.output', 'langfuse.trace.output', 'ai.result.text', 'ai.result.object', 'gen_ai.task.output', 'response.model_output', 'output', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents', 'gen_ai.memory.query.text', 'gen_ai.memory.records', 'ai.prompt.tools', 'ai.response.toolCalls', 'ai.response.reasoning', 'ai.toolCall.args', 'ai.toolCall.input', 'ai.toolCall.result', 'ai.toolCall.output', 'tool_arguments', 'tool_response', 'tool.parameters', 'gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data', 'mlflow.chat.tools', 'mlflow.chat.messages', 'model_request_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables', 'traceloop.prompt.template', 'traceloop.prompt.template_variables', 'tool.arguments', 'tools', 'ai.result.toolCalls', 'lk.instructions', 'lk.function_tools', 'lk.response.function_calls', 'lk.function_tool.arguments', 'lk.function_tool.output', 'user_system_prompt', 'tool_input', 'tool_output', 'gen_ai.tool.args', 'instructions', 'langfuse.observation.metadata.instructions', 'crew_agents', 'crew_tasks')) OR startsWith(k, 'llm.input_messages.') OR startsWith(k, 'llm.output_messages.') OR startsWith(k, 'llm.prompts.') OR startsWith(k, 'llm.choices.') OR startsWith(k, 'llm.tools.') OR startsWith(k, 'gen_ai.prompt.variable.') OR startsWith(k, 'retrieval.documents.') OR startsWith(k, 'reranker.') OR startsWith(k, 'embedding.embeddings.') OR startsWith(k, 'llm.request.functions.') OR startsWith(k, 'message.tool_calls.') OR match(k, '^(gen_ai\\.prompt\\.|gen_ai\\.completion\\.)[0-9]+[.]'))), mapKeys(LogAttributes)) COMMENT 'Prompts or answers are in this row: it is kept as long as content, and shown to those who may read content',
    `HasContent` Bool DEFAULT HoldsContent COMMENT 'A row of span_content is of this record, until content expires',
    `CompletesSpan` Bool DEFAULT ((TraceId != '') AND (SpanId != '') AND ((if(EventName = '', LogAttributes['event.name'], EventName)) != 'gen_ai.evaluation.result') AND (HoldsContent OR (startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'gen_ai.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'mlflow.chunk.') OR startsWith((if(EventName = '', LogAttributes['event.name'], EventName)), 'llm.content.')))) COMMENT 'A row of log_features is of this record, until content expires'
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.told_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `SpanAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(String),
    `Events.Attributes` Array(Map(String, String)),
    `ContentEvents.Timestamp` Array(DateTime64(9)),
    `ContentEvents.Name` Array(String),
    `ContentEvents.Attributes` Array(Map(String, String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `own_user` String,
    `own_session` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `Convention` String,
    `Kind` String,
    `Operation` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `total_input` Nullable(UInt64),
    `total_output` Nullable(UInt64),
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `UsageDetails` Map(String, UInt64),
    `TokensBasis` String,
    `RollupInputTokens` Nullable(UInt64),
    `RollupOutputTokens` Nullable(UInt64),
    `ReportedCostUsd` Nullable(Float64),
    `TimeToFirstTokenMs` Nullable(Float64),
    `IsStreaming` UInt8,
    `FinishReason` String,
    `IsError` UInt8,
    `ErrorType` String,
    `ErrorStatus` UInt16,
    `ErrorMessage` String,
    `ContentGroup` String,
    `AgentName` String,
    `WorkflowName` String,
    `ToolName` String,
    `ToolArgsHash` UInt64,
    `ContentCutChars` UInt32,
    `Format` String,
    `newest_input` String,
    `joined_output` String,
    `InputText` String,
    `OutputText` String,
    `document_hash` UInt64,
    `HasOutput` UInt8,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `ContentKept` String,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `GuardrailResult` String,
    `is_json_asked` UInt8,
    `declines` UInt8
)
ENGINE = `Null`;

CREATE MATERIALIZED VIEW watchkeeper.told_spans_of_known TO watchkeeper.told_spans
(
    `Project` LowCardinality(String),
    `RetentionClass` LowCardinality(String),
    `EventDay` Date,
    `Timestamp` DateTime64(9),
    `TraceId` String,
    `SpanId` String,
    `ParentSpanId` String,
    `TraceState` String,
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String),
    `ScopeName` String,
    `ScopeVersion` String,
    `ScopeAttributes` Map(LowCardinality(String), String),
    `SpanAttributes` Map(String, String),
    `Content` Map(String, String),
    `Duration` UInt64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String,
    `Events.Timestamp` Array(DateTime64(9)),
    `Events.Name` Array(String),
    `Events.Attributes` Array(Map(String, String)),
    `ContentEvents.Timestamp` Array(DateTime64(9)),
    `ContentEvents.Name` Array(String),
    `ContentEvents.Attributes` Array(Map(String, String)),
    `Links.TraceId` Array(String),
    `Links.SpanId` Array(String),
    `Links.TraceState` Array(String),
    `Links.Attributes` Array(Map(LowCardinality(String), String)),
    `ReceivedAt` DateTime64(9),
    `SegmentId` LowCardinality(String),
    `ApiKeyId` LowCardinality(String),
    `own_user` String,
    `own_session` String,
    `own_prompt` String,
    `own_prompt_version` String,
    `own_release` String,
    `own_environment` String,
    `own_feature` String,
    `Convention` String,
    `Kind` String,
    `Operation` String,
    `Provider` String,
    `RequestModel` String,
    `ResponseModel` String,
    `ResponseId` String,
    `ServiceTier` String,
    `SystemFingerprint` String,
    `total_input` Nullable(UInt64),
    `total_output` Nullable(UInt64),
    `InputTokens` Nullable(UInt64),
    `CacheReadTokens` Nullable(UInt64),
    `CacheWriteTokens` Nullable(UInt64),
    `OutputTokens` Nullable(UInt64),
    `ReasoningTokens` Nullable(UInt64),
    `UsageDetails` Map(String, UInt64),
    `TokensBasis` String,
    `RollupInputTokens` Nullable(UInt64),
    `RollupOutputTokens` Nullable(UInt64),
    `ReportedCostUsd` Nullable(Float64),
    `TimeToFirstTokenMs` Nullable(Float64),
    `IsStreaming` UInt8,
    `FinishReason` String,
    `IsError` UInt8,
    `ErrorType` String,
    `ErrorStatus` UInt16,
    `ErrorMessage` String,
    `ContentGroup` String,
    `AgentName` String,
    `WorkflowName` String,
    `ToolName` String,
    `ToolArgsHash` UInt64,
    `ContentCutChars` UInt32,
    `Format` String,
    `newest_input` String,
    `joined_output` String,
    `InputText` String,
    `OutputText` String,
    `document_hash` UInt64,
    `HasOutput` UInt8,
    `ToolCallCount` UInt16,
    `InvalidToolCallCount` UInt16,
    `ContentKept` String,
    `PiiHits` UInt16,
    `SecretHits` UInt16,
    `GuardrailResult` String,
    `is_json_asked` UInt8,
    `declines` UInt8
)
AS WITH
    listed AS
    (
        SELECT
            * EXCEPT '^(input|output)_envelope$',
            Kind IN ('llm', 'embedding', 'reranker') AS is_model_call,
            transform(lower(Kind), ['llm', 'embedding', 'tool', 'agent', 'workflow', 'retriever', 'reranker', 'guardrail'], ['chat', 'embeddings', 'execute_tool', 'invoke_agent', 'invoke_workflow', 'retrieval', 'rerank', 'apply_guardrail'], '') AS operation_by_kind,
            ifNull(cache_read, 0) + ifNull(cache_write, 0) AS cached,
            arrayMap(m -> JSONExtract(m, 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), arrayFilter(m -> startsWith(m, '{'), arrayFlatten(arrayMap(m -> if(startsWith(m, '['), JSONExtract(m, 'Array(String)'), [m]), arrayConcat(input_envelope.messages, input_envelope.input, input_envelope.contents, input_envelope.output, input_envelope.choices.message, input_envelope.candidates.content, [input_envelope.message], input_envelope.requests.content, tupleElement(arrayFlatten(input_envelope.generations), 'message'), [if(startsWith(input_document, '{'), input_document, '')]))))) AS input_messages,
            arrayMap(m -> JSONExtract(m, 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), arrayFilter(m -> startsWith(m, '{'), arrayFlatten(arrayMap(m -> if(startsWith(m, '['), JSONExtract(m, 'Array(String)'), [m]), arrayConcat(output_envelope.messages, output_envelope.input, output_envelope.contents, output_envelope.output, output_envelope.choices.message, output_envelope.candidates.content, [output_envelope.message], output_envelope.requests.content, tupleElement(arrayFlatten(output_envelope.generations), 'message'), [if(startsWith(output_document, '{'), output_document, '')]))))) AS output_messages,
            arrayStringConcat(arrayFilter(t -> (t != ''), arrayConcat(output_envelope.choices.text, tupleElement(arrayFlatten(output_envelope.generations), 'text'))), '\n') AS other_output,
            arrayFirst(r -> (r != ''), arrayConcat(output_envelope.choices.finish_reason, output_envelope.candidates.finish_reason, output_envelope.candidates.finishReason, tupleElement(tupleElement(arrayFlatten(output_envelope.generations), 'generation_info'), 'finish_reason'), output_envelope.raw.choices.finish_reason)) AS envelope_finish_reason,
            tupleElement(tupleElement(arrayFlatten(output_envelope.generations), 'generation_info'), 'model_name')[1] AS envelope_model
        FROM watchkeeper.known_spans
    ),
    heard AS
    (
        SELECT
            * EXCEPT '^(input|output)_messages$',
            arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), input_messages) AS input_roles,
            arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), input_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), input_messages)) AS input_texts,
            arrayMap(m -> lower(multiIf(m.role != '', m.role, m.kwargs.type != '', m.kwargs.type, m.type)), output_messages) AS output_roles,
            arrayMap((m, c) -> (arrayMap(p -> if(empty(p), if(match(c, '^(\\[\\s*[{]|{\\s*"(parts|role)")'), '', c), arrayStringConcat(arrayFilter(t -> (t != ''), arrayMap(p -> if((p.type IN ('', 'text', 'input_text', 'output_text', 'refusal')) AND (NOT p.thought), multiIf(p.content != '', p.content, p.text != '', p.text, p.refusal), ''), p)), '\n')), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(c, '['), c, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'), tupleElement(JSONExtract(if(match(c, '^{\\s*"(parts|role)"'), c, ''), 'Tuple(role String, type String, content String, text String, refusal String, parts Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), blocks Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String)), tool_calls Array(Tuple(id String, arguments String, function Tuple(arguments String))), arguments String, kwargs Tuple(content String, type String, tool_calls Array(Tuple(id String))), data Tuple(content String, type String, tool_calls Array(Tuple(id String))), finish_reason String)'), 'parts'))])[1]), output_messages, arrayMap(m -> multiIf(m.content != '', m.content, m.kwargs.content != '', m.kwargs.content, m.data.content != '', m.data.content, m.refusal != '', m.refusal, startsWith(m.text, '{'), '', m.text), output_messages)) AS output_texts,
            arrayMap(m -> (arrayMap(parts -> ((((length(m.tool_calls) + length(m.kwargs.tool_calls)) + length(m.data.tool_calls)) + arrayCount(p -> ((p.type IN ('tool_call', 'tool_use', 'tool-call', 'function_call')) OR (p.functionCall != '') OR (p.function_call != '') OR (p.toolUse != '')), parts)) + (m.type = 'function_call'), arrayCount(p -> ((p.type IN ('tool_call', 'tool_use', 'tool-call', 'function_call')) AND ((p.arguments != '') AND (NOT (match(p.arguments, '^\\s*\\{') AND isValidJSON(p.arguments))))), parts) + arrayCount(a -> ((a != '') AND (NOT (match(a, '^\\s*\\{') AND isValidJSON(a)))), arrayConcat(m.tool_calls.arguments, m.tool_calls.function.arguments, [m.arguments])), (m.refusal != '') OR arrayExists(p -> (p.type = 'refusal'), parts)), [arrayConcat(m.parts, m.blocks, JSONExtract(if(startsWith(m.content, '['), m.content, ''), 'Array(Tuple(type String, text String, content String, refusal String, thought Bool, functionCall String, function_call String, toolUse String, arguments String))'))])[1]), output_messages) AS acts,
            multiIf(finish_reason != '', finish_reason, envelope_finish_reason != '', envelope_finish_reason, arrayFirst(r -> (r != ''), output_messages.finish_reason)) AS any_finish_reason,
            multiIf(provider_by_value != '', provider_by_value, provider_by_start != '', provider_by_start, ((raw_provider != '') AND (raw_provider NOT IN ('langchain', 'langgraph', 'strands-agents', 'crewai', 'haystack', 'llamaindex', 'llama_index', 'traceloop', 'openai_agents', 'litellm', 'dspy', 'pydantic_ai', 'smolagents', 'autogen', 'agno', '_other', 'unknown', 'none', 'ai'))) OR (NOT is_model_call), raw_provider, provider_by_host != '', provider_by_host, provider_by_model) AS provider,
            transform(lower(splitByChar('/', request_model)[1]), ['openai', 'openai_chat', 'anthropic', 'claude', 'gcp.gemini', 'gemini', 'google', 'google.generative-ai', 'google_genai', 'google_generativeai', 'google-genai', 'google_ai_studio', 'gcp.gen_ai', 'googlegenai', 'google_gla', 'google-gla', 'gcp.vertex_ai', 'vertex_ai', 'vertexai', 'google.vertex', 'google-vertex', 'google_vertexai', 'gcp.vertex.agent', 'google_vertex', 'aws.bedrock', 'bedrock', 'aws', 'aws_bedrock', 'amazon-bedrock', 'amazon_bedrock', 'bedrock_converse', 'azure.ai.openai', 'azure', 'az.ai.openai', 'azure-openai', 'azure_openai', 'azure.ai.inference', 'az.ai.inference', 'azure_ai', 'mistral_ai', 'mistralai', 'mistral', 'x_ai', 'xai', 'x-ai', 'grok', 'moonshot_ai', 'moonshot', 'moonshotai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together_ai', 'togetherai', 'fireworks', 'fireworks_ai', 'ibm.watsonx.ai', 'watsonx', 'huggingface', 'hugging_face', 'huggingface_hub'], ['openai', 'openai', 'anthropic', 'anthropic', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.gemini', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'gcp.vertex_ai', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'aws.bedrock', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.openai', 'azure.ai.inference', 'azure.ai.inference', 'azure.ai.inference', 'mistral_ai', 'mistral_ai', 'mistral_ai', 'x_ai', 'x_ai', 'x_ai', 'x_ai', 'moonshot_ai', 'moonshot_ai', 'moonshot_ai', 'cohere', 'ollama', 'groq', 'deepseek', 'perplexity', 'openrouter', 'together', 'together', 'together', 'fireworks', 'fireworks', 'ibm.watsonx.ai', 'ibm.watsonx.ai', 'huggingface', 'huggingface', 'huggingface'], '') AS provider_of_model,
            (cached > 0) AND ifNull((input < cached) OR (total = ((input + cached) + ifNull(output, 0))) OR match(ScopeName, 'opentelemetry\\.instrumentation\\.genai\\.bedrock|opentelemetry\\.instrumentation\\.bedrock|openlit\\.instrumentation\\.anthropic') OR (match(langfuse_usage, '"(input_cache_read|cache_read_input_tokens|input_cached_tokens)"') AND match(langfuse_usage, '"input"')), false) AS is_exclusive_cache,
            (ifNull(reasoning, 0) > 0) AND ifNull(match(ScopeName, 'openlit\\.instrumentation\\.google|opentelemetry\\.instrumentation\\.google_generativeai|opentelemetry\\.instrumentation\\.vertexai') OR (total = ((input + output) + reasoning)) OR (position(langfuse_usage, '"output_reasoning"') > 0), false) AS is_exclusive_reasoning
        FROM listed
    )
SELECT
    Project,
    RetentionClass,
    (toDate(if((Timestamp >= (ReceivedAt - toIntervalDay(90))) AND (Timestamp <= (ReceivedAt + toIntervalDay(2))), Timestamp, ReceivedAt), 'UTC')) AS EventDay,
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
    arrayFilter((e, c) -> (NOT c), event_times, event_marks) AS `Events.Timestamp`,
    arrayFilter((e, c) -> (NOT c), event_names, event_marks) AS `Events.Name`,
    arrayFilter((e, c) -> (NOT c), event_attributes, event_marks) AS `Events.Attributes`,
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
    multiIf((operation_by_value != '') AND (kind_by_operation = Kind), operation_by_value, operation_by_kind != '', operation_by_kind, lower(x_operation)) AS Operation,
    provider AS Provider,
    if((provider_of_model != '') AND (provider_of_model = provider), substring(request_model, position(request_model, '/') + 1), request_model) AS RequestModel,
    multiIf(x_response_model != '', x_response_model, envelope_model != '', envelope_model, IsError, '', either_model != '', either_model, is_model_call, RequestModel, '') AS ResponseModel,
    ResponseId,
    ServiceTier,
    SystemFingerprint,
    if((input IS NOT NULL) AND is_exclusive_cache, input + cached, input) AS total_input,
    if((output IS NOT NULL) AND is_exclusive_reasoning, output + reasoning, output) AS total_output,
    if(is_model_call, total_input, NULL) AS InputTokens,
    if(is_model_call, cache_read, NULL) AS CacheReadTokens,
    if(is_model_call, cache_write, NULL) AS CacheWriteTokens,
    if(is_model_call, total_output, NULL) AS OutputTokens,
    if(is_model_call, reasoning, NULL) AS ReasoningTokens,
    UsageDetails,
    multiIf((NOT is_model_call) OR ((input IS NULL) AND (output IS NULL)), '', concat(multiIf(cached = 0, 'as reported', ifNull(input < cached, false), 'cache added: input below cache', is_exclusive_cache, 'cache added: by source', 'cache included'), if(is_exclusive_reasoning, ', reasoning added', ''))) AS TokensBasis,
    if(is_model_call, NULL, total_input) AS RollupInputTokens,
    if(is_model_call, NULL, total_output) AS RollupOutputTokens,
    if(is_model_call, nullIf(toFloat64OrNull(x_reported_cost_usd), 0), NULL) AS ReportedCostUsd,
    if(IsStreaming AND (first_token_ms >= 0), first_token_ms, NULL) AS TimeToFirstTokenMs,
    IsStreaming,
    transform(lower(any_finish_reason), ['stop', 'end_turn', 'stop_sequence', 'completed', 'eos', 'eos_token', 'complete', 'finish_reason_stop', 'finishreason.stop', 'length', 'max_tokens', 'max_output_tokens', 'model_length', 'finishreason.max_tokens', 'model_context_window_exceeded', 'incomplete', 'tool_call', 'tool_calls', 'tool-calls', 'tool_use', 'function_call', 'content_filter', 'content-filter', 'safety', 'refusal', 'recitation', 'blocklist', 'prohibited_content', 'spii', 'guardrail_intervened', 'content_filtered', 'finishreason.safety', 'error', 'failed', 'malformed_function_call'], ['stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'stop', 'length', 'length', 'length', 'length', 'length', 'length', 'length', 'tool_call', 'tool_call', 'tool_call', 'tool_call', 'tool_call', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'content_filter', 'error', 'error', 'error'], any_finish_reason) AS FinishReason,
    IsError,
    if(IsError, error_type, '') AS ErrorType,
    multiIf(NOT IsError, 0, (toUInt16OrZero(x_error_status) >= 400) AND (toUInt16OrZero(x_error_status) <= 599), toUInt16OrZero(x_error_status), match(error_type, '^[45][0-9][0-9]$'), toUInt16OrZero(error_type), status_in_message != '', toUInt16OrZero(status_in_message), status_of_class) AS ErrorStatus,
    if(IsError, error_message, '') AS ErrorMessage,
    if(own_session != '', own_session, TraceId) AS ContentGroup,
    AgentName,
    WorkflowName,
    if(Kind = 'tool', if(x_tool_name != '', x_tool_name, SpanName), '') AS ToolName,
    if((Kind = 'tool') AND (tool_arguments != ''), cityHash64(tool_arguments), 0) AS ToolArgsHash,
    ContentCutChars,
    Format,
    if(Kind = 'embedding', arrayFirst(t -> (t != ''), input_texts), if(arrayLast((t, r) -> ((t != '') AND (r IN ('user', 'human', 'humanmessage'))), input_texts, input_roles) != '', arrayLast((t, r) -> ((t != '') AND (r IN ('user', 'human', 'humanmessage'))), input_texts, input_roles), arrayLast((t, r) -> ((t != '') AND (r IN ('', 'message', 'text'))), input_texts, input_roles))) AS newest_input,
    arrayStringConcat(arrayFilter(t -> (t != ''), arrayFilter((t, r) -> (r NOT IN ('user', 'human', 'humanmessage', 'tool', 'toolmessage', 'system', 'developer', 'reasoning', 'function_call', 'function_call_output')), output_texts, output_roles)), '\n') AS joined_output,
    multiIf(flat_input != '', flat_input, NOT match(input_document, '^[\\[{]'), input_document, newest_input != '', newest_input, (input_scalar != '') OR isValidJSON(input_document), input_scalar, input_document) AS InputText,
    multiIf(has_flat_output, flat_output, response_text != '', response_text, NOT match(output_document, '^[\\[{]'), output_document, joined_output != '', joined_output, other_output != '', other_output, arraySum(acts.1) > 0, '', (output_scalar != '') OR isValidJSON(output_document), output_scalar, output_document) AS OutputText,
    cityHash64(input_document, request_model) AS document_hash,
    has_flat_output OR (output_document != '') OR (response_tool_calls != '') AS HasOutput,
    toUInt16(least(65535, multiIf(has_flat_output, flat_tool_calls, response_tool_calls != '', JSONLength(response_tool_calls), arraySum(acts.1)))) AS ToolCallCount,
    toUInt16(least(65535, multiIf(has_flat_output, flat_invalid_tool_calls, response_tool_calls != '', arrayCount(c -> (((c.args != '') AND (NOT (match(c.args, '^\\s*\\{') AND isValidJSON(c.args)))) OR ((c.input != '') AND (NOT (match(c.input, '^\\s*\\{') AND isValidJSON(c.input))))), JSONExtract(response_tool_calls, 'Array(Tuple(args String, input String))')), arraySum(acts.2)))) AS InvalidToolCallCount,
    ContentKept,
    PiiHits,
    SecretHits,
    if((told_guardrail_result = '') AND (lower(any_finish_reason) = 'guardrail_intervened'), 'block', told_guardrail_result) AS GuardrailResult,
    is_json_asked,
    has(acts.3, true) AS declines
FROM heard;

CREATE TABLE watchkeeper.trace_index
(
    `Project` LowCardinality(String),
    `TraceId` String CODEC(ZSTD(1)),
    `EventDay` Date,
    `First` SimpleAggregateFunction(min, DateTime64(9)),
    `Last` SimpleAggregateFunction(max, DateTime64(9))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(EventDay)
ORDER BY (TraceId, Project, EventDay)
TTL EventDay + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE MATERIALIZED VIEW watchkeeper.trace_index_of_normalised TO watchkeeper.trace_index
(
    `Project` LowCardinality(String),
    `TraceId` String,
    `EventDay` Date,
    `First` DateTime64(9),
    `Last` DateTime64(9)
)
AS SELECT
    Project,
    TraceId,
    EventDay,
    min(Timestamp) AS First,
    max(Timestamp) AS Last
FROM watchkeeper.normalised_spans
WHERE SegmentId != 'trial'
GROUP BY
    Project,
    TraceId,
    EventDay;

CREATE TABLE watchkeeper.trial_logs
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_logs Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_logs Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            log_records Array(Tuple(
                time_unix_nano UInt64,
                severity_number UInt32,
                severity_text String,
                body Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64),
                    bytes_value Nullable(String)),
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                flags UInt32,
                trace_id String,
                span_id String,
                observed_time_unix_nano UInt64,
                event_name String)),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.trial_metrics
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_metrics Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_metrics Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            metrics Array(Tuple(
                name String,
                description String,
                unit String,
                gauge Tuple(data_points Array(Tuple(
                    start_time_unix_nano UInt64,
                    time_unix_nano UInt64,
                    as_double Nullable(Float64),
                    as_int Nullable(Int64),
                    exemplars Array(Tuple(
                        time_unix_nano UInt64,
                        as_double Nullable(Float64),
                        as_int Nullable(Int64),
                        span_id String,
                        trace_id String,
                        filtered_attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))))),
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))),
                    flags UInt32))),
                sum Tuple(
                    data_points Array(Tuple(
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        as_double Nullable(Float64),
                        as_int Nullable(Int64),
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        flags UInt32)),
                    aggregation_temporality UInt32,
                    is_monotonic Bool),
                histogram Tuple(
                    data_points Array(Tuple(
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        count UInt64,
                        sum Nullable(Float64),
                        bucket_counts Array(UInt64),
                        explicit_bounds Array(Float64),
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        flags UInt32,
                        min Nullable(Float64),
                        max Nullable(Float64))),
                    aggregation_temporality UInt32),
                exponential_histogram Tuple(
                    data_points Array(Tuple(
                        attributes Array(Tuple(
                            key String,
                            value Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64),
                                array_value Tuple(`values` Array(Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64)))),
                                bytes_value Nullable(String)))),
                        start_time_unix_nano UInt64,
                        time_unix_nano UInt64,
                        count UInt64,
                        sum Nullable(Float64),
                        scale Int32,
                        zero_count UInt64,
                        positive Tuple(
                            offset Int32,
                            bucket_counts Array(UInt64)),
                        negative Tuple(
                            offset Int32,
                            bucket_counts Array(UInt64)),
                        flags UInt32,
                        exemplars Array(Tuple(
                            time_unix_nano UInt64,
                            as_double Nullable(Float64),
                            as_int Nullable(Int64),
                            span_id String,
                            trace_id String,
                            filtered_attributes Array(Tuple(
                                key String,
                                value Tuple(
                                    string_value Nullable(String),
                                    bool_value Nullable(Bool),
                                    int_value Nullable(Int64),
                                    double_value Nullable(Float64),
                                    array_value Tuple(`values` Array(Tuple(
                                        string_value Nullable(String),
                                        bool_value Nullable(Bool),
                                        int_value Nullable(Int64),
                                        double_value Nullable(Float64)))),
                                    bytes_value Nullable(String)))))),
                        min Nullable(Float64),
                        max Nullable(Float64),
                        zero_threshold Float64)),
                    aggregation_temporality UInt32),
                summary Tuple(data_points Array(Tuple(
                    start_time_unix_nano UInt64,
                    time_unix_nano UInt64,
                    count UInt64,
                    sum Float64,
                    quantile_values Array(Tuple(
                        quantile Float64,
                        value Float64)),
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))),
                    flags UInt32))))),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;

CREATE TABLE watchkeeper.trial_traces
(
    `project` String,
    `received_ns` UInt64,
    `segment_id` String,
    `request` Tuple(resource_spans Array(Tuple(
        resource Tuple(attributes Array(Tuple(
            key String,
            value Tuple(
                string_value Nullable(String),
                bool_value Nullable(Bool),
                int_value Nullable(Int64),
                double_value Nullable(Float64),
                array_value Tuple(`values` Array(Tuple(
                    string_value Nullable(String),
                    bool_value Nullable(Bool),
                    int_value Nullable(Int64),
                    double_value Nullable(Float64)))),
                bytes_value Nullable(String))))),
        scope_spans Array(Tuple(
            scope Tuple(
                name String,
                version String,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                dropped_attributes_count UInt32),
            spans Array(Tuple(
                trace_id String,
                span_id String,
                trace_state String,
                parent_span_id String,
                name String,
                kind UInt32,
                start_time_unix_nano UInt64,
                end_time_unix_nano UInt64,
                attributes Array(Tuple(
                    key String,
                    value Tuple(
                        string_value Nullable(String),
                        bool_value Nullable(Bool),
                        int_value Nullable(Int64),
                        double_value Nullable(Float64),
                        array_value Tuple(`values` Array(Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64)))),
                        bytes_value Nullable(String)))),
                events Array(Tuple(
                    time_unix_nano UInt64,
                    name String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                links Array(Tuple(
                    trace_id String,
                    span_id String,
                    trace_state String,
                    attributes Array(Tuple(
                        key String,
                        value Tuple(
                            string_value Nullable(String),
                            bool_value Nullable(Bool),
                            int_value Nullable(Int64),
                            double_value Nullable(Float64),
                            array_value Tuple(`values` Array(Tuple(
                                string_value Nullable(String),
                                bool_value Nullable(Bool),
                                int_value Nullable(Int64),
                                double_value Nullable(Float64)))),
                            bytes_value Nullable(String)))))),
                status Tuple(
                    message String,
                    code UInt32))),
            schema_url String)),
        schema_url String))),
    `api_key_id` String
)
ENGINE = `Null`;
