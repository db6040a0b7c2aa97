"""Measures and dimensions over rows whose answers are known, on both kinds of engine."""

import csv
import io
import statistics
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from watchkeeper_collector.errors import QueryLimitError
from watchkeeper_collector.query.aggregation import run_query
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.exports import export_table
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.measures import MEASURES
from watchkeeper_collector.query.question import MOST_MEASURES, Question
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import NOON_NS, Shelf, Span, open_shelf

HOUR_NS = 3_600 * SECOND_NS
WINDOW = Window(NOON_NS - HOUR_NS, NOON_NS + 2 * HOUR_NS)
SEARCHED = {"ToolName": "search", "ToolArgsHash": 77}
LATENCIES_MS = [100, 200, 300, 400, 1000]


def call(number: int, **options: Any) -> Span:
    defaults = {"id": f"c{number}", "trace": f"t{number}", "after_s": number, "model": "gpt-4o", "user": "u1"}
    return Span(**{**defaults, **options})


CACHED = {"CacheReadTokens": 50, "CacheSavedUsd": 0.02, "CacheMissedUsd": 0.1, "GuardrailResult": "pass"}
WRITTEN = {"CacheSavedUsd": -0.005, "GuardrailResult": "block"}
FEATURES = {
    "IsJsonExpected": True,
    "OutputChars": 20,
    "IsRefusal": True,
    "IsApology": True,
    "HasCodeFence": True,
    "RepeatedShare": 0.5,
    "ToolCallCount": 4,
    "InvalidToolCallCount": 1,
}
KEPT_FOR_BEING_SLOW = {"HasOutput": True, "IsQuestion": True, "ContentKept": "slow"}
ROWS = [
    call(0, duration_ms=100, cost_usd=0.1, input_tokens=100, output_tokens=10, extra=CACHED),
    call(
        1,
        duration_ms=200,
        cost_usd=0.3,
        input_tokens=100,
        output_tokens=20,
        user="u2",
        session="s1",
        extra=WRITTEN,
    ),
    call(
        2,
        duration_ms=300,
        is_error=True,
        extra={"ErrorStatus": 429, "ErrorType": "RateLimitError", **KEPT_FOR_BEING_SLOW},
    ),
    call(3, duration_ms=400, model="claude", input_tokens=300, extra={"HasOutput": True, "IsEmpty": True}),
    call(
        4,
        trace="t3",
        duration_ms=1000,
        model="claude",
        attributes={"gen_ai.output.type": "json", "tenant": "acme"},
        extra={
            "HasOutput": True,
            "FinishReason": "length",
            "IsTruncated": True,
            "IsStreaming": True,
            "TimeToFirstTokenMs": 40.0,
            **FEATURES,
        },
    ),
    call(5, is_duplicate=True, duration_ms=9000, cost_usd=100.0, input_tokens=9000, user="u9", session="s9"),
    Span(
        id="tool1",
        kind="tool",
        after_s=6,
        is_error=True,
        name="search",
        extra=SEARCHED | {"PiiHits": 3, "SecretHits": 1},
    ),
    Span(id="tool2", kind="tool", after_s=7, name="search", extra=SEARCHED),
    Span(id="agent", kind="agent", after_s=8, user="u3", duration_ms=5000),
    call(9, project="other", cost_usd=50.0, user="u4"),
    call(10, after_s=-3_601, cost_usd=70.0, user="u5"),
    call(11, after_s=7_200, cost_usd=70.0, user="u5"),
]
EXPECTED = {
    "calls": 5,
    "spans": 9,
    "traces": 4,
    "errors": 1,
    "error_rate": 0.2,
    "server_errors": 0,
    "erring_models": 0,
    "rate_limited_rate": 0.2,
    "cost_usd": 0.4,
    "cost_per_call_usd": 0.2,
    "cost_per_trace_usd": 0.2,
    "cost_per_session_usd": 0.3,
    "cost_per_user_usd": 0.2,
    "max_calls_per_trace": 2,
    "max_tool_repeats": 2,
    "max_cost_per_trace_usd": 0.3,
    "max_to_median_trace_cost": 1.5,
    "unpriced_calls": 0,
    "input_tokens": 500,
    "output_tokens": 30,
    "cache_hit_ratio": 0.1,
    "tokens_per_second": 100.0,
    "latency_avg_ms": statistics.mean(LATENCIES_MS),
    "latency_p50_ms": 300.0,
    "latency_p90_ms": 760.0,
    "latency_p95_ms": 880.0,
    "latency_p99_ms": 976.0,
    "ttft_p50_ms": 40.0,
    "ttft_p95_ms": 40.0,
    "empty_rate": 0.5,
    "truncation_rate": 1.0,
    "invalid_json_rate": 1.0,
    "refusal_rate": 0.5,
    "code_fence_rate": 0.5,
    "apology_rate": 0.5,
    "question_rate": 0.0,
    "repetition_avg": 0.25,
    "output_chars_avg": 10.0,
    "output_chars_p50": 10.0,
    "invalid_tool_call_rate": 0.25,
    "pii_hits": 3,
    "secret_hits": 1,
    "guardrail_trips": 1,
    "guardrail_trip_rate": 0.5,
    "cache_savings_usd": 0.015,
    "cache_missed_usd": 0.1,
    "tool_error_rate": 0.5,
    "users": 3,
    "sessions": 1,
}


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    with open_shelf(request.getfixturevalue(request.param), "query_measures") as opened:
        opened.put(*ROWS)
        yield opened


