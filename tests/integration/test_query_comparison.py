"""The greatest groups with all others, and answers beside those of an earlier window."""

from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.comparison import answer
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.source import Slice
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import NOON_NS, Shelf, Span, open_shelf

HOUR_NS = 3_600 * SECOND_NS
WEEK_NS = 7 * 24 * HOUR_NS
WINDOW = Window(NOON_NS, NOON_NS + 2 * HOUR_NS)


def call(number: int, model: str, user: str, cost_usd: float, *, hours: float = 0, **options: Any) -> Span:
    return Span(
        id=f"c{number}", trace=f"t{number}", after_s=hours * 3_600, model=model, user=user,
        cost_usd=cost_usd, **options,
    )  # fmt: skip


ROWS = [
    call(1, "large", "ann", 5.0, duration_ms=100),
    call(2, "large", "bob", 5.0, hours=1, duration_ms=200),
    call(3, "small", "ann", 1.0, duration_ms=10),
    call(4, "tiny", "ann", 0.5, duration_ms=20),
    call(5, "tiny", "eve", 0.1, hours=1, duration_ms=60),
    call(6, "", "eve", 0.0, hours=1, duration_ms=40),
    call(7, "large", "ann", 4.0, hours=-1),
    call(8, "gone", "ann", 3.0, hours=-2),
    call(9, "small", "ann", 2.0, hours=-7 * 24),
]


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    with open_shelf(request.getfixturevalue(request.param), "query_comparison") as opened:
        opened.put(*ROWS)
        yield opened


def ask(shelf: Shelf, *measures: str, **options: Any) -> list[dict[str, Any]]:
    window = options.pop("window", WINDOW)
    return answer(shelf.source, Question(Slice("shop", window), measures, **options)).dicts()


def test_other_groups_are_one_whose_users_and_latencies_are_their_own(shelf: Shelf) -> None:
    rows = ask(shelf, "cost_usd", "users", "latency_p50_ms", "calls", by=["model"], limit=1, has_other=True)
    assert rows == [
        {"model": "large", "cost_usd": 10.0, "users": 2, "latency_p50_ms": 150.0, "calls": 2},
        {"model": None, "cost_usd": pytest.approx(1.6), "users": 2, "latency_p50_ms": 30.0, "calls": 4},
    ]


def test_without_other_groups_there_is_no_row_for_them(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", by=["model"], limit=4, has_other=True)
    assert [row["model"] for row in rows] == ["large", "tiny", "", "small"]


def test_an_empty_dimension_is_not_the_other_groups(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", by=["model", "user"], order="user", limit=3, has_other=True)
    assert [(row["model"], row["user"], row["calls"]) for row in rows] == [
        ("large", "ann", 1),
        ("small", "ann", 1),
        ("tiny", "ann", 1),
        (None, None, 3),
    ]


def test_a_series_has_points_of_all_other_groups(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", "users", by=["model"], limit=1, has_other=True, step_ns=HOUR_NS)
    assert [(row["model"], row["calls"], row["users"]) for row in rows] == [
        ("large", 1, 1),
        ("large", 1, 1),
        (None, 2, 1),
        (None, 2, 1),
    ]


def test_the_window_before_stands_beside(shelf: Shelf) -> None:
    rows = ask(shelf, "cost_usd", "calls", by=["model"], compare="previous")
    assert rows[0] == {
        "model": "large", "cost_usd": 10.0, "calls": 2, "cost_usd_before": 4.0, "cost_usd_change": 1.5,
        "calls_before": 1, "calls_change": 1.0,
    }  # fmt: skip
    assert rows[-1] == {
        "model": "gone", "cost_usd": 0, "calls": 0, "cost_usd_before": 3.0, "cost_usd_change": -1.0,
        "calls_before": 1, "calls_change": -1.0,
    }  # fmt: skip


def test_all_others_are_those_of_the_window_itself(shelf: Shelf) -> None:
    rows = ask(shelf, "cost_usd", by=["model"], compare="previous", limit=1, has_other=True)
    assert [(row["model"], row["cost_usd_before"]) for row in rows] == [("large", 4.0), (None, 3.0)]


def test_the_same_window_a_week_before(shelf: Shelf) -> None:
    (row,) = ask(shelf, "calls", compare="week", window=Window(NOON_NS - HOUR_NS, NOON_NS + HOUR_NS))
    assert row == {"calls": 4, "calls_before": 1, "calls_change": 3.0}


def test_a_change_from_nothing_is_not_said(shelf: Shelf) -> None:
    (row,) = ask(
        shelf, "calls", "error_rate", compare="week", window=Window(NOON_NS + HOUR_NS, NOON_NS + 2 * HOUR_NS)
    )
    assert row == {
        "calls": 3, "error_rate": 0.0, "calls_before": 0, "calls_change": None,
        "error_rate_before": None, "error_rate_change": None,
    }  # fmt: skip


def test_points_stand_beside_their_counterparts(shelf: Shelf) -> None:
    rows = ask(shelf, "calls", by=["model"], compare="previous", step_ns=HOUR_NS, limit=1, has_other=True)
    assert [(row["time"][11:13], row["model"], row["calls"], row["calls_before"]) for row in rows] == [
        ("12", "large", 1, 0),
        ("13", "large", 1, 1),
        ("12", None, 2, 1),
        ("13", None, 2, 0),
    ]


def test_a_window_that_steps_do_not_divide_is_compared_whole_steps_before(shelf: Shelf) -> None:
    window = Window(NOON_NS, NOON_NS + HOUR_NS + HOUR_NS // 2)
    rows = ask(shelf, "calls", compare="previous", step_ns=HOUR_NS, window=window)
    assert [row["calls_before"] for row in rows] == [1, 1]


def test_a_comparison_needs_both_ends(shelf: Shelf) -> None:
    with pytest.raises(InvalidQueryError, match="a start and an end"):
        ask(shelf, "calls", compare="previous", window=Window(NOON_NS, None))
