-- What one model call costs: named expressions over the columns of `spans`, in stages.
--
-- The normalising view adds them to new spans, the price worker to stored ones; watchkeeper_schemas.cost
-- renders them into one expression. `{prices}` is the dictionary of prices in force. Definitions end in
-- a comma and an empty line; a stage may use the names of the stages before it, never its own.
--
-- The sum is the price library's own (`genai_prices.calc_price`) and equals it within 1e-9: every
-- priced unit takes its count less what a more specific unit bills (cached tokens leave the plain
-- input tokens), times the rate of its step. Counts that nobody reported are zero. Counts that
-- contradict each other (more cached than read, parts of an unknown total) leave the cost unknown.

-- stage: the tier, as prices know it

if(lower(ServiceTier) IN ('batch', 'fast', 'flex', 'priority'), lower(ServiceTier), '') AS price_tier

-- stage: whose price, of which model

-- The project's own price beats everybody's, that beats the catalogue; the model of the response
-- beats that of the request.
multiIf(
    Kind NOT IN ('llm', 'embedding', 'reranker'), ('', '', '', '', ''),
    dictGet('{prices}', 'PriceVersion', ('override', Project, Provider, ResponseModel, price_tier), Timestamp) != '',
        ('override', Project, Provider, ResponseModel, price_tier),
    dictGet('{prices}', 'PriceVersion', ('override', '', Provider, ResponseModel, price_tier), Timestamp) != '',
        ('override', '', Provider, ResponseModel, price_tier),
    dictGet('{prices}', 'PriceVersion', ('catalogue', '', Provider, ResponseModel, price_tier), Timestamp) != '',
        ('catalogue', '', Provider, ResponseModel, price_tier),
    dictGet('{prices}', 'PriceVersion', ('override', Project, Provider, RequestModel, price_tier), Timestamp) != '',
        ('override', Project, Provider, RequestModel, price_tier),
    dictGet('{prices}', 'PriceVersion', ('override', '', Provider, RequestModel, price_tier), Timestamp) != '',
        ('override', '', Provider, RequestModel, price_tier),
    ('catalogue', '', Provider, RequestModel, price_tier)) AS price_key

-- stage: its terms

dictGet('{prices}', 'PriceVersion', price_key, Timestamp) AS price_version,

dictGet('{prices}', 'Units', price_key, Timestamp) AS price_units,

dictGet('{prices}', 'Leaves', price_key, Timestamp) AS price_leaves,

dictGet('{prices}', 'Rates', price_key, Timestamp) AS price_rates

-- stage: what was reported

-- The last step that the time of the day and the size of the input reach; nearly all prices have one.
if(length(price_rates) = length(price_units), 1, arrayLastIndex(
    (day_us, input) -> toUnixTimestamp64Micro(Timestamp) % 86400000000 >= day_us AND ifNull(InputTokens, 0) >= input,
    dictGet('{prices}', 'StepDayUs', price_key, Timestamp),
    dictGet('{prices}', 'StepInput', price_key, Timestamp))) AS price_step,

-- -1 stands for a total that is unknown although parts of it are known.
arrayMap(unit -> multiIf(
    unit = 'input_tokens', ifNull(toFloat64(InputTokens), if(CacheReadTokens > 0 OR CacheWriteTokens > 0, -1., 0.)),
    unit = 'output_tokens', ifNull(toFloat64(OutputTokens), if(ReasoningTokens > 0, -1., 0.)),
    unit = 'cache_read_tokens', toFloat64(ifNull(CacheReadTokens, 0)),
    unit = 'cache_write_tokens', toFloat64(ifNull(CacheWriteTokens, 0)),
    unit = 'output_reasoning_tokens', toFloat64(ifNull(ReasoningTokens, 0)),
    unit = 'requests', 1.,
    unit = 'audio_seconds_at_least_10', multiIf(
        UsageDetails['audio_seconds'] > 0, toFloat64(greatest(UsageDetails['audio_seconds'], 10)),
        UsageDetails['input_audio_seconds'] > 0, toFloat64(greatest(UsageDetails['input_audio_seconds'], 10)),
        0.),
    toFloat64(UsageDetails[unit])), price_units) AS price_counts,

InputTokens IS NULL AND OutputTokens IS NULL AND empty(UsageDetails) AS price_usage_is_unknown

-- stage: what is billed

arrayMap(
    row -> arrayDotProduct(arraySlice(price_leaves, row * length(price_units) + 1, length(price_units)), price_counts),
    range(length(price_units))) AS price_billed

-- stage: the sum

arrayDotProduct(arraySlice(price_rates, (price_step - 1) * length(price_units) + 1, length(price_units)), price_billed)
    + if(price_version = '' OR price_usage_is_unknown OR arrayMin(price_billed) < 0, NULL, 0.) AS price_sum,

price_rates[(price_step - 1) * length(price_units) + indexOf(price_units, 'input_tokens')] AS price_input_rate,

-- What a provider does not price apart is billed as plain input.
arrayMap(
    unit -> price_rates[(price_step - 1) * length(price_units) + indexOf(price_units, if(has(price_units, unit), unit, 'input_tokens'))],
    ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens']) AS price_cache_rates

-- stage: the columns

-- What the sender reports counts only where nobody knows a price.
ifNull(price_sum, if(price_version = '' AND Kind IN ('llm', 'embedding', 'reranker'), ReportedCostUsd, NULL)) AS cost_usd,

-- A failed call without usage was not billed: it has no cost, and is not missing one.
multiIf(
    Kind NOT IN ('llm', 'embedding', 'reranker'), '',
    price_sum IS NOT NULL, 'computed',
    price_version = '' AND ReportedCostUsd IS NOT NULL, 'reported',
    IsError AND price_usage_is_unknown, '',
    'unpriced') AS cost_source,

-- Reads are cheaper than plain input, writes are dearer. Where none is read again, that is a loss.
if(price_sum IS NULL OR InputTokens IS NULL OR NOT has(price_units, 'cache_read_tokens'), NULL,
    ifNull(CacheReadTokens, 0) * (price_input_rate - price_cache_rates[1])
        + (ifNull(CacheWriteTokens, 0) - least(ifNull(CacheWriteTokens, 0), UsageDetails['cache_write_1h_tokens'])) * (price_input_rate - price_cache_rates[2])
        + least(ifNull(CacheWriteTokens, 0), UsageDetails['cache_write_1h_tokens']) * (price_input_rate - price_cache_rates[3])) AS cache_saved_usd,

-- Providers cache no input that is shorter.
if(price_sum IS NULL OR NOT has(price_units, 'cache_read_tokens') OR ifNull(InputTokens, 0) < 1024, NULL,
    (InputTokens - ifNull(CacheReadTokens, 0) - ifNull(CacheWriteTokens, 0)) * (price_input_rate - price_cache_rates[1])) AS cache_missed_usd
