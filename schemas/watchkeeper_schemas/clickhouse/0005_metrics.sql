-- Metrics: five tables under the names and with the columns that OpenTelemetry's tools know.
--
-- Segments of metrics go into `otlp_metrics` as they were sent, are taken apart into `metric_records`, one row
-- a metric, and from there into the table of their kind, one row a data point. Others insert into these
-- tables directly. Whole numbers become Float64, as everywhere under these names. A value, sum, minimum or
-- maximum that a sender left out is NULL, where the OpenTelemetry Collector writes 0. `trial_metrics` decodes as
-- `otlp_metrics` does, and nothing comes of it.

CREATE TABLE {local:otel_metrics_gauge} {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    StartTimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Value Nullable(Float64) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested
    (
        FilteredAttributes Map(LowCardinality(String), String),
        TimeUnix DateTime64(9),
        Value Float64,
        SpanId String,
        TraceId String
    ) CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|TimeUnix}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {local:otel_metrics_sum} {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    StartTimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Value Nullable(Float64) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested
    (
        FilteredAttributes Map(LowCardinality(String), String),
        TimeUnix DateTime64(9),
        Value Float64,
        SpanId String,
        TraceId String
    ) CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),
    IsMonotonic Bool CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|TimeUnix}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {local:otel_metrics_histogram} {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    StartTimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Nullable(Float64) CODEC(ZSTD(1)),
    BucketCounts Array(UInt64) CODEC(ZSTD(1)),
    ExplicitBounds Array(Float64) CODEC(ZSTD(1)),
    Exemplars Nested
    (
        FilteredAttributes Map(LowCardinality(String), String),
        TimeUnix DateTime64(9),
        Value Float64,
        SpanId String,
        TraceId String
    ) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Min Nullable(Float64) CODEC(ZSTD(1)),
    Max Nullable(Float64) CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|TimeUnix}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {local:otel_metrics_exponential_histogram} {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    StartTimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Nullable(Float64) CODEC(ZSTD(1)),
    Scale Int32 CODEC(ZSTD(1)),
    ZeroCount UInt64 CODEC(ZSTD(1)),
    PositiveOffset Int32 CODEC(ZSTD(1)),
    PositiveBucketCounts Array(UInt64) CODEC(ZSTD(1)),
    NegativeOffset Int32 CODEC(ZSTD(1)),
    NegativeBucketCounts Array(UInt64) CODEC(ZSTD(1)),
    Exemplars Nested
    (
        FilteredAttributes Map(LowCardinality(String), String),
        TimeUnix DateTime64(9),
        Value Float64,
        SpanId String,
        TraceId String
    ) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Min Nullable(Float64) CODEC(ZSTD(1)),
    Max Nullable(Float64) CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|TimeUnix}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_trace `Exemplars.TraceId` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {local:otel_metrics_summary} {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    StartTimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimeUnix DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Count UInt64 CODEC(Delta(8), ZSTD(1)),
    Sum Float64 CODEC(ZSTD(1)),
    ValueAtQuantiles Nested
    (
        Quantile Float64,
        Value Float64
    ) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    EventDay Date DEFAULT {{event_day|TimeUnix}},
    ReceivedAt DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String),

    INDEX by_time TimeUnix TYPE minmax GRANULARITY 1,
    INDEX by_segment SegmentId TYPE set(64) GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY (RetentionClass, EventDay)
ORDER BY (Project, MetricName, ServiceName, cityHash64(Attributes), TimeUnix)
TTL EventDay + INTERVAL {span_retention_days} DAY DELETE
SETTINGS {durable};

CREATE TABLE {database}.metric_records {on_cluster}
(
    ResourceAttributes Map(LowCardinality(String), String),
    ResourceSchemaUrl String,
    Scope Tuple(name String, version String, dropped UInt32, schema_url String),
    ScopeAttributes Map(LowCardinality(String), String),
    Metric {{message_type:metrics|Metric}},
    Project String,
    ReceivedAt DateTime64(9),
    SegmentId String,
    ApiKeyId String
)
ENGINE = Null;

CREATE TABLE {database}.otlp_metrics {on_cluster}
(
    {{record_columns:metrics}}
)
ENGINE = Null;

CREATE TABLE {database}.trial_metrics {on_cluster} AS {database}.otlp_metrics ENGINE = Null;

CREATE MATERIALIZED VIEW {database}.metric_records_of_otlp {on_cluster} TO {database}.metric_records AS
SELECT
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
        {{attributes|group.scope.attributes}} AS ScopeAttributes,
        group.metrics AS metrics
    FROM
    (
        SELECT
            project AS Project,
            {{time|received_ns}} AS ReceivedAt,
            segment_id AS SegmentId,
            api_key_id AS ApiKeyId,
            resource.schema_url AS ResourceSchemaUrl,
            {{attributes|resource.resource.attributes}} AS ResourceAttributes,
            resource.scope_metrics AS groups
        FROM {database}.otlp_metrics
        ARRAY JOIN request.resource_metrics AS resource
    )
    ARRAY JOIN groups AS group
)
ARRAY JOIN metrics AS Metric;

