"""What the URL says of the view, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.filters.syntax import Term
from watchkeeper_dashboard.view import (
    RangeError,
    condition,
    join_filters,
    read_range,
    read_view,
    render_range,
)

from tests.otlp.requests import seeded

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("24h", NOW - timedelta(days=1), NOW),
        ("-3d", NOW - timedelta(days=3), NOW),
        ("90m", NOW - timedelta(minutes=90), NOW),
        ("2026-11-20T08:00Z..2026-11-20T09:30Z", NOW - timedelta(hours=4), NOW - timedelta(hours=2.5)),
        ("2026-11-20T10:00+02:00..now", NOW - timedelta(hours=4), NOW),
        ("2026-11-19..", datetime(2026, 11, 19, tzinfo=UTC), NOW),
        ("-2d..-1d", NOW - timedelta(days=2), NOW - timedelta(days=1)),
    ],
)
def test_ranges_are_read(text: str, start: datetime, end: datetime) -> None:
    assert read_range(text, NOW) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "0h", "24", "24y", "now..-1d", "2026-11-20..2026-11-20", "1..2", "99999w", "<b>"],
)
def test_what_is_no_range_is_said_in_words(text: str) -> None:
    with pytest.raises(RangeError) as caught:
        read_range(text, NOW)
    assert "range" in str(caught.value) or "time" in str(caught.value)


def test_rendered_range_is_read_as_the_same() -> None:
    start, end = NOW - timedelta(hours=5), NOW
    assert read_range(render_range(start, end), NOW) == (start, end)


def test_view_goes_into_a_url_and_comes_back() -> None:
    view = read_view({"range": "7d", "filter": "model:x -status:error", "compare": "week"}, NOW)
    assert read_view(view.as_query(), NOW) == view
    assert read_view({}, NOW).as_query() == {}
    assert read_view({}, NOW).as_query(id="t1") == {"id": "t1"}


def test_window_before_is_as_long() -> None:
    view = read_view({"range": "6h"}, NOW)
    assert (view.before.start, view.before.end) == (NOW - timedelta(hours=12), NOW - timedelta(hours=6))
    week = read_view({"range": "6h", "compare": "week"}, NOW)
    assert week.before.end == NOW - timedelta(weeks=1)


def test_questions_carry_window_filter_and_conditions() -> None:
    view = read_view({"range": "1h", "filter": "a OR b"}, NOW)
    asked = view.query("calls", "cost_usd", by="model", where="user:u1", step="auto")
    assert asked.path == "/query"
    assert asked.parameters["filter"] == "(a OR b) user:u1"
    assert asked.parameters["measures"] == "calls,cost_usd"
    assert asked.parameters["start"] == "2026-11-20T11:00:00.000Z"


@seeded
@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_condition_means_exactly_its_value(value: str) -> None:
    """Whatever a value holds, the collector's own parser reads it back."""
    found = parse_filter(condition("user", value))
    assert isinstance(found, Term)
    assert [said.value.text for said in found.conditions] == [value]


def test_filters_that_say_or_are_kept_together() -> None:
    assert join_filters("", " a ", "") == "a"
    assert join_filters("a OR b", "c") == "(a OR b) c"
