-- Scores: feedback and evaluations of a trace, a span or a session.
--
-- Each is an event `gen_ai.evaluation.result` of OpenTelemetry's conventions on a log record, whether somebody sent
-- it as one or the API wrote it down as one: so a score waits in the spool while the store is away, and a
-- view takes it from `otel_logs`, foreign writers' rows included. `scores` is a journal: a score that is sent again
-- with its id is another row, and `current_scores` shows the newest row of each. A score without an id has one
-- made of what it says and of whom it is about, so that a retry says the same again.

CREATE TABLE {local:scores} {on_cluster}
(
    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date,
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
    Id String CODEC(ZSTD(1)),
    Name LowCardinality(String),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    SessionId String CODEC(ZSTD(1)),
    UserId String CODEC(ZSTD(1)),
    DataType LowCardinality(String) COMMENT 'numeric, boolean or categorical',
    Value Nullable(Float64) COMMENT 'Of boolean ones 1 and 0; of categorical ones only where the sender gave one' CODEC(ZSTD(1)),
    Label LowCardinality(String),
    Source LowCardinality(String) COMMENT 'Who judged: feedback, review, evaluator, or what the sender says',
    Comment String CODEC(ZSTD(3)),
    Metadata Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ReceivedAt DateTime64(9) CODEC(Delta, ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_session SessionId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, toMonday(EventDay))
ORDER BY (Project, Name, Timestamp)
TTL EventDay + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable};

-- Which rows of `otel_logs` become scores; what checks that a segment is complete asks the same.
ALTER TABLE {local:otel_logs} {on_cluster} ADD COLUMN IF NOT EXISTS IsScore Bool MATERIALIZED
    if(EventName != '', EventName, LogAttributes['event.name']) = 'gen_ai.evaluation.result'
    AND LogAttributes['gen_ai.evaluation.name'] != ''
    AND (LogAttributes['gen_ai.evaluation.score.label'] != ''
        OR LogAttributes['gen_ai.evaluation.score.value'] IN ('true', 'false')
        OR isFinite(ifNull(toFloat64OrNull(LogAttributes['gen_ai.evaluation.score.value']), nan)));

ALTER TABLE {database}.otel_logs {on_cluster} ADD COLUMN IF NOT EXISTS IsScore Bool MATERIALIZED false;

CREATE MATERIALIZED VIEW {database}.scores_of_logs {on_cluster} TO {database}.scores AS
SELECT
    Project,
    RetentionClass,
    EventDay,
    Timestamp,
    if(given_id != '', given_id, lower(hex(sipHash128(Timestamp, TraceId, SpanId, SessionId, UserId, Name, Label, ifNull(toString(Value), ''), Comment)))) AS Id,
    LogAttributes['gen_ai.evaluation.name'] AS Name,
    TraceId,
    SpanId,
    coalesce(
        nullIf(LogAttributes['session.id'], ''),
        nullIf(LogAttributes['gen_ai.conversation.id'], ''),
        LogAttributes['langfuse.session.id']) AS SessionId,
    LogAttributes['user.id'] AS UserId,
    multiIf(
        LogAttributes['watchkeeper.score.type'] IN ('numeric', 'boolean', 'categorical'), LogAttributes['watchkeeper.score.type'],
        given_value IN ('true', 'false'), 'boolean',
        Value IS NULL, 'categorical',
        'numeric') AS DataType,
    multiIf(
        given_value = 'true', 1,
        given_value = 'false', 0,
        isFinite(ifNull(toFloat64OrNull(given_value), nan)), toFloat64OrNull(given_value),
        NULL) AS Value,
    LogAttributes['gen_ai.evaluation.score.label'] AS Label,
    LogAttributes['watchkeeper.score.source'] AS Source,
    LogAttributes['gen_ai.evaluation.explanation'] AS Comment,
    mapApply(
        (k, v) -> (substring(k, 28), v),
        mapFilter((k, v) -> startsWith(k, 'watchkeeper.score.metadata.'), LogAttributes)) AS Metadata,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM
(
    SELECT
        *,
        LogAttributes['watchkeeper.score.id'] AS given_id,
        LogAttributes['gen_ai.evaluation.score.value'] AS given_value
    FROM {local:otel_logs}
    WHERE IsScore
);

CREATE VIEW {database}.current_scores {on_cluster} AS
SELECT
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
    argMax(tuple(said.Value), (said.ReceivedAt, said.Timestamp)).1 AS Value,
    argMax(said.Label, (said.ReceivedAt, said.Timestamp)) AS Label,
    argMax(said.Source, (said.ReceivedAt, said.Timestamp)) AS Source,
    argMax(said.Comment, (said.ReceivedAt, said.Timestamp)) AS Comment,
    argMax(said.Metadata, (said.ReceivedAt, said.Timestamp)) AS Metadata,
    argMax(said.ApiKeyId, (said.ReceivedAt, said.Timestamp)) AS ApiKeyId,
    max(said.ReceivedAt) AS ReceivedAt
FROM {database}.scores AS said
GROUP BY said.Project, said.Id;
