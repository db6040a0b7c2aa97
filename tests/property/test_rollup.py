"""The law of roll-ups: they answer as the spans do, whatever happens to these, before a round and after."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.query.comparison import answer
from watchkeeper_collector.query.question import MOST_MEASURES, Question
from watchkeeper_collector.query.rolled import ESTIMATES, ROLLED
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import Window

from tests.rollup import FIRST_NS, HOUR_NS, RolledStore, open_rolled, span

WINDOW = Window(FIRST_NS - HOUR_NS // 3, FIRST_NS + 12 * HOUR_NS + HOUR_NS // 2)
MEASURES = [*sorted(ROLLED.keys() - ESTIMATES.keys()), "traces", "users", "sessions"]
"""Few users are counted one by one, so that of the estimates only quantiles differ."""
SHAPES: list[dict[str, Any]] = [
    {},
    {"by": ["model", "kind"]},
    {"by": ["service"], "step_ns": 2 * HOUR_NS, "limit": 1, "has_other": True},
    {"by": ["project", "feature"], "compare": "previous"},
]

FLAGS = ("IsRefusal", "IsApology", "IsQuestion", "IsJson", "IsJsonExpected", "HasCodeFence")
NUMBERS = st.one_of(st.none(), st.integers(0, 5_000))


@st.composite
def spans(draw: st.DrawFn) -> dict[str, Any]:
    return span(
        draw(st.integers(0, 30)),
        draw(st.sampled_from([0, 0.5, 1, 1.999999, 2, 5, 9.25, 12.1])),
        Kind=draw(st.sampled_from(["llm", "llm", "embedding", "tool", "agent"])),
        ResponseModel=draw(st.sampled_from(["", "gpt-4o", "claude"])),
        RequestModel=draw(st.sampled_from(["", "gpt-4o"])),
        ServiceName=draw(st.sampled_from(["web", "batch"])),
        Feature=draw(st.sampled_from(["", "search"])),
        Duration=draw(st.integers(0, 10**11)),
        UserId=draw(st.sampled_from(["", "ann", "bob", "eve"])),
        SessionId=draw(st.sampled_from(["", "s1", "s2"])),
        InputTokens=draw(NUMBERS),
        CacheReadTokens=draw(NUMBERS),
        OutputTokens=draw(NUMBERS),
        CostUsd=draw(st.one_of(st.none(), st.floats(0, 10))),
        CostSource=draw(st.sampled_from(["", "unpriced", "computed"])),
        TimeToFirstTokenMs=draw(st.one_of(st.none(), st.floats(0, 10_000))),
        IsError=draw(st.booleans()),
        ErrorStatus=draw(st.sampled_from([0, 429, 500])),
        IsDuplicate=draw(st.booleans()),
        HasOutput=draw(st.booleans()),
        IsEmpty=draw(st.booleans()),
        IsTruncated=draw(st.booleans()),
        FinishReason=draw(st.sampled_from(["", "stop", "length", "content_filter"])),
        **draw(features()),
    )


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    return {
        **{name: draw(st.booleans()) for name in FLAGS},
        "ContentKept": draw(st.sampled_from(["", "sampled", "slow"])),
        "OutputChars": draw(st.integers(0, 1_000)),
        "RepeatedShare": draw(st.sampled_from([0, 0.25, 0.5])),
        "ToolCallCount": draw(st.integers(0, 3)),
        "InvalidToolCallCount": draw(st.integers(0, 1)),
        "PiiHits": draw(st.integers(0, 3)),
        "SecretHits": draw(st.integers(0, 1)),
        "GuardrailResult": draw(st.sampled_from(["", "pass", "warn", "block"])),
        "CacheSavedUsd": draw(st.sampled_from([None, -0.5, 0.25])),
        "CacheMissedUsd": draw(st.sampled_from([None, 0.5])),
    }


CHANGES = {
    "settled": "IsDuplicate = NOT IsDuplicate, UserId = 'zoe', Feature = 'chat', SettledAt = now64(3)",
    "priced": "CostUsd = ifNull(CostUsd, 0) + 1, CostSource = 'computed'",
}
OPERATIONS = st.one_of(
    st.tuples(st.just("late"), st.lists(spans(), min_size=1, max_size=4)),
    st.tuples(st.sampled_from([*CHANGES]), st.integers(0, 30)),
    st.tuples(st.just("deleted"), st.integers(0, 30)),
)


@pytest.fixture(scope="module")
def store(engine_dsn: str) -> Iterator[RolledStore]:
    with open_rolled(engine_dsn, "rollup_law") as opened:
        yield opened


def operate(store: RolledStore, operation: tuple[str, Any]) -> None:
    """What happens to spans. Whoever changes them in place says so before and after."""
    name, what = operation
    if name == "late":
        store.put(*what)
        return
    marks, condition = [("shop", WINDOW.start_ns, WINDOW.end_ns)], f"SpanId = 's{what}'"
    worker = store.worker()
    worker.mark(marks)
    if name == "deleted":
        store.command(f"DELETE FROM {store.database}.spans WHERE {condition}")
    else:
        store.change(CHANGES[name], condition)
    worker.mark(marks)


def check_same(store: RolledStore, shape: dict[str, Any]) -> None:
    for first in range(0, len(MEASURES), MOST_MEASURES):
        question = Question(Slice("shop", WINDOW), MEASURES[first : first + MOST_MEASURES], **shape)
        expected, found = answer(store.spans_only, question), answer(store.rolled_up, question)
        assert found.names == expected.names
        assert [*map(rounded, found.rows)] == [*map(rounded, expected.rows)]


def rounded(row: tuple[Any, ...]) -> list[Any]:
    """Sums of fractions depend on their order in the last digits."""
    return [
        float(f"{value:.9e}") if isinstance(value, float) and math.isfinite(value) else value for value in row
    ]


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(spans(), min_size=1, max_size=25), st.lists(OPERATIONS, max_size=4))
def test_rollups_answer_as_spans_do(
    store: RolledStore, first: list[dict[str, Any]], operations: list[tuple[str, Any]]
) -> None:
    store.clear()
    store.put(*first)
    worker = store.worker()
    worker.run_round()
    for operation, shape in zip(operations, SHAPES, strict=False):
        operate(store, operation)
        check_same(store, shape)
        worker.run_round()
    for shape in SHAPES:
        check_same(store, shape)
