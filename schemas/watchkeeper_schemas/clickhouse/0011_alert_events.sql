-- The history of alerts: one row for each change of an alert's state.
--
-- The state store has what alerts are now and the last days of this; here it is kept long, beside the telemetry that it
-- speaks of. A row that was inserted and not marked so, because the collector died in between, comes a second time with
-- the same `Id`: readers take one of each. The rows of one `Episode` are what happened from when an alert fired
-- (`StartedAt`) until it resolved; charts shade their measure by it.

CREATE TABLE {database}.alert_events {on_cluster}
(
    Project LowCardinality(String) COMMENT 'Empty: about a rule of the operator itself',
    Timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    Id UInt64 COMMENT 'In the order in which things happened',
    RuleUid LowCardinality(String),
    Alert LowCardinality(String),
    Fingerprint String COMMENT 'Hash of the rule and the labels' CODEC(ZSTD(1)),
    Episode String COMMENT 'Empty: nothing fired' CODEC(ZSTD(1)),
    StartedAt Nullable(DateTime64(3, 'UTC')) COMMENT 'When the episode began' CODEC(ZSTD(1)),
    IsResolved Bool COMMENT 'The episode ended',
    FromState LowCardinality(String) COMMENT 'inactive, pending, firing, recovering, no_data or error',
    ToState LowCardinality(String),
    Reason LowCardinality(String) COMMENT 'Why, if not because the condition holds or ceased to',
    Measure LowCardinality(String) COMMENT 'What the rule looks at, if that is a measure',
    Filter String COMMENT 'Of the rule' CODEC(ZSTD(1)),
    Value Nullable(Float64) CODEC(ZSTD(1)),
    Labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Annotations Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    Figures String COMMENT 'JSON: what decided' CODEC(ZSTD(3)),
    Links Map(LowCardinality(String), String) CODEC(ZSTD(3))
)
ENGINE = {engine:everywhere}
PARTITION BY toStartOfMonth(Timestamp)
ORDER BY (Project, Timestamp, Id)
TTL toDateTime(Timestamp) + INTERVAL {aggregate_retention_days} DAY DELETE
SETTINGS {durable};
