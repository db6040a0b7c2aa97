"""Rows as JSON, and the cursors between their pages."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.rows import jsonable, snake_case


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("TraceId", "trace_id"),
        ("CostUsd", "cost_usd"),
        ("TimeToFirstTokenMs", "time_to_first_token_ms"),
        ("IsJson", "is_json"),
        ("Kind", "kind"),
    ],
)
def test_a_field_has_the_name_of_its_column(column: str, name: str) -> None:
    assert snake_case(column) == name


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_null(value: float) -> None:
    assert jsonable(value) is None


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.text(max_size=40), st.text(max_size=40))
def test_a_cursor_reads_back(time_ns: int, trace_id: str, span_id: str) -> None:
    place = (time_ns, trace_id, span_id)
    assert read_cursor(render_cursor(place), (int, str, str)) == place


@given(st.text(max_size=200))
def test_any_other_text_is_no_cursor(text: str) -> None:
    try:
        place = read_cursor(text, (int, str))
    except InvalidQueryError:
        return
    assert place is None or render_cursor(place)


@pytest.mark.parametrize("place", [(True, "a"), (1.5, "a"), (1, 2), (2**63, "a"), (1, "a" * 257), (1,)])
def test_a_cursor_of_another_shape_is_refused(place: tuple[int | str, ...]) -> None:
    with pytest.raises(InvalidQueryError, match="none that this list gave"):
        read_cursor(render_cursor(place), (int, str))
