"""Times, windows and steps as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.times import (
    EARLIEST_NS,
    LATEST_NS,
    SECOND_NS,
    Window,
    day_of,
    read_step,
    read_time,
    read_window,
    render_time,
)

NOW_NS = 1_795_176_000_123_456_789
DAY_NS = 86_400 * SECOND_NS


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("now", NOW_NS),
        ("-0s", NOW_NS),
        ("-90s", NOW_NS - 90 * SECOND_NS),
        ("-15m", NOW_NS - 900 * SECOND_NS),
        ("-24h", NOW_NS - DAY_NS),
        ("-7d", NOW_NS - 7 * DAY_NS),
        ("-2w", NOW_NS - 14 * DAY_NS),
        ("now-1h", NOW_NS - 3_600 * SECOND_NS),
        ("1970-01-01", 0),
        ("1970-01-02T00:00:00Z", DAY_NS),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01t00:00:01.5z", 1_500_000_000),
        ("1970-01-01 00:00:01Z", SECOND_NS),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:59:59.999999999Z", -1),
    ],
)
def test_time_is_read(text: str, time_ns: int) -> None:
    assert read_time(text, NOW_NS, "start") == time_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "24h",
        "-24",
        "-24y",
        "+1h",
        "2026-13-01",
        "2026-11-20T25:00:00Z",
        "1700000000",
        "-1h30m",
        "٣",
    ],
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="is no time for 'end'"):
        read_time(text, NOW_NS, "end")


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2262-04-12", "9999-12-31", "-999999w"])
def test_times_that_no_span_can_have_are_refused(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="outside of 1900 to 2262"):
        read_time(text, NOW_NS, "start")


@given(st.integers(EARLIEST_NS, LATEST_NS))
def test_a_rendered_time_is_read_back_to_the_nanosecond(time_ns: int) -> None:
    text = render_time(time_ns)
    assert len(text) == len("2026-11-20T12:00:00.000000000Z")
    assert read_time(text, NOW_NS, "start") == time_ns


def test_a_window_may_be_open_on_either_side() -> None:
    assert read_window("", "", NOW_NS) == Window(None, None)
    assert read_window("-1h", "", NOW_NS) == Window(NOW_NS - 3_600 * SECOND_NS, None)


@pytest.mark.parametrize(("start", "end"), [("now", "now"), ("now", "-1h"), ("2026-11-20", "2026-11-19")])
def test_an_empty_window_is_refused(start: str, end: str) -> None:
    with pytest.raises(InvalidQueryError, match="The window is empty"):
        read_window(start, end, NOW_NS)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("90s", 90), ("1h", 3600), ("1d", 86_400), ("1w", 604_800)]
)
def test_step_is_read(text: str, seconds: int) -> None:
    assert read_step(text, Window(0, DAY_NS)) == seconds * SECOND_NS


@pytest.mark.parametrize(
    ("days", "seconds"), [(1 / 24, 30), (1, 900), (7, 10_800), (30, 21_600), (90, 86_400), (4_000, 604_800)]
)
def test_an_automatic_step_gives_a_chart_its_points(days: float, seconds: int) -> None:
    assert read_step("auto", Window(0, round(days * DAY_NS))) == seconds * SECOND_NS


def test_no_step_is_none() -> None:
    assert read_step("", Window()) is None


@pytest.mark.parametrize("text", ["0s", "-1m", "1", "m", "1y", "1.5h", "fast"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="is no step"):
        read_step(text, Window(0, DAY_NS))


def test_a_step_that_cuts_too_fine_is_refused() -> None:
    with pytest.raises(InvalidQueryError, match="86,400 points; at most 11,000"):
        read_step("1s", Window(0, DAY_NS))


@pytest.mark.parametrize("window", [Window(0, None), Window(None, DAY_NS), Window(-DAY_NS, DAY_NS)])
def test_a_step_needs_a_window_with_both_ends(window: Window) -> None:
    with pytest.raises(InvalidQueryError, match="A step needs a window"):
        read_step("1h", window)


def test_day_is_that_of_utc() -> None:
    assert (str(day_of(-1)), str(day_of(0)), str(day_of(DAY_NS - 1))) == (
        "1969-12-31",
        "1970-01-01",
        "1970-01-01",
    )
