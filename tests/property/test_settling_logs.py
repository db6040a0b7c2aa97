"""Laws of what log records tell: the order of arrival does not matter, and a settled store stays as it is."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.settling import SECOND_NS, SettlingStore, open_settling

PLACES = ("root", "a", "b")
PARENTS = {"root": "", "a": "root", "b": "a"}
USERS = st.sampled_from(["", "", "ann", "bob"])
COUNTS = st.sampled_from([None, 5, 6])
MODELS = st.sampled_from(["", "gpt-4o", "gpt-4o-2024-08-06"])
REASONS = st.sampled_from(["", "stop", "length"])

SAID = {
    "UserId": USERS,
    "SessionId": USERS,
    "FinishReason": REASONS,
    "RequestModel": MODELS,
    "ResponseModel": MODELS,
    "ResponseId": st.sampled_from(["", "r1", "r2"]),
    "InputTokens": COUNTS,
    "OutputTokens": COUNTS,
    "InputChars": st.sampled_from([0, 3]),
    "InputHash": st.integers(0, 2),
    "HasOutput": st.booleans(),
    "OutputChars": st.integers(0, 2),
    "OutputHash": st.integers(1, 2),
}
PLACED = st.sampled_from(PLACES)
SPANS = st.fixed_dictionaries({**SAID, "Kind": st.sampled_from(["llm", "agent"]), "IsError": st.booleans()})
RECORDS = st.fixed_dictionaries(
    {
        **SAID,
        "SpanId": PLACED,
        "IsBlank": st.booleans(),
        "ToolCallCount": st.integers(0, 1),
        "moment": st.integers(0, 2),
    }
)
TRACES = st.tuples(
    st.dictionaries(PLACED, SPANS, min_size=1, max_size=3), st.lists(RECORDS, min_size=1, max_size=5)
)
Arrival = tuple[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def store(engine_dsn: str) -> Iterator[SettlingStore]:
    with open_settling(engine_dsn, "told_law") as opened:
        yield opened


def arrivals(trace: tuple[dict[str, Any], list[dict[str, Any]]], project: str, now_ns: int) -> list[Arrival]:
    """The rows of a trace, each with the way that it takes into the store."""
    spans, records = trace
    common = {"Project": project, "TraceId": "t1"}
    rows: list[Arrival] = []
    for place, span in spans.items():
        rows.append(
            ("put", {**span, **common, "SpanId": place, "ParentSpanId": PARENTS[place], "Timestamp": now_ns})
        )
    for record in records:
        features = {name: value for name, value in record.items() if name != "moment"}
        rows.append(("tell", {**features, **common, "Timestamp": now_ns + record["moment"]}))
    return rows


def deliver(store: SettlingStore, rows: list[Arrival]) -> None:
    received = {"ReceivedAt": store.now_ns}
    for way, insert in (("put", store.put), ("tell", store.tell)):
        if some := [row | received for taken, row in rows if taken == way]:
            insert(*some)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TRACES, min_size=20, max_size=20), st.randoms(use_true_random=False))
def test_spans_and_records_end_alike_in_any_order(
    store: SettlingStore, traces: list[Any], order: random.Random
) -> None:
    """Each trace in a project of its own, once at one go and once over several rounds."""
    store.clear()
    began_ns = store.now_ns
    for number, trace in enumerate(traces):
        deliver(store, arrivals(trace, f"p{number}-once", began_ns))
    settling = store.worker()
    settling.run_round()
    arriving = [row for number, trace in enumerate(traces) for row in arrivals(trace, f"p{number}", began_ns)]
    order.shuffle(arriving)
    while arriving:
        some = order.randint(len(arriving) // 3, len(arriving)) or 1
        store.now_ns += 40 * SECOND_NS
        deliver(store, arriving[:some])
        del arriving[:some]
        settling.run_round()
    for number in range(len(traces)):
        assert store.features(f"p{number}") == store.features(f"p{number}-once")
    store.now_ns += 700 * SECOND_NS
    again = settling.run_round()
    assert (again.told, again.completed, again.corrected) == (0, 0, 0)
