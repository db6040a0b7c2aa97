"""Measures: numbers over spans. Every one but ``spans`` leaves duplicates out.

A rate is null where there is nothing to divide by, a sum of unknown costs or tokens is null and not zero.
Quantiles are exact, interpolated between neighbours as numpy does it; identities are counted by their hash.
"""

from dataclasses import dataclass
from typing import Literal

from watchkeeper_schemas.rollup import JSON_DUE, OUTPUT, REFUSED, TRIPPED

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.dimensions import unknown

Unit = Literal["count", "ratio", "usd", "tokens", "tokens_per_second", "ms", "score"]

COUNTED = "NOT IsDuplicate"
CALLS = f"Kind IN ('llm', 'embedding', 'reranker') AND {COUNTED}"
ANSWERS = f"Kind = 'llm' AND {COUNTED}"
TOOLS = f"Kind = 'tool' AND {COUNTED}"
EVERYTHING = "1"
SERVER_FAILED = "IsError AND (ErrorStatus < 400 OR ErrorStatus >= 500)"
PRICED = f"{CALLS} AND CostUsd IS NOT NULL AND TraceId != ''"
REPEATABLE = f"{TOOLS} AND TraceId != '' AND ToolArgsHash != 0"
KNOWN = f"Kind = 'llm' AND {OUTPUT}"

SCORE = "score."
GIVEN = "Name = {score} AND Value IS NOT NULL"
"""``{score}`` stands for the name of a score, which is bound: it is anybody's text."""


@dataclass(frozen=True, slots=True)
class Measure:
    """``population`` says which spans it looks at; ``empty`` is its value where there are none."""

    name: str
    sql: str
    unit: Unit
    description: str
    population: str = CALLS
    empty: Literal["0", "NULL"] = "NULL"


def ratio(part: str, whole: str) -> str:
    return f"if({whole} = 0, NULL, {part} / {whole})"


def share(of: str, among: str) -> str:
    """The part of the spans ``among`` that are also ``of``."""
    return ratio(f"countIf({among} AND {of})", f"countIf({among})")


def most_in(pairs: str, among: str) -> str:
    """The greatest sum of what the spans ``among`` add to a key; ``pairs`` is a map of one key each."""
    return f"arrayMax(arrayPushBack(mapValues(sumMapIf({pairs}, {among})), 0))"


def finite(sql: str) -> str:
    """The engine gives not-a-number for a mean or a quantile of nothing."""
    return f"if(isFinite(ifNull({sql}, nan)), {sql}, NULL)"


def quantile_ms(level: str, value_ms: str, among: str) -> str:
    return finite(f"quantileExactInclusiveIf({level})({value_ms}, {among})")


def _latency(name: str, level: str) -> Measure:
    sql = quantile_ms(level, "Duration / 1e6", CALLS)
    return Measure(f"latency_{name}_ms", sql, "ms", f"{name} of the duration of calls")


def _first_token(name: str, level: str) -> Measure:
    sql = quantile_ms(
        level, "assumeNotNull(TimeToFirstTokenMs)", f"{CALLS} AND TimeToFirstTokenMs IS NOT NULL"
    )
    return Measure(f"ttft_{name}_ms", sql, "ms", f"{name} of the time to the first token of streamed calls")


def _cost_per(name: str, column: str, what: str) -> Measure:
    priced = f"{CALLS} AND CostUsd IS NOT NULL AND {column} != ''"
    sql = ratio(f"sumKahanIf(CostUsd, {priced})", f"uniqExactIf(cityHash64({column}), {priced})")
    return Measure(f"cost_per_{name}_usd", sql, "usd", f"Mean cost of {what} with calls that have a cost")


