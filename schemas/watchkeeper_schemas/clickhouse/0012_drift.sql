-- What drift checks found, and when a provider changed something.
--
-- `drift_results` has a row for each feature of each slice of each window that was checked, and one with an empty
-- `Feature` for the slice as a whole. A window is checked again when calls come late: the newest `CheckedAt` counts.
-- No text of a prompt or an answer is here, but strings that many answers have in common, and the ids of examples.
-- `drift_events` may hold an event twice, under one `Id`: readers take one of each.

CREATE TABLE {database}.drift_results {on_cluster}
(
    Project LowCardinality(String),
    WindowStart DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    WindowEnd DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    CheckedAt DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    Baseline LowCardinality(String) COMMENT 'season, rolling, or the id of a saved one',
    SliceBy LowCardinality(String) COMMENT 'project, model, prompt or feature',
    SliceValue LowCardinality(String),
    Feature LowCardinality(String) COMMENT 'Empty: the slice as a whole',
    Answer LowCardinality(String) COMMENT 'no, minor, major or unknown',
    Needs UInt32 COMMENT 'Where it cannot be told: so many units more' CODEC(T64, ZSTD(1)),
    Windows UInt32 COMMENT 'On end with this one in which it was drift' CODEC(T64, ZSTD(1)),
    Effect Nullable(Float64) CODEC(ZSTD(1)),
    RawEffect Nullable(Float64) COMMENT 'Without matching the mix of traffic' CODEC(ZSTD(1)),
    PValue Float64 CODEC(ZSTD(1)),
    AdjustedP Float64 CODEC(ZSTD(1)),
    BeforeUnits UInt32 CODEC(T64, ZSTD(1)),
    AfterUnits UInt32 CODEC(T64, ZSTD(1)),
    Before String COMMENT 'A share, a median, or the commonest kind' CODEC(ZSTD(1)),
    After String CODEC(ZSTD(1)),
    Reason String COMMENT 'In words' CODEC(ZSTD(3)),
    Calls UInt64 COMMENT 'Of the project in the window when it was checked' CODEC(T64, ZSTD(1)),
    Details String COMMENT 'JSON: of a feature its figures, of a slice its mix and explanation' CODEC(ZSTD(3))
)
ENGINE = {engine:everywhere}
PARTITION BY toStartOfMonth(WindowStart)
ORDER BY (Project, WindowStart, SliceBy, SliceValue, Feature)
TTL toDateTime(WindowStart) + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {database}.drift_events {on_cluster}
(
    Project LowCardinality(String),
    Timestamp DateTime64(3, 'UTC') COMMENT 'Of the first call with what is new' CODEC(Delta, ZSTD(1)),
    Id UInt64 COMMENT 'Hash of what changed, and since when',
    Kind LowCardinality(String) COMMENT 'response_model, fingerprint, api_version or answers',
    Provider LowCardinality(String),
    Model LowCardinality(String) COMMENT 'That was asked for',
    Before String COMMENT 'What most calls had before' CODEC(ZSTD(1)),
    After String CODEC(ZSTD(1)),
    Calls UInt64 COMMENT 'With what is new, in its first window' CODEC(T64, ZSTD(1)),
    TraceId String COMMENT 'Of the first call' CODEC(ZSTD(1)),
    Evidence String COMMENT 'JSON: what calls were like before and after' CODEC(ZSTD(3)),
    WrittenAt DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = {engine:everywhere}
PARTITION BY toStartOfMonth(Timestamp)
ORDER BY (Project, Timestamp, Id)
TTL toDateTime(Timestamp) + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable};