CREATE MATERIALIZED VIEW {database}.otel_metrics_gauge_of_records {on_cluster} TO {database}.otel_metrics_gauge AS
SELECT
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
    {{attributes|point.attributes}} AS Attributes,
    {{time|point.start_time_unix_nano}} AS StartTimeUnix,
    {{time|point.time_unix_nano}} AS TimeUnix,
    coalesce(point.as_double, toFloat64(point.as_int)) AS Value,
    point.flags AS Flags,
    arrayMap(e -> {{attributes|e.filtered_attributes}}, point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> {{time|e.time_unix_nano}}, point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    Project,
    {retention_class} AS RetentionClass,
    {{event_day|TimeUnix}} AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM {database}.metric_records
ARRAY JOIN Metric.gauge.data_points AS point;

CREATE MATERIALIZED VIEW {database}.otel_metrics_sum_of_records {on_cluster} TO {database}.otel_metrics_sum AS
SELECT
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
    {{attributes|point.attributes}} AS Attributes,
    {{time|point.start_time_unix_nano}} AS StartTimeUnix,
    {{time|point.time_unix_nano}} AS TimeUnix,
    coalesce(point.as_double, toFloat64(point.as_int)) AS Value,
    point.flags AS Flags,
    arrayMap(e -> {{attributes|e.filtered_attributes}}, point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> {{time|e.time_unix_nano}}, point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    toInt32(least(Metric.sum.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Metric.sum.is_monotonic AS IsMonotonic,
    Project,
    {retention_class} AS RetentionClass,
    {{event_day|TimeUnix}} AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM {database}.metric_records
ARRAY JOIN Metric.sum.data_points AS point;

CREATE MATERIALIZED VIEW {database}.otel_metrics_histogram_of_records {on_cluster} TO {database}.otel_metrics_histogram AS
SELECT
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
    {{attributes|point.attributes}} AS Attributes,
    {{time|point.start_time_unix_nano}} AS StartTimeUnix,
    {{time|point.time_unix_nano}} AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.bucket_counts AS BucketCounts,
    point.explicit_bounds AS ExplicitBounds,
    arrayMap(e -> {{attributes|e.filtered_attributes}}, point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> {{time|e.time_unix_nano}}, point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    toInt32(least(Metric.histogram.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Project,
    {retention_class} AS RetentionClass,
    {{event_day|TimeUnix}} AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM {database}.metric_records
ARRAY JOIN Metric.histogram.data_points AS point;

CREATE MATERIALIZED VIEW {database}.otel_metrics_exponential_histogram_of_records {on_cluster} TO {database}.otel_metrics_exponential_histogram AS
SELECT
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
    {{attributes|point.attributes}} AS Attributes,
    {{time|point.start_time_unix_nano}} AS StartTimeUnix,
    {{time|point.time_unix_nano}} AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.scale AS Scale,
    point.zero_count AS ZeroCount,
    point.positive.offset AS PositiveOffset,
    point.positive.bucket_counts AS PositiveBucketCounts,
    point.negative.offset AS NegativeOffset,
    point.negative.bucket_counts AS NegativeBucketCounts,
    arrayMap(e -> {{attributes|e.filtered_attributes}}, point.exemplars) AS `Exemplars.FilteredAttributes`,
    arrayMap(e -> {{time|e.time_unix_nano}}, point.exemplars) AS `Exemplars.TimeUnix`,
    arrayMap(e -> coalesce(e.as_double, toFloat64(e.as_int), 0), point.exemplars) AS `Exemplars.Value`,
    arrayMap(e -> lower(hex(e.span_id)), point.exemplars) AS `Exemplars.SpanId`,
    arrayMap(e -> lower(hex(e.trace_id)), point.exemplars) AS `Exemplars.TraceId`,
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    toInt32(least(Metric.exponential_histogram.aggregation_temporality, 2147483647)) AS AggregationTemporality,
    Project,
    {retention_class} AS RetentionClass,
    {{event_day|TimeUnix}} AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM {database}.metric_records
ARRAY JOIN Metric.exponential_histogram.data_points AS point;

CREATE MATERIALIZED VIEW {database}.otel_metrics_summary_of_records {on_cluster} TO {database}.otel_metrics_summary AS
SELECT
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
    {{attributes|point.attributes}} AS Attributes,
    {{time|point.start_time_unix_nano}} AS StartTimeUnix,
    {{time|point.time_unix_nano}} AS TimeUnix,
    point.count AS Count,
    point.sum AS Sum,
    point.quantile_values.quantile AS `ValueAtQuantiles.Quantile`,
    point.quantile_values.value AS `ValueAtQuantiles.Value`,
    point.flags AS Flags,
    Project,
    {retention_class} AS RetentionClass,
    {{event_day|TimeUnix}} AS EventDay,
    ReceivedAt,
    SegmentId,
    ApiKeyId
FROM {database}.metric_records
ARRAY JOIN Metric.summary.data_points AS point;
