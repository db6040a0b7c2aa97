-- Features of answers: what a text is like in numbers and yes or no, so that nothing that watches answers reads them.
--
-- They are worked out once, where spans and log records are normalised, from the one decoded text of the answer;
-- `conventions/features.toml` has the expressions, docs/features.md says what they mean. Rows that were stored before
-- have none. Hours are rolled up again: what they add up to is more now.

ALTER TABLE {local:spans} {on_cluster}
    ADD COLUMN IF NOT EXISTS OutputWords UInt32 CODEC(T64, ZSTD(1)) AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS OutputShingles Array(UInt32) COMMENT 'The eight smallest hashes of three words in a row, sorted' CODEC(ZSTD(1)) AFTER OutputHash,
    ADD COLUMN IF NOT EXISTS InvalidToolCallCount UInt16 COMMENT 'Calls whose arguments are no JSON object' CODEC(T64, ZSTD(1)) AFTER ToolCallCount,
    ADD COLUMN IF NOT EXISTS IsJsonExpected Bool COMMENT 'JSON was asked for, or the answer begins as JSON does' AFTER IsJson,
    ADD COLUMN IF NOT EXISTS ListItemCount UInt16 CODEC(T64, ZSTD(1)) AFTER HasCodeFence,
    ADD COLUMN IF NOT EXISTS HeadingCount UInt16 CODEC(T64, ZSTD(1)) AFTER ListItemCount,
    ADD COLUMN IF NOT EXISTS IsRefusal Bool AFTER HeadingCount,
    ADD COLUMN IF NOT EXISTS RefusalCue LowCardinality(String) COMMENT 'By which words; empty: no refusal' AFTER IsRefusal,
    ADD COLUMN IF NOT EXISTS IsApology Bool AFTER RefusalCue,
    ADD COLUMN IF NOT EXISTS IsQuestion Bool COMMENT 'The answer ends in a question' AFTER IsApology,
    ADD COLUMN IF NOT EXISTS OutputScript LowCardinality(String) COMMENT 'That most letters are of, by its ISO 15924 code' AFTER IsQuestion,
    ADD COLUMN IF NOT EXISTS OutputScriptShare Float32 COMMENT 'Part of the letters that are of it' CODEC(ZSTD(1)) AFTER OutputScript,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float32 COMMENT 'Part of the runs of three words that were there before' CODEC(ZSTD(1)) AFTER OutputScriptShare,
    ADD COLUMN IF NOT EXISTS ContentKept LowCardinality(String) COMMENT 'Why the sender kept the content: empty, all and sampled are no choice by content' AFTER HasContent,
    ADD COLUMN IF NOT EXISTS PiiHits UInt16 COMMENT 'Personal data that redaction found' CODEC(T64, ZSTD(1)) AFTER ToolArgsHash,
    ADD COLUMN IF NOT EXISTS SecretHits UInt16 COMMENT 'Secrets that redaction found' CODEC(T64, ZSTD(1)) AFTER PiiHits,
    ADD COLUMN IF NOT EXISTS GuardrailResult LowCardinality(String) COMMENT 'pass, warn, modify or block; empty: no guardrail spoke' AFTER SecretHits,
    ADD COLUMN IF NOT EXISTS CacheSavedUsd Nullable(Float64) COMMENT 'What the call would have cost more without a cache' CODEC(ZSTD(1)) AFTER ReportedCostUsd,
    ADD COLUMN IF NOT EXISTS CacheMissedUsd Nullable(Float64) COMMENT 'What it would have cost less with all of its input from the cache' CODEC(ZSTD(1)) AFTER CacheSavedUsd;

