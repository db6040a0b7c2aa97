"""The law of settling: what is stored in the end depends on the spans alone, not on how they came."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.settling.decisions import Change, decide
from watchkeeper_collector.settling.spans import FIELDS, Call, Settled, Span

from tests.settling import SECOND_NS, SettlingStore, open_settling

PLACES = [f"s{number}" for number in range(8)]
TRACES = ("t1", "t2")


@st.composite
def calls(draw: st.DrawFn) -> Call:
    if not draw(st.booleans()):
        return Call()
    return Call(
        kind="llm",
        scope=draw(st.sampled_from(["framework", "client"])),
        models=draw(st.sampled_from([(), ("gpt-4o",), ("gpt-4o-2024-08-06",), ("gpt-4o-mini",)])),
        response_id=draw(st.sampled_from(["", "r1", "r2"])),
        input_tokens=draw(st.sampled_from([None, 10, 11])),
        output_tokens=draw(st.sampled_from([None, 5])),
        is_error=draw(st.booleans()),
    )


@st.composite
def spans(draw: st.DrawFn) -> Span:
    place = draw(st.sampled_from(PLACES))
    values, own = list(Settled().values), 0
    for position in (0, 1):
        if user := draw(st.sampled_from(["", "", "ann", "bob"])):
            values[position] = (user,)
            own |= FIELDS[position].bit
    start_ns = draw(st.integers(0, 4)) * 1_000_000
    return Span(
        "shop",
        draw(st.sampled_from(TRACES)),
        place,
        draw(st.sampled_from(["", "lost", *PLACES])),
        start_ns,
        start_ns + draw(st.integers(0, 4)) * 1_000_000,
        own,
        Settled(tuple(values)),
        draw(calls()),
    )


def one_each(found: Sequence[Span]) -> list[Span]:
    return list({span.key: span for span in found}.values())


def settled(found: Sequence[Span], changes: Sequence[Change]) -> list[Span]:
    """The spans as they are stored after the decisions; what a span was sent with stays."""
    stored: list[Span] = []
    decisions = {change.span.key: change.decision for change in changes}
    for span in found:
        decision = decisions.get(span.key, span.stored)
        pairs = zip(FIELDS, span.stored.values, decision.values, strict=True)
        values = tuple(old if span.own & field.bit else new for field, old, new in pairs)
        stored.append(
            Span(
                span.project, span.trace_id, span.span_id, span.parent_id, span.start_ns, span.end_ns,
                span.own, Settled(values, decision.duplicate_of), span.call,
            )
        )  # fmt: skip
    return stored


@given(st.lists(spans(), max_size=12).map(one_each), st.randoms(use_true_random=False))
def test_any_order_and_any_rounds_end_alike(found: list[Span], order: random.Random) -> None:
    keys = [("shop", trace_id) for trace_id in TRACES]
    at_once = settled(found, decide(found, repeating=keys))
    arriving = order.sample(found, len(found))
    stored: list[Span] = []
    while arriving:
        some = order.randint(1, len(arriving))
        stored = [*stored, *arriving[:some]]
        del arriving[:some]
        stored = settled(stored, decide(stored, repeating=keys))
    assert sorted(stored, key=lambda span: span.key) == sorted(at_once, key=lambda span: span.key)
    assert decide(stored, repeating=keys) == []


@given(st.lists(spans(), max_size=12).map(one_each))
def test_exactly_one_span_of_each_call_counts(found: list[Span]) -> None:
    decisions = decide(found, repeating=[("shop", trace_id) for trace_id in TRACES])
    stored = settled(found, decisions)
    counting = {span.span_id for span in stored if not span.stored.duplicate_of}
    marked = [span for span in stored if span.stored.duplicate_of]
    assert all(span.call.kind and span.stored.duplicate_of in counting for span in marked)


@pytest.fixture(scope="module")
def store(engine_dsn: str) -> Iterator[SettlingStore]:
    with open_settling(engine_dsn, "settling_law") as opened:
        yield opened


def row_of(span: Span, now_ns: int) -> dict[str, Any]:
    return {
        "TraceId": span.trace_id,
        "SpanId": span.span_id,
        "ParentSpanId": span.parent_id,
        "Timestamp": now_ns + span.start_ns,
        "Duration": span.end_ns - span.start_ns,
        "UserId": span.stored.values[0][0],
        "SessionId": span.stored.values[1][0],
        "Kind": span.call.kind,
        "ScopeName": span.call.scope,
        "RequestModel": "".join(span.call.models),
        "ResponseId": span.call.response_id,
        "InputTokens": span.call.input_tokens,
        "OutputTokens": span.call.output_tokens,
        "IsError": span.call.is_error,
    }


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.lists(spans(), min_size=2, max_size=8).map(one_each), min_size=5, max_size=5),
    st.randoms(use_true_random=False),
)
def test_the_store_ends_alike_however_spans_arrive(
    store: SettlingStore, traces: list[list[Span]], order: random.Random
) -> None:
    """Each list of spans in a project of its own, once as one block and once over several rounds."""
    store.clear()
    rows = {
        f"p{number}": [row_of(span, store.now_ns) for span in found] for number, found in enumerate(traces)
    }
    store.put(
        *({**row, "Project": f"{name}-once"} for name, of_project in rows.items() for row in of_project)
    )
    settling = store.worker()
    settling.run_round()
    arriving = [{**row, "Project": name} for name, of_project in rows.items() for row in of_project]
    order.shuffle(arriving)
    while arriving:
        some = order.randint(len(arriving) // 2, len(arriving)) or 1
        store.now_ns += 40 * SECOND_NS
        store.put(*({"ReceivedAt": store.now_ns, **row} for row in arriving[:some]))
        del arriving[:some]
        settling.run_round()
    for name in rows:
        assert store.state(name) == store.state(f"{name}-once")
    store.now_ns += 700 * SECOND_NS
    again = settling.run_round()
    assert (again.completed, again.corrected) == (0, 0)
