-- Roll-ups: what spans add up to, by hour, for questions over weeks.
--
-- An hour of a project is rolled up once it is over, and again whenever its spans have changed: a late span, a call
-- that is a duplicate after all, another price. Rows are never changed. A rebuilt hour has rows with a newer
-- `BuiltAt` beside the old ones, and counts from the moment that `rollup_hours` names it, which is written last:
-- who is killed in between leaves rows that nobody looks at, and that are deleted later.
-- `rollup_marks` says of which hours spans were changed in place, and when: an hour that was marked
-- after it was built is read from `spans` until it is built again.
-- All three are small, and the same on every node of a cluster.

CREATE TABLE {database}.rollup_1h {on_cluster}
(
    Project LowCardinality(String),
    Hour DateTime('UTC'),
    BuiltAt DateTime64(6, 'UTC'),
    Kind LowCardinality(String),
    Operation LowCardinality(String),
    ServiceName LowCardinality(String),
    Environment LowCardinality(String),
    Release LowCardinality(String),
    Provider LowCardinality(String),
    RequestModel LowCardinality(String),
    ResponseModel LowCardinality(String),
    Feature LowCardinality(String),
    PromptName LowCardinality(String),
    PromptVersion LowCardinality(String),
    ToolName LowCardinality(String),

    Spans UInt64 COMMENT 'Duplicates too, which all other columns leave out' CODEC(T64, ZSTD(1)),
    Counted UInt64 COMMENT 'Spans that are no duplicates' CODEC(T64, ZSTD(1)),
    Errors UInt64 CODEC(T64, ZSTD(1)),
    RateLimited UInt64 COMMENT 'Failed with status 429' CODEC(T64, ZSTD(1)),
    CostUsd Float64 COMMENT 'Of those whose cost is known' CODEC(ZSTD(1)),
    Priced UInt64 COMMENT 'Whose cost is known' CODEC(T64, ZSTD(1)),
    Unpriced UInt64 COMMENT 'Calls whose cost is not known' CODEC(T64, ZSTD(1)),
    InputTokens UInt64 CODEC(T64, ZSTD(1)),
    InputKnown UInt64 COMMENT 'That have InputTokens' CODEC(T64, ZSTD(1)),
    OutputTokens UInt64 CODEC(T64, ZSTD(1)),
    OutputKnown UInt64 COMMENT 'That have OutputTokens' CODEC(T64, ZSTD(1)),
    CacheReadTokens UInt64 CODEC(T64, ZSTD(1)),
    CacheWriteTokens UInt64 CODEC(T64, ZSTD(1)),
    DurationNs Float64 CODEC(ZSTD(1)),
    WrittenTokens UInt64 COMMENT 'OutputTokens of those that did not fail' CODEC(T64, ZSTD(1)),
    WritingNs Float64 COMMENT 'The time that these took' CODEC(ZSTD(1)),
    Outputs UInt64 COMMENT 'Whose answer is known' CODEC(T64, ZSTD(1)),
    Empties UInt64 COMMENT 'Of these, without text or tool call' CODEC(T64, ZSTD(1)),
    Finished UInt64 COMMENT 'That say why they ended' CODEC(T64, ZSTD(1)),
    Truncated UInt64 COMMENT 'Of these, at the token limit' CODEC(T64, ZSTD(1)),
    LatencyMs AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    FirstTokenMs AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    LatencyBuckets Map(Int16, UInt64) COMMENT 'Spans by size of their duration: the bucket n begins at 2^(n/4) ms' CODEC(ZSTD(1)),
    FirstTokenBuckets Map(Int16, UInt64) COMMENT 'Likewise' CODEC(ZSTD(1)),
    Traces AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1)),
    Users AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1)),
    Sessions AggregateFunction(uniqCombined64(15), String) CODEC(ZSTD(1))
)
ENGINE = {engine:everywhere}
PARTITION BY toYYYYMM(Hour)
ORDER BY (Project, Hour, BuiltAt, Kind)
TTL toDate(Hour) + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable}, index_granularity = 1024;

CREATE TABLE {database}.rollup_hours {on_cluster}
(
    Project LowCardinality(String),
    Hour DateTime('UTC'),
    BuiltAt DateTime64(6, 'UTC') COMMENT 'Of the rows that count',
    Spans UInt64 COMMENT 'Of the hour, as it was then',
    Fingerprint UInt64 COMMENT 'Of their times, costs and changes: an hour with another one is built again'
)
ENGINE = {engine:everywhere}
PARTITION BY toYYYYMM(Hour)
ORDER BY (Project, Hour, BuiltAt)
TTL toDate(Hour) + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable}, index_granularity = 1024;

CREATE TABLE {database}.rollup_marks {on_cluster}
(
    Project LowCardinality(String),
    Hour DateTime('UTC'),
    MarkedAt DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = {engine:everywhere}
ORDER BY (Project, Hour)
TTL toDateTime(MarkedAt) + INTERVAL 3 DAY DELETE
SETTINGS {durable}, index_granularity = 1024;
