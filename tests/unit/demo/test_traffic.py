"""The invented shop: the same seed gives the same traffic, and it is what it says it is."""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import pytest
from watchkeeper_collector.demo.story import (
    DAY_S,
    HOUR_S,
    NEW_ASSISTANT,
    NEW_SUPPORT,
    OLD_ASSISTANT,
    OLD_SUPPORT,
    SPENDER,
    Story,
)
from watchkeeper_collector.demo.trace import OpenSpan, Service, Trace, build_request
from watchkeeper_collector.demo.traffic import Plan, generate_traces

START_S = 1_800_000_000.0
PLAN = Plan(START_S)
STORY = Story(START_S)


@pytest.fixture(scope="module")
def history() -> list[Trace]:
    return list(generate_traces(PLAN))


def encoded(plan: Plan, traces: int) -> list[bytes]:
    return [
        build_request(trace.resource_spans()).SerializeToString(deterministic=True)
        for trace in islice(generate_traces(plan), traces)
    ]


def calls(traces: list[Trace]) -> list[OpenSpan]:
    return [
        span
        for trace in traces
        for span in trace.spans
        if "gen_ai.request.model" in span.attributes
        and span.attributes["gen_ai.operation.name"] != "invoke_agent"
    ]


def mean_output_tokens(spans: list[OpenSpan]) -> float:
    tokens = [span.attributes.get("gen_ai.usage.output_tokens", 0) for span in spans]
    return sum(int(str(found)) for found in tokens) / len(tokens)


def test_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    assert encoded(PLAN, 30) == encoded(PLAN, 30)
    assert encoded(PLAN, 5) != encoded(Plan(START_S, seed=2), 5)


def test_another_start_shares_no_trace_id() -> None:
    first, second = (
        {
            span.trace_id
            for trace in islice(generate_traces(Plan(start_s)), 50)
            for group in trace.resource_spans()
            for span in group.scope_spans[0].spans
        }
        for start_s in (START_S, START_S + 1)
    )
    assert not first & second


