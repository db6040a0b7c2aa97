"""Measures over roll-ups: the same numbers as over spans, from sums and states of whole hours."""

from watchkeeper_schemas.rollup import QUANTILE_LEVELS, QUANTILES, UNIQUE, combined

from watchkeeper_collector.query.measures import finite, ratio

CALLS = "Kind IN ('llm', 'embedding', 'reranker')"
ANSWERS = "Kind = 'llm'"
TOOLS = "Kind = 'tool'"


def total(column: str, among: str = CALLS) -> str:
    return f"sumIf({column}, {among})"


def known(column: str, count: str) -> str:
    """A sum, and null where nothing is known of what it sums."""
    return f"if({total(count)} = 0, NULL, {total(column)})"


def share(part: str, whole: str, among: str = CALLS) -> str:
    return ratio(total(part, among), total(whole, among))


def quantile(column: str, level: float) -> str:
    merged = combined(QUANTILES, "MergeIf", column, CALLS)
    return finite(f"{merged}[{QUANTILE_LEVELS.index(level) + 1}]")


def different(column: str) -> str:
    return combined(UNIQUE, "Merge", column)


COST = f"if({total('Priced')} = 0, NULL, sumKahanIf(CostUsd, {CALLS}))"
ESTIMATES = {
    **{f"latency_p{round(level * 100)}_ms": quantile("LatencyMs", level) for level in QUANTILE_LEVELS},
    "ttft_p50_ms": quantile("FirstTokenMs", 0.5),
    "ttft_p95_ms": quantile("FirstTokenMs", 0.95),
    "traces": different("Traces"),
    "users": different("Users"),
    "sessions": different("Sessions"),
}
"""Measures that roll-ups know within some error only."""

ROLLED = {
    "calls": total("Counted"),
    "spans": "sum(Spans)",
    "errors": total("Errors"),
    "error_rate": share("Errors", "Counted"),
    "rate_limited_rate": share("RateLimited", "Counted"),
    "cost_usd": COST,
    "cost_per_call_usd": finite(f"{COST} / {total('Priced')}"),
    "unpriced_calls": total("Unpriced"),
    "input_tokens": known("InputTokens", "InputKnown"),
    "output_tokens": known("OutputTokens", "OutputKnown"),
    "cache_hit_ratio": share("CacheReadTokens", "InputTokens"),
    "tokens_per_second": finite(f"{total('WrittenTokens', ANSWERS)} / ({total('WritingNs', ANSWERS)} / 1e9)"),
    "latency_avg_ms": finite(f"{total('DurationNs')} / 1e6 / {total('Counted')}"),
    "cache_savings_usd": known("CacheSavedUsd", "CacheKnown"),
    "cache_missed_usd": known("CacheMissedUsd", "CacheKnown"),
    "empty_rate": share("Empties", "Outputs", ANSWERS),
    "truncation_rate": share("Truncated", "Finished", ANSWERS),
    "refusal_rate": share("Refusals", "Outputs", ANSWERS),
    "invalid_json_rate": share("JsonInvalid", "JsonExpected", ANSWERS),
    "code_fence_rate": share("Fenced", "Outputs", ANSWERS),
    "apology_rate": share("Apologies", "Outputs", ANSWERS),
    "question_rate": share("Questions", "Outputs", ANSWERS),
    "repetition_avg": share("RepeatedShare", "Outputs", ANSWERS),
    "output_chars_avg": share("OutputChars", "Outputs", ANSWERS),
    "invalid_tool_call_rate": share("InvalidToolCalls", "ToolCalls", ANSWERS),
    "pii_hits": "sum(PiiHits)",
    "secret_hits": "sum(SecretHits)",
    "guardrail_trips": "sum(GuardrailTrips)",
    "guardrail_trip_rate": ratio("sum(GuardrailTrips)", "sum(Guarded)"),
    "tool_error_rate": share("Errors", "Counted", TOOLS),
    **ESTIMATES,
}
"""SQL over the columns of ``rollup_1h``, by the names of the measures."""

ROLLED_DIMENSIONS = frozenset(
    {"project", "service", "environment", "release", "provider", "model", "request_model", "operation"}
    | {"kind", "feature", "prompt", "prompt_version", "tool"}
)