-- On a cluster, the table over all shards; else the same table once more.
ALTER TABLE {database}.spans {on_cluster}
    ADD COLUMN IF NOT EXISTS OutputWords UInt32 AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS OutputShingles Array(UInt32) AFTER OutputHash,
    ADD COLUMN IF NOT EXISTS InvalidToolCallCount UInt16 AFTER ToolCallCount,
    ADD COLUMN IF NOT EXISTS IsJsonExpected Bool AFTER IsJson,
    ADD COLUMN IF NOT EXISTS ListItemCount UInt16 AFTER HasCodeFence,
    ADD COLUMN IF NOT EXISTS HeadingCount UInt16 AFTER ListItemCount,
    ADD COLUMN IF NOT EXISTS IsRefusal Bool AFTER HeadingCount,
    ADD COLUMN IF NOT EXISTS RefusalCue LowCardinality(String) AFTER IsRefusal,
    ADD COLUMN IF NOT EXISTS IsApology Bool AFTER RefusalCue,
    ADD COLUMN IF NOT EXISTS IsQuestion Bool AFTER IsApology,
    ADD COLUMN IF NOT EXISTS OutputScript LowCardinality(String) AFTER IsQuestion,
    ADD COLUMN IF NOT EXISTS OutputScriptShare Float32 AFTER OutputScript,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float32 AFTER OutputScriptShare,
    ADD COLUMN IF NOT EXISTS ContentKept LowCardinality(String) AFTER HasContent,
    ADD COLUMN IF NOT EXISTS PiiHits UInt16 AFTER ToolArgsHash,
    ADD COLUMN IF NOT EXISTS SecretHits UInt16 AFTER PiiHits,
    ADD COLUMN IF NOT EXISTS GuardrailResult LowCardinality(String) AFTER SecretHits,
    ADD COLUMN IF NOT EXISTS CacheSavedUsd Nullable(Float64) AFTER ReportedCostUsd,
    ADD COLUMN IF NOT EXISTS CacheMissedUsd Nullable(Float64) AFTER CacheSavedUsd;

ALTER TABLE {database}.normalised_spans {on_cluster}
    ADD COLUMN IF NOT EXISTS OutputWords UInt32 AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS OutputShingles Array(UInt32) AFTER OutputHash,
    ADD COLUMN IF NOT EXISTS InvalidToolCallCount UInt16 AFTER ToolCallCount,
    ADD COLUMN IF NOT EXISTS IsJsonExpected Bool AFTER IsJson,
    ADD COLUMN IF NOT EXISTS ListItemCount UInt16 AFTER HasCodeFence,
    ADD COLUMN IF NOT EXISTS HeadingCount UInt16 AFTER ListItemCount,
    ADD COLUMN IF NOT EXISTS IsRefusal Bool AFTER HeadingCount,
    ADD COLUMN IF NOT EXISTS RefusalCue LowCardinality(String) AFTER IsRefusal,
    ADD COLUMN IF NOT EXISTS IsApology Bool AFTER RefusalCue,
    ADD COLUMN IF NOT EXISTS IsQuestion Bool AFTER IsApology,
    ADD COLUMN IF NOT EXISTS OutputScript LowCardinality(String) AFTER IsQuestion,
    ADD COLUMN IF NOT EXISTS OutputScriptShare Float32 AFTER OutputScript,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float32 AFTER OutputScriptShare,
    ADD COLUMN IF NOT EXISTS ContentKept LowCardinality(String) AFTER HasContent,
    ADD COLUMN IF NOT EXISTS PiiHits UInt16 AFTER ToolArgsHash,
    ADD COLUMN IF NOT EXISTS SecretHits UInt16 AFTER PiiHits,
    ADD COLUMN IF NOT EXISTS GuardrailResult LowCardinality(String) AFTER SecretHits,
    ADD COLUMN IF NOT EXISTS CacheSavedUsd Nullable(Float64) AFTER ReportedCostUsd,
    ADD COLUMN IF NOT EXISTS CacheMissedUsd Nullable(Float64) AFTER CacheSavedUsd;

ALTER TABLE {local:log_features} {on_cluster}
    ADD COLUMN IF NOT EXISTS OutputWords UInt32 CODEC(T64, ZSTD(1)) AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS OutputShingles Array(UInt32) CODEC(ZSTD(1)) AFTER OutputHash,
    ADD COLUMN IF NOT EXISTS InvalidToolCallCount UInt16 CODEC(T64, ZSTD(1)) AFTER ToolCallCount,
    ADD COLUMN IF NOT EXISTS LooksLikeJson Bool AFTER IsJson,
    ADD COLUMN IF NOT EXISTS ListItemCount UInt16 CODEC(T64, ZSTD(1)) AFTER HasCodeFence,
    ADD COLUMN IF NOT EXISTS HeadingCount UInt16 CODEC(T64, ZSTD(1)) AFTER ListItemCount,
    ADD COLUMN IF NOT EXISTS RefusalCue LowCardinality(String) AFTER HeadingCount,
    ADD COLUMN IF NOT EXISTS IsApology Bool AFTER RefusalCue,
    ADD COLUMN IF NOT EXISTS IsQuestion Bool AFTER IsApology,
    ADD COLUMN IF NOT EXISTS OutputScript LowCardinality(String) AFTER IsQuestion,
    ADD COLUMN IF NOT EXISTS OutputScriptShare Float32 CODEC(ZSTD(1)) AFTER OutputScript,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float32 CODEC(ZSTD(1)) AFTER OutputScriptShare;

