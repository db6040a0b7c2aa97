"""The invented shop: the same seed gives the same traffic, and it is what it says it is."""

import json
from collections import Counter
from itertools import islice, takewhile

import pytest
from watchkeeper_collector.demo.applications import NEW_RELEASE, OLD_RELEASE
from watchkeeper_collector.demo.trace import OpenSpan, Trace, build_request
from watchkeeper_collector.demo.traffic import HISTORY_S, HOUR_S, Plan, generate_traces

START_S = 1_800_000_000.0
PLAN = Plan(START_S)


@pytest.fixture(scope="module")
def history() -> list[Trace]:
    return list(takewhile(lambda trace: trace.start_ns < START_S * 1e9, generate_traces(PLAN)))


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


def test_history_covers_the_day_in_order(history: list[Trace]) -> None:
    starts_s = [trace.start_ns / 1e9 for trace in history]
    assert starts_s == sorted(starts_s)
    assert starts_s[0] >= START_S - HISTORY_S
    assert 2000 < len(history) < 4000
    assert all(
        any(START_S - (hour + 1) * HOUR_S <= s < START_S - hour * HOUR_S for s in starts_s)
        for hour in range(24)
    )


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


def test_openai_refuses_calls_nine_hours_before_the_start(history: list[Trace]) -> None:
    refused = Counter(
        int((START_S - span.start_ns / 1e9) // HOUR_S)
        for span in calls(history)
        if span.error is not None and span.error.status == 429
    )
    assert refused.most_common(1)[0][0] == 8
    assert refused[8] > 10


def test_new_release_is_slower_and_uses_more_tokens(history: list[Trace]) -> None:
    by_release = {
        release: [
            s
            for s in calls(history)
            if s.service.release == release and s.attributes["gen_ai.provider.name"] == "openai"
        ]
        for release in (OLD_RELEASE, NEW_RELEASE)
    }
    old, new = by_release[OLD_RELEASE], by_release[NEW_RELEASE]
    assert mean_output_tokens(new) > 1.3 * mean_output_tokens(old)
    latency = [sum(s.end_ns - s.start_ns for s in side) / len(side) for side in (old, new)]
    assert latency[1] > 1.3 * latency[0]
    assert min(s.start_ns for s in new) >= (START_S - 6 * HOUR_S) * 1e9


def test_live_traffic_begins_at_once() -> None:
    plan = Plan(START_S, history_traces=10)
    live = (trace for trace in generate_traces(plan) if trace.start_ns >= START_S * 1e9)
    assert next(live).start_ns < (START_S + 10) * 1e9
    assert next(islice(live, 20, None)).start_ns < (START_S + 60) * 1e9


def test_live_traffic_comes_at_its_rate() -> None:
    plan = Plan(START_S, history_traces=10, traces_per_s=3.0)
    live = (trace for trace in generate_traces(plan) if trace.start_ns >= START_S * 1e9)
    starts_s = [trace.start_ns / 1e9 for trace in islice(live, 3000)]
    assert 2.0 < 2000 / (starts_s[2999] - starts_s[999]) < 5.0
