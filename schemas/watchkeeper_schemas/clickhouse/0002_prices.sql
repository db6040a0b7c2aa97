-- What models cost, and for whom.
--
-- `model_prices` is a journal: prices are added, never changed, so that it also says who paid what when.
-- The rows of one (source, project, provider, model) that share the newest `UpdatedAt` are its prices in
-- force. Source is `catalogue` (the price library) or `override` (set by people, for one project or, with
-- an empty project, for all). A pair that was looked up in vain has one row with IsPriced = false.
-- `prices` is what the views read, by key and by the call's own time. Whoever adds prices reloads it;
-- its lifetime serves the nodes of a cluster that a reload missed (the embedded engine ignores it). It reads as
-- the collector's own user: without one it would as `default`, whom servers with users do not let in.

CREATE TABLE {database}.model_prices {on_cluster}
(
    Source LowCardinality(String) COMMENT 'catalogue or override',
    Project LowCardinality(String) COMMENT 'Whose price; empty: everybody''s',
    Provider LowCardinality(String) COMMENT 'As in spans',
    Model String COMMENT 'As in spans: of the response or of the request',
    ServiceTier LowCardinality(String) COMMENT 'batch, fast, flex, priority or empty',
    ValidFrom DateTime64(3, 'UTC'),
    IsPriced Bool,
    PricedAs String COMMENT 'provider/model of the catalogue that the pair was taken for',
    Units Array(LowCardinality(String)) COMMENT 'What is billed, in the names of the price library''s usage',
    Leaves Array(Float64) COMMENT 'Units x units, row by row: billed count = row x reported counts',
    Rates Array(Float64) COMMENT 'Steps x units, row by row: USD for one',
    StepDayUs Array(UInt64) COMMENT 'From when on in the UTC day a step applies, in microseconds',
    StepInput Array(UInt64) COMMENT 'From how many input tokens on a step applies',
    PriceVersion LowCardinality(String),
    UpdatedAt DateTime64(6, 'UTC'),

    CONSTRAINT leaves_fit_units CHECK length(Leaves) = length(Units) * length(Units),
    CONSTRAINT rates_fit_steps CHECK length(Rates) = length(Units) * length(StepInput),
    CONSTRAINT steps_start_at_zero CHECK length(StepDayUs) = length(StepInput) AND StepInput[1] = 0 AND StepDayUs[1] = 0 AND notEmpty(StepInput)
)
ENGINE = {engine:everywhere}
ORDER BY (Provider, Model, Source, Project, ServiceTier, ValidFrom)
SETTINGS {durable};

CREATE VIEW {database}.current_prices {on_cluster} AS
SELECT
    Source,
    Project,
    Provider,
    Model,
    ServiceTier,
    ValidFrom,
    leadInFrame(ValidFrom, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (
        PARTITION BY Source, Project, Provider, Model, ServiceTier ORDER BY ValidFrom ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ValidUntil,
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
    FROM {database}.model_prices
)
WHERE UpdatedAt = NewestUpdate AND IsPriced;

CREATE DICTIONARY {database}.prices {on_cluster}
(
    Source String,
    Project String,
    Provider String,
    Model String,
    ServiceTier String,
    ValidFrom DateTime64(3, 'UTC'),
    ValidTo DateTime64(3, 'UTC'),
    Units Array(String),
    Leaves Array(Float64),
    Rates Array(Float64),
    StepDayUs Array(UInt64),
    StepInput Array(UInt64),
    PriceVersion String
)
PRIMARY KEY Source, Project, Provider, Model, ServiceTier
SOURCE(CLICKHOUSE({reader}QUERY 'SELECT Source, Project, Provider, Model, ServiceTier, ValidFrom, ValidUntil - INTERVAL 1 MILLISECOND AS ValidTo, Units, Leaves, Rates, StepDayUs, StepInput, PriceVersion FROM {database}.current_prices' INVALIDATE_QUERY 'SELECT max(UpdatedAt) FROM {database}.model_prices'))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN ValidFrom MAX ValidTo)
LIFETIME(MIN 30 MAX 60);
