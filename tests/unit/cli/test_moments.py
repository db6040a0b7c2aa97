"""Times and durations as they are typed and shown."""

from datetime import UTC, datetime, timedelta

import pytest
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.moments import read_duration, read_moment, render_age, render_time


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("24H", timedelta(hours=24)),
        ("7 d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_duration_is_read(text: str, duration: timedelta) -> None:
    assert read_duration(text) == duration


@pytest.mark.parametrize("text", ["", "7", "d", "0h", "-1h", "1y", "1.5h", "9999999d"])
def test_wrong_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CommandFailedError, match="such as 24h"):
        read_duration(text)


def test_moment_is_a_date_a_time_or_so_long_ago() -> None:
    assert read_moment("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert read_moment("2026-11-01T08:00+01:00") == datetime(2026, 11, 1, 7, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= read_moment("1h") + timedelta(hours=1) <= datetime.now(UTC)


def test_wrong_moment_is_refused_with_an_example() -> None:
    with pytest.raises(CommandFailedError, match="'yesterday' is no time"):
        read_moment("yesterday")


def test_times_are_shown_in_utc_and_ages_in_their_largest_unit() -> None:
    assert render_time(datetime.fromisoformat("2026-11-01T08:30:59+01:00")) == "2026-11-01 07:30"
    assert render_age(datetime.now(UTC) - timedelta(hours=49)) == "2d ago"
    assert render_age(datetime.now(UTC) + timedelta(hours=1)) == "0s ago"
