"""Numbers, durations and times as people read them."""

from datetime import UTC, datetime

import pytest
from watchkeeper_dashboard import units

THIN = units.THIN


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, units.NOTHING),
        (0, "$0"),
        (0.0042, "$0.0042"),
        (0.00012, "$0.00012"),
        (0.5, "$0.50"),
        (1e-9, "< $0.000001"),
        (12.345, "$12.35"),
        (1234.5, "$1,234"),
        (4_560_000, f"$4.56{THIN}M"),
        (-2.5, f"{units.MINUS}$2.50"),
    ],
)
def test_dollars_have_digits_that_say_something(value: float | None, shown: str) -> None:
    assert units.usd(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (1234, "1,234"),
        (12_345, f"12.3{THIN}k"),
        (4_560_000, f"4.56{THIN}M"),
        (0.25, "0.25"),
    ],
)
def test_counts_are_short(value: float, shown: str) -> None:
    assert units.count(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.34, f"340{THIN}µs"),
        (12.3, f"12{THIN}ms"),
        (3400, f"3.4{THIN}s"),
        (125_000, f"2{THIN}min 5{THIN}s"),
        (12_000_000, f"3{THIN}h 20{THIN}min"),
        (90_000_000, f"1{THIN}d 1{THIN}h"),
    ],
)
def test_durations_have_the_unit_of_their_size(value: float, shown: str) -> None:
    assert units.duration_ms(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, f"0{THIN}%"), (0.123, f"12.3{THIN}%"), (0.0006, f"0.06{THIN}%"), (1.0, f"100{THIN}%")],
)
def test_ratios_are_percentages(value: float, shown: str) -> None:
    assert units.ratio(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.12, f"+12{THIN}%"),
        (-0.015, f"-1.5{THIN}%"),
        (13.0, f"+14{units.TIMES}"),
        (5000.0, f"> 100{units.TIMES}"),
        (None, ""),
    ],
)
def test_changes_are_told_as_people_do(value: float | None, shown: str) -> None:
    assert units.change(value) == shown


def test_times_are_of_the_viewer_and_say_so() -> None:
    oslo = units.find_zone("Europe/Oslo")
    time = "2026-07-01T12:00:00.123456789Z"
    assert units.local_time(time, oslo, with_zone=True) == "2026-07-01 14:00:00 CEST"
    assert units.read_time(time) == datetime(2026, 7, 1, 12, 0, 0, 123456, UTC)
    assert units.local_time("", oslo) == units.NOTHING


@pytest.mark.parametrize("name", [None, "", "No/Such", "../etc", "Europe/Oslo\x00"])
def test_zone_that_is_none_is_utc(name: str | None) -> None:
    assert str(units.find_zone(name)) == "UTC"


def test_ago_is_rough() -> None:
    now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert units.ago("2026-07-01T11:57:10Z", now) == f"2{THIN}min ago"
    assert units.ago("2026-07-01T11:59:58Z", now) == "just now"
    assert units.ago("2026-07-01T12:05:00Z", now) == f"in 5{THIN}min"
