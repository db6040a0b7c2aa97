"""Time intervals: ranges, zones, and the days on which clocks change."""

from datetime import UTC, datetime

import pytest
from watchkeeper_collector.alerts.notify.routing.time_intervals import (
    TimeInterval,
    TimeSpan,
    read_days_of_month,
    read_minutes,
    read_months,
    read_weekdays,
    read_years,
    read_zone,
)
from watchkeeper_collector.errors import InvalidRequestError

BERLIN = read_zone("Europe/Berlin")
OFFICE = TimeSpan(
    minutes=(read_minutes("09:00", "17:00"),), weekdays=(read_weekdays("monday:friday"),), zone=BERLIN
)


def holds(span: TimeSpan, text: str) -> bool:
    return span.contains(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T09:00:00+01:00", True),  # a Monday
        ("2026-03-02T08:59:59+01:00", False),
        ("2026-03-02T16:59:59+01:00", True),
        ("2026-03-02T17:00:00+01:00", False),
        ("2026-03-07T12:00:00+01:00", False),  # a Saturday
        ("2026-03-02T07:30:00+00:00", False),
        ("2026-03-02T08:30:00+00:00", True),
        ("2026-07-06T07:30:00+00:00", True),  # the same time of the day in summer
    ],
)
def test_office_hours_are_the_places_own(text: str, *, expected: bool) -> None:
    assert holds(OFFICE, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29T00:59:59+00:00", True),  # 01:59 in Berlin; at 01:00 UTC clocks go to 03:00
        ("2026-03-29T01:00:00+00:00", False),
        ("2026-10-25T00:00:00+00:00", True),  # 02:00, the first time
        ("2026-10-25T00:59:59+00:00", True),
        ("2026-10-25T01:00:00+00:00", True),  # 02:00, again
        ("2026-10-25T01:59:59+00:00", True),
        ("2026-10-25T02:00:00+00:00", False),
    ],
)
def test_hour_that_is_left_out_or_comes_twice(text: str, *, expected: bool) -> None:
    span = TimeSpan(minutes=(read_minutes("01:30", "03:00"),), zone=BERLIN)
    assert holds(span, text) is expected


def test_day_begins_at_midnight_of_the_place_whenever_that_is() -> None:
    span = TimeSpan(days_of_month=(read_days_of_month("1"),), zone=read_zone("Pacific/Auckland"))
    assert holds(span, "2026-03-31T12:00:00+00:00")
    assert not holds(span, "2026-03-31T10:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("-1", "2026-02-28", True),
        ("-1", "2028-02-28", False),
        ("-1", "2028-02-29", True),
        ("1:5", "2026-02-05", True),
        ("1:5", "2026-02-06", False),
        ("-3:-1", "2026-02-25", False),
        ("-3:-1", "2026-02-26", True),
        ("30:31", "2026-02-28", False),
        ("15:-1", "2026-02-20", True),
    ],
)
def test_days_count_from_either_end_of_the_month(text: str, day: str, *, expected: bool) -> None:
    assert holds(TimeSpan(days_of_month=(read_days_of_month(text),)), f"{day}T12:00:00+00:00") is expected


def test_all_parts_must_hold_and_any_span() -> None:
    summer = TimeSpan(months=(read_months("june:august"),), years=(read_years("2026:2027"),))
    interval = TimeInterval("holidays", (summer, TimeSpan(weekdays=(read_weekdays("sunday"),))))
    found = {month: interval.contains(datetime(2026, month, 3, tzinfo=UTC)) for month in (5, 6, 8, 9)}
    assert found == {5: True, 6: True, 8: True, 9: False}  # the third of May is a Sunday
    assert not interval.contains(datetime(2028, 7, 3, tzinfo=UTC))


def test_day_ends_at_24() -> None:
    assert holds(TimeSpan(minutes=(read_minutes("22:00", "24:00"),)), "2026-03-02T23:59:59+00:00")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_weekdays, "mon"),
        (read_weekdays, "friday:monday"),
        (read_weekdays, "7"),
        (read_months, "13"),
        (read_months, "0"),
        (read_months, ""),
        (read_years, "soon"),
        (read_days_of_month, "0"),
        (read_days_of_month, "32"),
        (read_days_of_month, "-1:-3"),
        (read_zone, "Mars/Olympus"),
        (read_zone, "../etc/passwd"),
        (read_zone, ""),
    ],
)
def test_what_is_no_time_is_refused(read: object, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read(text)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("start", "end"), [("17:00", "09:00"), ("9", "10:00"), ("24:30", "25:00"), ("09:00", "09:00")]
)
def test_hours_that_are_none_are_refused(start: str, end: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_minutes(start, end)