def ask(shelf: Shelf, *measures: str, by: tuple[str, ...] = (), **options: Any) -> list[dict[str, Any]]:
    slice_ = Slice("shop", options.pop("window", WINDOW), options.pop("filter", ""), may_search_content=True)
    return run_query(shelf.source, Question(slice_, measures, by, **options)).dicts()


def test_the_expectations_name_every_measure() -> None:
    assert list(EXPECTED) == list(MEASURES)


@pytest.mark.parametrize("name", EXPECTED)
def test_measure_is_what_was_put_in(shelf: Shelf, name: str) -> None:
    assert ask(shelf, name) == [{name: pytest.approx(EXPECTED[name], rel=1e-12)}]


def test_measures_asked_for_together_answer_as_they_do_alone(shelf: Shelf) -> None:
    names = list(EXPECTED)
    together: dict[str, Any] = {}
    for first in range(0, len(names), MOST_MEASURES):
        together |= ask(shelf, *names[first : first + MOST_MEASURES])[0]
    assert together == {name: pytest.approx(value, rel=1e-12) for name, value in EXPECTED.items()}


@pytest.mark.parametrize("name", MEASURES)
def test_measure_of_nothing_is_zero_or_unknown(shelf: Shelf, name: str) -> None:
    nothing = {"0": 0, "NULL": None}[MEASURES[name].empty]
    if name in {"cost_usd", "input_tokens", "output_tokens", "cache_savings_usd", "cache_missed_usd"}:
        nothing = None
    assert ask(shelf, name, filter="service:nowhere") == [{name: nothing}]


@pytest.mark.parametrize("name", [*DIMENSIONS, "attr.tenant", "resource.host.name"])
def test_every_dimension_splits_all_calls(shelf: Shelf, name: str) -> None:
    rows = ask(shelf, "calls", by=(name,))
    assert sum(row["calls"] for row in rows) == 5
    assert all(isinstance(row[name], str) for row in rows)