def test_history_covers_five_weeks_in_order(history: list[Trace]) -> None:
    starts_s = [trace.start_ns / 1e9 for trace in history]
    assert starts_s == sorted(starts_s)
    assert starts_s[0] >= START_S - 35 * DAY_S
    assert starts_s[-1] < START_S
    assert {int((START_S - start_s) // DAY_S) for start_s in starts_s} == set(range(35))


def test_days_are_busier_than_nights_and_weekends(history: list[Trace]) -> None:
    at = [datetime.fromtimestamp(trace.start_ns / 1e9, UTC) for trace in history]
    hours = Counter(moment.hour for moment in at)
    assert sum(hours[hour] for hour in (14, 15, 16)) > 3 * sum(hours[hour] for hour in (2, 3, 4))
    weekdays = Counter(moment.weekday() for moment in at)
    assert max(weekdays[5], weekdays[6]) < min(weekdays[day] for day in range(5))


def test_spans_lie_within_their_parents(history: list[Trace]) -> None:
    for trace in history:
        by_id = {span.id: span for span in trace.spans}
        roots = [span for span in trace.spans if not span.parent_id]
        assert len(roots) == 1
        for span in trace.spans:
            parent = by_id.get(span.parent_id, span)
            assert parent.start_ns <= span.start_ns <= span.end_ns <= parent.end_ns


def test_three_services_use_several_models_of_several_providers(history: list[Trace]) -> None:
    assert {span.service.name for trace in history for span in trace.spans} == {
        "shop-assistant",
        "product-search",
        "order-support",
    }
    assert {span.attributes["gen_ai.provider.name"] for span in calls(history)} == {
        "openai",
        "anthropic",
        "gcp.gemini",
        "vllm",
    }
    assert len({span.attributes["gen_ai.request.model"] for span in calls(history)}) == 7


def test_conversations_grow_and_keep_their_user(history: list[Trace]) -> None:
    users: dict[str, set[str]] = {}
    lengths: dict[str, list[int]] = {}
    for trace in history:
        root = next(span for span in trace.spans if not span.parent_id)
        session = str(root.attributes["session.id"])
        users.setdefault(session, set()).add(str(root.attributes["user.id"]))
        said = [
            s.attributes["gen_ai.input.messages"]
            for s in calls([trace])
            if s.attributes.get("gen_ai.conversation.id") == session
        ]
        if said:
            lengths.setdefault(session, []).append(len(json.loads(str(said[-1]))))
    assert all(len(found) == 1 for found in users.values())
    assert all(found == sorted(found) for found in lengths.values())
    assert max(len(found) for found in lengths.values()) >= 4


def test_streams_have_a_first_token_and_caches_are_part_of_the_input(history: list[Trace]) -> None:
    streamed = [
        span for span in calls(history) if span.attributes.get("gen_ai.request.stream") and not span.error
    ]
    assert streamed
    assert all("gen_ai.response.time_to_first_chunk" in span.attributes for span in streamed)
    cached = [
        span.attributes
        for span in calls(history)
        if "gen_ai.usage.cache_read.input_tokens" in span.attributes
    ]
    assert cached
    assert all(
        found["gen_ai.usage.cache_read.input_tokens"] <= found["gen_ai.usage.input_tokens"]
        for found in cached
    )


def failures(history: list[Trace], provider: str, times_s: tuple[float, float]) -> tuple[list[int], int]:
    """The statuses of a provider's failed calls of a time, and how many it was asked for."""
    asked = [
        s
        for s in calls(history)
        if s.attributes["gen_ai.provider.name"] == provider and times_s[0] <= s.start_ns / 1e9 < times_s[1]
    ]
    return [s.error.status for s in asked if s.error], len(asked)


def test_openai_refuses_a_third_of_its_calls_the_day_before(history: list[Trace]) -> None:
    statuses, asked = failures(history, "openai", STORY.limit_s)
    assert statuses.count(429) > 0.2 * asked > 5


def test_anthropic_is_down_for_three_hours(history: list[Trace]) -> None:
    statuses, asked = failures(history, "anthropic", STORY.outage_s)
    assert statuses.count(529) > 0.8 * asked > 15
    others, _ = failures(history, "anthropic", (STORY.outage_s[1] + HOUR_S, START_S))
    assert 529 not in others


def test_one_user_pays_for_most_of_the_surge(history: list[Trace]) -> None:
    begin_s, end_s = STORY.surge_s
    tokens: Counter[str] = Counter()
    for trace in history:
        if begin_s <= trace.start_ns / 1e9 < end_s:
            tokens[user_of(trace)] += sum(
                int(str(s.attributes.get("gen_ai.usage.input_tokens", 0))) for s in calls([trace])
            )
    assert tokens.most_common(1)[0][0] == SPENDER
    assert tokens[SPENDER] > 2 * (tokens.total() - tokens[SPENDER])


def test_the_newest_support_release_refuses_its_customers(history: list[Trace]) -> None:
    shares = {release: refusals(history, release) for release in (OLD_SUPPORT, NEW_SUPPORT)}
    assert shares[OLD_SUPPORT] < 0.04
    assert shares[NEW_SUPPORT] > 0.12


def test_the_replaced_model_answers_in_a_code_fence(history: list[Trace]) -> None:
    served = {
        str(s.attributes["gen_ai.response.model"]): str(s.attributes["gen_ai.output.messages"])
        for s in calls(history)
        if str(s.attributes.get("gen_ai.response.model", "")).startswith("shop-intent")
    }
    assert "```json" not in served["shop-intent-7b"]
    assert "```json" in served["shop-intent-7b-r2"]


def user_of(trace: Trace) -> str:
    return next(str(span.attributes["user.id"]) for span in trace.spans if not span.parent_id)


def refusals(history: list[Trace], release: str) -> float:
    """Share of a release's traces with an answer that was refused."""
    traces = [t for t in history if any(s.service == Service("order-support", release) for s in t.spans)]
    refused = [
        t
        for t in traces
        if any(s.attributes.get("gen_ai.response.finish_reasons") == ["content_filter"] for s in t.spans)
    ]
    return len(refused) / len(traces)


def test_new_release_is_slower_and_uses_more_tokens(history: list[Trace]) -> None:
    by_release = {
        release: [
            s
            for s in calls([t for t in history if user_of(t) != SPENDER])
            if s.service.release == release and s.attributes["gen_ai.provider.name"] == "openai"
        ]
        for release in (OLD_ASSISTANT, NEW_ASSISTANT)
    }
    old, new = by_release[OLD_ASSISTANT], by_release[NEW_ASSISTANT]
    assert mean_output_tokens(new) > 1.3 * mean_output_tokens(old)
    latency = [sum(s.end_ns - s.start_ns for s in side) / len(side) for side in (old, new)]
    assert latency[1] > 1.3 * latency[0]
    assert min(s.start_ns for s in new) >= STORY.at(14, 10) * 1e9
