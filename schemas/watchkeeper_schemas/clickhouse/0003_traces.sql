-- Traces: from a sender's bytes to `spans` and `span_content`, in the engine.
--
-- Segments of requests go into `otlp_traces` as they were sent and are decoded into `otel_traces`, which has
-- the columns that OpenTelemetry's tools write: whoever inserts there takes the same way. From there spans
-- are normalised leg by leg, get what the other spans of their trace in the same insert agree on, and get their
-- cost; then they part into what is narrow and what is content. All tables here hold nothing.
--
-- The records of a segment that was refused are tried one by one, by way of `trial_traces`: they go all the way
-- as the segment `trial`, which the last views leave out.

CREATE TABLE {database}.otlp_traces {on_cluster}
(
    {{record_columns:traces}}
)
ENGINE = Null;

CREATE TABLE {database}.trial_traces {on_cluster} AS {database}.otlp_traces ENGINE = Null;

CREATE MATERIALIZED VIEW {database}.otlp_traces_of_trial {on_cluster} TO {database}.otlp_traces AS
SELECT * REPLACE ('trial' AS segment_id) FROM {database}.trial_traces;

CREATE TABLE {database}.otel_traces {on_cluster}
(
    Timestamp DateTime64(9),
    TraceId String,
    SpanId String,
    ParentSpanId String,
    TraceState String,
    SpanName LowCardinality(String),
    SpanKind LowCardinality(String),
    ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String),
    ScopeName String,
    ScopeVersion String,
    SpanAttributes Map(LowCardinality(String), String),
    Duration UInt64,
    StatusCode LowCardinality(String),
    StatusMessage String,
    Events Nested
    (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ),
    Links Nested
    (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ),

    Project LowCardinality(String) DEFAULT 'default',
    RetentionClass LowCardinality(String) DEFAULT 'standard',
    ScopeAttributes Map(LowCardinality(String), String),
    ReceivedAt DateTime64(9) DEFAULT now64(9),
    SegmentId LowCardinality(String),
    ApiKeyId LowCardinality(String)
)
ENGINE = Null;

CREATE TABLE {database}.normalised_spans {on_cluster} AS {local:spans} ENGINE = Null;

ALTER TABLE {database}.normalised_spans {on_cluster}
    ADD COLUMN IF NOT EXISTS ContentGroup String,
    ADD COLUMN IF NOT EXISTS Format LowCardinality(String),
    ADD COLUMN IF NOT EXISTS Content Map(LowCardinality(String), String),
    ADD COLUMN IF NOT EXISTS `ContentEvents.Timestamp` Array(DateTime64(9)),
    ADD COLUMN IF NOT EXISTS `ContentEvents.Name` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `ContentEvents.Attributes` Array(Map(LowCardinality(String), String)),
    ADD COLUMN IF NOT EXISTS InputText String,
    ADD COLUMN IF NOT EXISTS OutputText String;

CREATE MATERIALIZED VIEW {database}.spans_of_otlp {on_cluster} TO {database}.otel_traces AS
{{decoded_spans|{database}.otlp_traces}};

CREATE TABLE {database}.read_spans {on_cluster} ENGINE = Null EMPTY AS
{{read_spans|{database}.otel_traces}};

CREATE TABLE {database}.known_spans {on_cluster} ENGINE = Null EMPTY AS
{{known_spans|{database}.read_spans}};

CREATE TABLE {database}.told_spans {on_cluster} ENGINE = Null EMPTY AS
{{told_spans|{database}.known_spans}};

CREATE MATERIALIZED VIEW {database}.read_spans_of_traces {on_cluster} TO {database}.read_spans AS
{{read_spans|{database}.otel_traces}};

CREATE MATERIALIZED VIEW {database}.known_spans_of_read {on_cluster} TO {database}.known_spans AS
{{known_spans|{database}.read_spans}};

CREATE MATERIALIZED VIEW {database}.told_spans_of_known {on_cluster} TO {database}.told_spans AS
{{told_spans|{database}.known_spans}};

CREATE MATERIALIZED VIEW {database}.normalised_spans_of_told {on_cluster} TO {database}.normalised_spans AS
{{priced_spans|{database}.told_spans}};

CREATE MATERIALIZED VIEW {database}.spans_of_normalised {on_cluster} TO {database}.spans AS
SELECT * EXCEPT (ContentGroup, Format, Content, `ContentEvents.Timestamp`, `ContentEvents.Name`, `ContentEvents.Attributes`, InputText, OutputText)
    REPLACE (notEmpty(Content) OR notEmpty(ContentEvents.Name) AS HasContent)
FROM {database}.normalised_spans
WHERE SegmentId != 'trial';

CREATE MATERIALIZED VIEW {database}.content_of_normalised {on_cluster} TO {database}.span_content AS
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
    'span' AS Source,
    Format,
    {{content_with_texts|Content|InputText|OutputText}} AS Content,
    ContentEvents.Timestamp AS `Events.Timestamp`,
    ContentEvents.Name AS `Events.Name`,
    ContentEvents.Attributes AS `Events.Attributes`
FROM {database}.normalised_spans
WHERE SegmentId != 'trial' AND (notEmpty(Content) OR notEmpty(ContentEvents.Name));

CREATE MATERIALIZED VIEW {database}.trace_index_of_normalised {on_cluster} TO {database}.trace_index AS
SELECT
    Project,
    TraceId,
    EventDay,
    min(Timestamp) AS First,
    max(Timestamp) AS Last
FROM {database}.normalised_spans
WHERE SegmentId != 'trial'
GROUP BY
    Project,
    TraceId,
    EventDay;