def _answer_rate(name: str, of: str, what: str) -> Measure:
    return Measure(name, share(of, KNOWN), "ratio", f"{what}, of those whose content is known", ANSWERS)


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("calls", f"countIf({CALLS})", "count", "Requests to a model", empty="0"),
        Measure("spans", "count()", "count", "Spans, duplicates too", EVERYTHING, "0"),
        Measure(
            "traces",
            f"uniqExactIf(cityHash64(TraceId), {COUNTED})",
            "count",
            "Different traces",
            COUNTED,
            "0",
        ),
        Measure("errors", f"countIf({CALLS} AND IsError)", "count", "Calls that failed", empty="0"),
        Measure("error_rate", share("IsError", CALLS), "ratio", "Failed calls of all calls"),
        Measure(
            "server_errors",
            f"countIf({CALLS} AND {SERVER_FAILED})",
            "count",
            "Calls that failed by no fault of the caller's: with another status than 4xx, or with none",
            empty="0",
        ),
        Measure(
            "erring_models",
            f"uniqExactIf(cityHash64(Provider, if(ResponseModel != '', ResponseModel, RequestModel)),"
            f" {CALLS} AND {SERVER_FAILED})",
            "count",
            "Different models with such a failed call",
            empty="0",
        ),
        Measure(
            "rate_limited_rate",
            share("ErrorStatus = 429", CALLS),
            "ratio",
            "Calls that were refused with status 429, of all calls",
        ),
        Measure(
            "cost_usd",
            f"sumKahanIf(CostUsd, {CALLS})",
            "usd",
            "Cost of calls; unpriced ones are left out",
            empty="0",
        ),
        Measure(
            "cost_per_call_usd", finite(f"avgIf(CostUsd, {CALLS})"), "usd", "Mean cost of a call with a cost"
        ),
        _cost_per("trace", "TraceId", "a trace"),
        _cost_per("session", "SessionId", "a session"),
        _cost_per("user", "UserId", "a user"),
        Measure(
            "max_calls_per_trace",
            most_in("map(cityHash64(TraceId), toUInt64(1))", CALLS),
            "count",
            "Calls of the trace that has most",
            empty="0",
        ),
        Measure(
            "max_tool_repeats",
            most_in("map(cityHash64(TraceId, ToolName, ToolArgsHash), toUInt64(1))", REPEATABLE),
            "count",
            "How often one trace called the same tool with the same arguments",
            TOOLS,
            "0",
        ),
        Measure(
            "max_cost_per_trace_usd",
            most_in("map(cityHash64(TraceId), assumeNotNull(CostUsd))", PRICED),
            "usd",
            "Cost of the trace that costs most",
            empty="0",
        ),
        Measure(
            "max_to_median_trace_cost",
            finite(
                most_in("map(cityHash64(TraceId), assumeNotNull(CostUsd))", PRICED)
                + " / nullIf(arrayReduce('quantileExactInclusive(0.5)',"
                f" mapValues(sumMapIf(map(cityHash64(TraceId), assumeNotNull(CostUsd)), {PRICED}))), 0)"
            ),
            "count",
            "How many times the median trace's cost the dearest trace costs",
        ),
        Measure(
            "unpriced_calls",
            f"countIf({CALLS} AND CostSource = 'unpriced')",
            "count",
            "Calls whose cost is not known",
            empty="0",
        ),
        Measure(
            "input_tokens",
            f"sumIf(InputTokens, {CALLS})",
            "tokens",
            "Tokens read, cache reads and writes included",
            empty="0",
        ),
        Measure(
            "output_tokens",
            f"sumIf(OutputTokens, {CALLS})",
            "tokens",
            "Tokens written, reasoning included",
            empty="0",
        ),
        Measure(
            "cache_hit_ratio",
            ratio(f"ifNull(sumIf(CacheReadTokens, {CALLS}), 0)", f"ifNull(sumIf(InputTokens, {CALLS}), 0)"),
            "ratio",
            "Tokens read from the provider's cache, of all tokens read",
        ),
        Measure(
            "tokens_per_second",
            finite(
                f"sumIf(OutputTokens, {ANSWERS} AND NOT IsError)"
                f" / sumIf(Duration / 1e9, {ANSWERS} AND NOT IsError AND OutputTokens IS NOT NULL)"
            ),
            "tokens_per_second",
            "Tokens written in a second of an llm call that did not fail",
            ANSWERS,
        ),
        Measure("latency_avg_ms", finite(f"avgIf(Duration, {CALLS}) / 1e6"), "ms", "Mean duration of calls"),
        _latency("p50", "0.5"),
        _latency("p90", "0.9"),
        _latency("p95", "0.95"),
        _latency("p99", "0.99"),
        _first_token("p50", "0.5"),
        _first_token("p95", "0.95"),
        Measure(
            "empty_rate",
            share("IsEmpty", KNOWN),
            "ratio",
            "Answers without text or tool call, of those whose content is known",
            ANSWERS,
        ),
        Measure(
            "truncation_rate",
            share("IsTruncated", f"{ANSWERS} AND FinishReason != ''"),
            "ratio",
            "Answers cut at the token limit, of those that say why they ended",
            ANSWERS,
        ),
        Measure(
            "invalid_json_rate",
            share("NOT IsJson", f"{KNOWN} AND {JSON_DUE}"),
            "ratio",
            "Answers that are not JSON, of those that were to be and whose content is known",
            ANSWERS,
        ),
        _answer_rate("refusal_rate", REFUSED, "Answers that decline, or that the provider held back"),
        _answer_rate("code_fence_rate", "HasCodeFence", "Answers with a code fence"),
        _answer_rate("apology_rate", "IsApology", "Answers that begin by saying sorry"),
        _answer_rate("question_rate", "IsQuestion", "Answers that end in a question"),
        Measure(
            "repetition_avg",
            finite(f"avgIf(RepeatedShare, {KNOWN})"),
            "ratio",
            "Mean part of an answer's runs of three words that occurred in it before",
            ANSWERS,
        ),
        Measure(
            "output_chars_avg",
            finite(f"avgIf(OutputChars, {KNOWN})"),
            "count",
            "Mean length of an answer, in characters",
            ANSWERS,
        ),
        Measure(
            "output_chars_p50",
            finite(f"quantileExactInclusiveIf(0.5)(OutputChars, {KNOWN})"),
            "count",
            "Median length of an answer, in characters",
            ANSWERS,
        ),
        Measure(
            "invalid_tool_call_rate",
            ratio(f"sumIf(InvalidToolCallCount, {KNOWN})", f"sumIf(ToolCallCount, {KNOWN})"),
            "ratio",
            "Tool calls in answers whose arguments are no JSON object, of all tool calls in answers",
            ANSWERS,
        ),
        Measure(
            "pii_hits",
            f"sumIf(PiiHits, {COUNTED})",
            "count",
            "Personal data that redaction found",
            COUNTED,
            "0",
        ),
        Measure(
            "secret_hits",
            f"sumIf(SecretHits, {COUNTED})",
            "count",
            "Secrets that redaction found",
            COUNTED,
            "0",
        ),
        Measure(
            "guardrail_trips",
            f"countIf({COUNTED} AND {TRIPPED})",
            "count",
            "Spans on which a guardrail warned, modified or blocked",
            COUNTED,
            "0",
        ),
        Measure(
            "guardrail_trip_rate",
            share(TRIPPED, f"{COUNTED} AND GuardrailResult != ''"),
            "ratio",
            "Of the spans on which a guardrail spoke, those on which it did not let pass",
            COUNTED,
        ),
        Measure(
            "cache_savings_usd",
            f"sumKahanIf(CacheSavedUsd, {CALLS})",
            "usd",
            "What calls would have cost more without the provider's cache; negative where it cost more",
        ),
        Measure(
            "cache_missed_usd",
            f"sumKahanIf(CacheMissedUsd, {CALLS})",
            "usd",
            "What calls would have cost less with all of their input from the cache, at the most",
        ),
        Measure(
            "tool_error_rate", share("IsError", TOOLS), "ratio", "Failed tool spans of all tool spans", TOOLS
        ),
        Measure(
            "users",
            f"uniqExactIf(cityHash64(UserId), UserId != '' AND {COUNTED})",
            "count",
            "Different users",
            COUNTED,
            "0",
        ),
        Measure(
            "sessions",
            f"uniqExactIf(cityHash64(SessionId), SessionId != '' AND {COUNTED})",
            "count",
            "Different sessions",
            COUNTED,
            "0",
        ),
    )
}


def is_score(name: str) -> bool:
    return name.startswith(SCORE) and len(name) > len(SCORE)


def find_measure(name: str) -> Measure:
    """The measure of that name."""
    if name in MEASURES:
        return MEASURES[name]
    if is_score(name):
        return Measure(name, finite(f"avgIf(Value, {GIVEN})"), "score", "Mean of the scores' values", GIVEN)
    raise InvalidQueryError(unknown(name, "measure", [*MEASURES, "score.<name>"]))
