"""What roll-ups add up, as SQL over the columns of ``spans``."""

from collections.abc import Iterable

KEYS = (
    "Kind", "Operation", "ServiceName", "Environment", "Release", "Provider", "RequestModel",
    "ResponseModel", "Feature", "PromptName", "PromptVersion", "ToolName",
)  # fmt: skip
"""What spans of an hour are told apart by. They mean what they mean in ``spans``."""

BUCKETS_PER_DOUBLING = 4
LOWEST_BUCKET, HIGHEST_BUCKET = -80, 120
"""Numbers of the outermost buckets: 2^-20 and 2^30; what lies beyond is counted in them, and so is zero."""

QUANTILE_LEVELS = (0.5, 0.9, 0.95, 0.99)
QUANTILES = f"quantilesDD(0.01, {', '.join(map(str, QUANTILE_LEVELS))})"
"""Within 1 % of the value at the rank (DDSketch, Masson, Rim and Lee 2019)."""
UNIQUE = "uniqCombined64(15)"
"""Exact up to some thousand, then within about 0.6 % (HyperLogLog with 2^15 registers)."""


def combined(function: str, combinator: str, argument: str, condition: str = "") -> str:
    """``quantilesDD(0.1, 0.5)`` with ``StateIf`` is ``quantilesDDStateIf(0.1, 0.5)(argument, condition)``."""
    name, _, parameters = function.partition("(")
    arguments = f"{argument}, {condition}" if condition else argument
    return f"{name}{combinator}({parameters}({arguments})"


def bucket_sql(value: str) -> str:
    """The number of the bucket that a value is in; a power of two begins a bucket.

    What lies behind a NULL may be no number at all, and is computed too.
    """
    number = f"floor(log2({value}) * {BUCKETS_PER_DOUBLING})"
    bounded = f"greatest({LOWEST_BUCKET}, least({HIGHEST_BUCKET}, {number}))"
    return f"toInt16(ifNotFinite({bounded}, {LOWEST_BUCKET}))"


def _known(column: str) -> str:
    return f"NOT IsDuplicate AND {column} IS NOT NULL"


def _sum(column: str) -> str:
    return f"ifNull(sumIf({column}, {_known(column)}), 0)"


TO_FIRST_MS = "assumeNotNull(TimeToFirstTokenMs)"
COUNTED = "NOT IsDuplicate"
OUTPUT = f"{COUNTED} AND HasOutput AND ContentKept IN ('', 'all', 'sampled')"
"""Answers that are known, and not because of what is in them: shares among these are shares among all."""
REFUSED = "(IsRefusal OR FinishReason = 'content_filter')"
JSON_DUE = "IsJsonExpected AND (spans.OutputChars > 0 OR ToolCallCount = 0)"
TRIPPED = "GuardrailResult NOT IN ('', 'pass')"

COLUMNS = {
    "Spans": "count()",
    "Counted": f"countIf({COUNTED})",
    "Errors": f"countIf({COUNTED} AND IsError)",
    "RateLimited": f"countIf({COUNTED} AND ErrorStatus = 429)",
    "CostUsd": f"ifNull(sumKahanIf(spans.CostUsd, {_known('spans.CostUsd')}), 0)",
    "Priced": f"countIf({_known('spans.CostUsd')})",
    "Unpriced": f"countIf({COUNTED} AND CostSource = 'unpriced')",
    "InputTokens": _sum("spans.InputTokens"),
    "InputKnown": f"countIf({_known('spans.InputTokens')})",
    "OutputTokens": _sum("spans.OutputTokens"),
    "OutputKnown": f"countIf({_known('spans.OutputTokens')})",
    "CacheReadTokens": _sum("spans.CacheReadTokens"),
    "CacheWriteTokens": _sum("spans.CacheWriteTokens"),
    "DurationNs": f"sumIf(toFloat64(Duration), {COUNTED})",
    "WrittenTokens": (
        f"ifNull(sumIf(spans.OutputTokens, {_known('spans.OutputTokens')} AND NOT IsError), 0)"
    ),
    "WritingNs": f"sumIf(toFloat64(Duration), {_known('spans.OutputTokens')} AND NOT IsError)",
    "Outputs": f"countIf({OUTPUT})",
    "Empties": f"countIf({OUTPUT} AND IsEmpty)",
    "Refusals": f"countIf({OUTPUT} AND {REFUSED})",
    "OutputChars": f"sumIf(spans.OutputChars, {OUTPUT})",
    "JsonExpected": f"countIf({OUTPUT} AND {JSON_DUE})",
    "JsonInvalid": f"countIf({OUTPUT} AND {JSON_DUE} AND NOT IsJson)",
    "Fenced": f"countIf({OUTPUT} AND HasCodeFence)",
    "Apologies": f"countIf({OUTPUT} AND IsApology)",
    "Questions": f"countIf({OUTPUT} AND IsQuestion)",
    "RepeatedShare": f"sumIf(toFloat64(spans.RepeatedShare), {OUTPUT})",
    "ToolCalls": f"sumIf(ToolCallCount, {OUTPUT})",
    "InvalidToolCalls": f"sumIf(InvalidToolCallCount, {OUTPUT})",
    "PiiHits": f"sumIf(spans.PiiHits, {COUNTED})",
    "SecretHits": f"sumIf(spans.SecretHits, {COUNTED})",
    "Guarded": f"countIf({COUNTED} AND GuardrailResult != '')",
    "GuardrailTrips": f"countIf({COUNTED} AND {TRIPPED})",
    "CacheSavedUsd": _sum("spans.CacheSavedUsd"),
    "CacheMissedUsd": _sum("spans.CacheMissedUsd"),
    "CacheKnown": f"countIf({_known('spans.CacheSavedUsd')})",
    "Finished": f"countIf({COUNTED} AND FinishReason != '')",
    "Truncated": f"countIf({COUNTED} AND FinishReason != '' AND IsTruncated)",
    "LatencyMs": combined(QUANTILES, "StateIf", "Duration / 1e6", COUNTED),
    "FirstTokenMs": combined(QUANTILES, "StateIf", TO_FIRST_MS, _known("TimeToFirstTokenMs")),
    "LatencyBuckets": f"sumMapIf(map({bucket_sql('Duration / 1e6')}, toUInt64(1)), {COUNTED})",
    "FirstTokenBuckets": (
        f"sumMapIf(map({bucket_sql(TO_FIRST_MS)}, toUInt64(1)), {_known('TimeToFirstTokenMs')})"
    ),
    "Traces": combined(UNIQUE, "StateIf", "TraceId", COUNTED),
    "Users": combined(UNIQUE, "StateIf", "UserId", f"{COUNTED} AND UserId != ''"),
    "Sessions": combined(UNIQUE, "StateIf", "SessionId", f"{COUNTED} AND SessionId != ''"),
}
"""Sums and states by name of the column. The table they are read from is called ``spans`` in them."""


def rolled(columns: Iterable[str], keys: Iterable[str] = KEYS) -> str:
    """The columns of a SELECT that rolls ``spans`` up by hour, with ``GROUP BY Hour`` and the keys."""
    named = [f"{COLUMNS[name]} AS {name}" for name in columns]
    return ",\n    ".join(["toStartOfHour(Timestamp) AS Hour", *keys, *named])
