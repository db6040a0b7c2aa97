-- Traces: from a sender's bytes to `spans` and `span_content`, in the engine.
--
-- Segments of requests go into `otlp_traces` as they were sent and are decoded into `otel_traces`, which has
-- the columns that OpenTelemetry's tools write: whoever inserts there takes the same way. From there spans
-- are normalised, get what the other spans of their trace in the same insert agree on, and get their cost;
-- then they part into what is narrow and what is content. These three tables hold nothing.

CREATE TABLE {database}.otlp_traces {on_cluster}
(
    {{record_columns:traces}}
)
ENGINE = Null;

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
    ADD COLUMN ContentGroup String,
    ADD COLUMN Format LowCardinality(String),
    ADD COLUMN Content Map(LowCardinality(String), String),
    ADD COLUMN `ContentEvents.Timestamp` Array(DateTime64(9)),
    ADD COLUMN `ContentEvents.Name` Array(LowCardinality(String)),
    ADD COLUMN `ContentEvents.Attributes` Array(Map(LowCardinality(String), String)),
    ADD COLUMN InputText String,
    ADD COLUMN OutputText String;

CREATE MATERIALIZED VIEW {database}.spans_of_otlp {on_cluster} TO {database}.otel_traces AS
{{decoded_spans|{database}.otlp_traces}};

CREATE MATERIALIZED VIEW {database}.normalised_spans_of_traces {on_cluster} TO {database}.normalised_spans AS
{{normalised_spans|{database}.otel_traces}};

CREATE MATERIALIZED VIEW {database}.spans_of_normalised {on_cluster} TO {database}.spans AS
SELECT * EXCEPT (ContentGroup, Format, Content, `ContentEvents.Timestamp`, `ContentEvents.Name`, `ContentEvents.Attributes`, InputText, OutputText)
FROM {database}.normalised_spans;

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
    Content,
    ContentEvents.Timestamp AS `Events.Timestamp`,
    ContentEvents.Name AS `Events.Name`,
    ContentEvents.Attributes AS `Events.Attributes`,
    InputText,
    OutputText
FROM {database}.normalised_spans
WHERE notEmpty(Content) OR notEmpty(ContentEvents.Name);

CREATE MATERIALIZED VIEW {database}.trace_index_of_normalised {on_cluster} TO {database}.trace_index AS
SELECT
    Project,
    TraceId,
    EventDay,
    min(Timestamp) AS First,
    max(Timestamp) AS Last
FROM {database}.normalised_spans
GROUP BY
    Project,
    TraceId,
    EventDay;

-- Before a segment that was refused is taken apart, its records are tried one by one, up to where they
-- would be stored.

CREATE TABLE {database}.trial_traces {on_cluster} AS {database}.otlp_traces ENGINE = Null;

CREATE TABLE {database}.trial_spans {on_cluster} AS {database}.normalised_spans ENGINE = Null;

CREATE MATERIALIZED VIEW {database}.spans_of_trial {on_cluster} TO {database}.trial_spans AS
{{normalised_spans|({{decoded_spans|{database}.trial_traces}})}};
