-- Retention by project, and erasing what a person or a session left.
--
-- How long a row is kept follows from its class, and both change while rows are there. A part notes when its rows
-- expire; when days change, that note is written anew and nothing else of the part. What an erasure is about to
-- remove is listed in `erasure_targets` first, so that every table loses the same, also when it is interrupted;
-- whom it is about stands in `erasure_subjects` for as long as it takes. Both drop an erasure as a whole. What the
-- engine no longer needs of parts that were rewritten goes within seconds where it may go at all.

ALTER TABLE {local:spans} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:span_content} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_logs} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:log_features} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_metrics_gauge} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_metrics_sum} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_metrics_histogram} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_metrics_exponential_histogram} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:otel_metrics_summary} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:trace_index} {on_cluster} MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

ALTER TABLE {local:scores} {on_cluster} MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE TABLE {database}.erasure_targets {on_cluster}
(
    Erasure String,
    Kind LowCardinality(String) COMMENT 'trace: all of it; span: one of a trace; session: what is said of it',
    TraceId String COMMENT 'Or the session',
    SpanId String
)
ENGINE = {engine:everywhere}
PARTITION BY Erasure
ORDER BY (Kind, TraceId, SpanId)
SETTINGS {durable}, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;

CREATE TABLE {database}.erasure_subjects {on_cluster}
(
    Erasure String,
    Subject String
)
ENGINE = {engine:everywhere}
PARTITION BY Erasure
ORDER BY tuple()
SETTINGS {durable}, cleanup_delay_period = 5, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 5;