def test_groups_come_with_the_greatest_first_and_no_group_without_calls(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", "cost_usd", by=("model",))
    assert rows == [
        {"model": "gpt-4o", "calls": 3, "cost_usd": pytest.approx(0.4)},
        {"model": "claude", "calls": 2, "cost_usd": None},
    ]


def test_groups_are_ordered_as_asked_with_unknown_values_last(shelf: Shelf) -> None:
    assert [row["model"] for row in ask(shelf, "cost_usd", by=("model",), order="cost_usd")] == [
        "gpt-4o",
        "claude",
    ]
    assert [row["model"] for row in ask(shelf, "calls", by=("model",), order="model")] == ["claude", "gpt-4o"]


def test_a_limit_says_that_there_is_more(shelf: Shelf) -> None:
    question = Question(Slice("shop", WINDOW), ["calls"], ["user"], limit=1)
    table = run_query(shelf.source, question)
    assert (table.dicts(), table.is_truncated) == ([{"user": "u1", "calls": 4}], True)


def test_three_dimensions_split_together(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", by=("model", "user", "attr.tenant"), filter="attr.tenant:acme")
    assert rows == [{"model": "claude", "user": "u1", "attr.tenant": "acme", "calls": 1}]


def test_a_series_has_a_point_for_every_step(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", "cost_usd", "error_rate", step_ns=HOUR_NS)
    assert [tuple(row.values()) for row in rows] == [
        ("2026-11-20T11:00:00.000000000Z", 0, 0.0, None),
        ("2026-11-20T12:00:00.000000000Z", 5, pytest.approx(0.4), 0.2),
        ("2026-11-20T13:00:00.000000000Z", 0, 0.0, None),
    ]


def test_a_series_of_nothing_has_all_points_too(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", "latency_p95_ms", step_ns=HOUR_NS, filter="service:nowhere")
    assert [(row["calls"], row["latency_p95_ms"]) for row in rows] == [(0, None)] * 3


def test_series_are_those_of_the_greatest_groups(shelf: Shelf) -> None:
    question = Question(Slice("shop", WINDOW), ["calls"], ["model"], step_ns=HOUR_NS, limit=1)
    table = run_query(shelf.source, question)
    assert table.is_truncated
    assert [(row["model"], row["calls"]) for row in table.dicts()] == [("gpt-4o", n) for n in (0, 3, 0)]


def test_points_add_up_to_the_table(shelf: Shelf) -> None:
    points = ask(shelf, "calls", by=("model",), step_ns=10 * SECOND_NS)
    table = ask(shelf, "calls", by=("model",))
    for row in table:
        assert sum(p["calls"] for p in points if p["model"] == row["model"]) == row["calls"]


def test_a_window_holds_its_start_and_not_its_end(shelf: Shelf) -> None:
    first, second = NOON_NS + SECOND_NS, NOON_NS + 2 * SECOND_NS
    assert ask(shelf, "calls", window=Window(first, second)) == [{"calls": 1}]
    assert ask(shelf, "calls", window=Window(first, second + 1)) == [{"calls": 2}]


def test_hostile_numbers_are_null_and_not_infinite(shelf: Shelf) -> None:
    shelf.put(Span(id="h1", project="rich", cost_usd=1e308), Span(id="h2", project="rich", cost_usd=1e308))
    question = Question(Slice("rich", WINDOW), ["cost_usd", "cost_per_call_usd", "latency_avg_ms"])
    assert run_query(shelf.source, question).rows == [(None, None, 1.0)]


def test_a_query_over_its_time_says_so(shelf: Shelf) -> None:
    source = Source(shelf.store, shelf.source.database, Limits(timeout_s=1e-6))
    with pytest.raises(QueryLimitError, match="limit of time, memory or rows"):
        run_query(source, Question(Slice("shop", WINDOW), ["calls"]))


@pytest.mark.parametrize("fmt", ["csv", "parquet", "arrow"])
@pytest.mark.parametrize("step_ns", [None, HOUR_NS])
def test_files_hold_the_rows_of_the_answer(shelf: Shelf, fmt: Any, step_ns: int | None) -> None:
    question = Question(
        Slice("shop", WINDOW), ["calls", "cost_usd", "error_rate"], ["model", "attr.=x"], step_ns=step_ns
    )
    expected = run_query(shelf.source, question)
    encoded = export_table(question, expected, fmt)
    rows = [tuple(row.values()) for row in read_file(encoded, fmt)]
    shown = [tuple("" if value is None else value for value in row) for row in rows]
    assert sorted(map(as_text, shown)) == sorted(map(as_text, expected.rows))


def as_text(row: tuple[Any, ...]) -> list[str]:
    """Each value as CSV shows it; times without their fraction."""
    texts = ["" if value is None else str(value) for value in row]
    return [
        text.replace("+00:00", "Z").replace(" ", "T").replace(".000000000Z", "Z").removesuffix(".0")
        for text in texts
    ]


def read_file(encoded: bytes, fmt: str) -> list[dict[str, Any]]:
    if fmt == "csv":
        return list(csv.DictReader(io.StringIO(encoded.decode())))
    table = pq.read_table(io.BytesIO(encoded)) if fmt == "parquet" else pa.ipc.open_stream(encoded).read_all()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_a_spreadsheet_gets_no_formula(shelf: Shelf) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "fine"]
    shelf.put(*(Span(id=f"f{n}", project="sheet", model=name) for n, name in enumerate(names)))
    question = Question(Slice("sheet", WINDOW), ["calls"], ["model", "attr.x"])
    lines = export_table(question, run_query(shelf.source, question), "csv").decode()
    cells = {row["model"] for row in csv.DictReader(io.StringIO(lines, newline=""))}
    assert cells == {f"'{name}" for name in names[:-1]} | {"fine"}


def test_a_file_column_has_the_name_that_was_asked_for(shelf: Shelf) -> None:
    hostile = "attr.x`; DROP TABLE spans"
    question = Question(Slice("shop", WINDOW), ["calls"], [hostile])
    encoded = export_table(question, run_query(shelf.source, question), "parquet")
    assert pq.read_table(io.BytesIO(encoded)).column_names == [hostile, "calls"]