ALTER TABLE {database}.log_features {on_cluster}
    ADD COLUMN IF NOT EXISTS OutputWords UInt32 AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS OutputShingles Array(UInt32) AFTER OutputHash,
    ADD COLUMN IF NOT EXISTS InvalidToolCallCount UInt16 AFTER ToolCallCount,
    ADD COLUMN IF NOT EXISTS LooksLikeJson Bool AFTER IsJson,
    ADD COLUMN IF NOT EXISTS ListItemCount UInt16 AFTER HasCodeFence,
    ADD COLUMN IF NOT EXISTS HeadingCount UInt16 AFTER ListItemCount,
    ADD COLUMN IF NOT EXISTS RefusalCue LowCardinality(String) AFTER HeadingCount,
    ADD COLUMN IF NOT EXISTS IsApology Bool AFTER RefusalCue,
    ADD COLUMN IF NOT EXISTS IsQuestion Bool AFTER IsApology,
    ADD COLUMN IF NOT EXISTS OutputScript LowCardinality(String) AFTER IsQuestion,
    ADD COLUMN IF NOT EXISTS OutputScriptShare Float32 AFTER OutputScript,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float32 AFTER OutputScriptShare;

ALTER TABLE {database}.rollup_1h {on_cluster}
    ADD COLUMN IF NOT EXISTS Refusals UInt64 COMMENT 'Of Outputs, that refuse' CODEC(T64, ZSTD(1)) AFTER Empties,
    ADD COLUMN IF NOT EXISTS OutputChars UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)) AFTER Refusals,
    ADD COLUMN IF NOT EXISTS JsonExpected UInt64 COMMENT 'Of Outputs, that are to be JSON' CODEC(T64, ZSTD(1)) AFTER OutputChars,
    ADD COLUMN IF NOT EXISTS JsonInvalid UInt64 COMMENT 'Of these, that are not' CODEC(T64, ZSTD(1)) AFTER JsonExpected,
    ADD COLUMN IF NOT EXISTS Fenced UInt64 COMMENT 'Of Outputs, with a code fence' CODEC(T64, ZSTD(1)) AFTER JsonInvalid,
    ADD COLUMN IF NOT EXISTS Apologies UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)) AFTER Fenced,
    ADD COLUMN IF NOT EXISTS Questions UInt64 COMMENT 'Of Outputs' CODEC(T64, ZSTD(1)) AFTER Apologies,
    ADD COLUMN IF NOT EXISTS RepeatedShare Float64 COMMENT 'Of Outputs, the sum' CODEC(ZSTD(1)) AFTER Questions,
    ADD COLUMN IF NOT EXISTS ToolCalls UInt64 COMMENT 'In answers' CODEC(T64, ZSTD(1)) AFTER RepeatedShare,
    ADD COLUMN IF NOT EXISTS InvalidToolCalls UInt64 COMMENT 'Of these' CODEC(T64, ZSTD(1)) AFTER ToolCalls,
    ADD COLUMN IF NOT EXISTS PiiHits UInt64 CODEC(T64, ZSTD(1)) AFTER InvalidToolCalls,
    ADD COLUMN IF NOT EXISTS SecretHits UInt64 CODEC(T64, ZSTD(1)) AFTER PiiHits,
    ADD COLUMN IF NOT EXISTS Guarded UInt64 COMMENT 'On which a guardrail spoke' CODEC(T64, ZSTD(1)) AFTER SecretHits,
    ADD COLUMN IF NOT EXISTS GuardrailTrips UInt64 COMMENT 'Of these, not pass' CODEC(T64, ZSTD(1)) AFTER Guarded,
    ADD COLUMN IF NOT EXISTS CacheSavedUsd Float64 COMMENT 'Of those that have one' CODEC(ZSTD(1)) AFTER GuardrailTrips,
    ADD COLUMN IF NOT EXISTS CacheMissedUsd Float64 COMMENT 'Likewise' CODEC(ZSTD(1)) AFTER CacheSavedUsd,
    ADD COLUMN IF NOT EXISTS CacheKnown UInt64 COMMENT 'Of whose cache the price is known' CODEC(T64, ZSTD(1)) AFTER CacheMissedUsd;

TRUNCATE TABLE {database}.rollup_hours {on_cluster};
