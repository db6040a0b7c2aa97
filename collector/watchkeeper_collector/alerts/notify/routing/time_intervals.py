"""Time intervals, as Alertmanager writes them: when a route is muted or active.

Times are wall-clock times of a place: on the day when clocks go back, an hour that comes twice is in an
interval twice; one that is left out is never.
"""

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watchkeeper_collector.errors import InvalidRequestError

Range = tuple[int, int]
UTC = ZoneInfo("UTC")
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = tuple(name.lower() for name in calendar.month_name)
DAY_MINUTES = 24 * 60
TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """All parts that are given must hold. Ranges hold both ends; ``minutes`` of the day only the first."""

    minutes: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()  # from Sunday, which is 0
    days_of_month: tuple[Range, ...] = ()  # -1 is the last
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    zone: ZoneInfo = UTC

    def contains(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return (
            _any(self.minutes, lambda span: span[0] <= minute < span[1])
            and _any(self.weekdays, lambda span: span[0] <= local.isoweekday() % 7 <= span[1])
            and _any(self.days_of_month, lambda span: _holds_day(span, local))
            and _any(self.months, lambda span: span[0] <= local.month <= span[1])
            and _any(self.years, lambda span: span[0] <= local.year <= span[1])
        )


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A name, and the spans of which any may hold."""

    name: str
    spans: tuple[TimeSpan, ...]

    def contains(self, at: datetime) -> bool:
        return any(span.contains(at) for span in self.spans)


def read_minutes(start: str, end: str) -> Range:
    """``09:00`` to ``17:00``; ``24:00`` is the end of the day."""
    first, last = _minute(start), _minute(end)
    if first >= last:
        raise InvalidRequestError(
            f"The time '{start}' does not lie before '{end}'. For a span over midnight give two."
        )
    return first, last


def read_weekdays(text: str) -> Range:
    return _read_range(text, WEEKDAYS, 0, 6, "a weekday such as monday, or monday:friday")


def read_months(text: str) -> Range:
    return _read_range(text, MONTHS, 1, 12, "a month such as may or 5, or may:august")


def read_years(text: str) -> Range:
    return _read_range(text, (), 1, 9999, "a year such as 2027, or 2027:2029")


def read_days_of_month(text: str) -> Range:
    """From 1; negative ones count from the month's end."""
    first, last = _read_range(text, (), -31, 31, "a day such as 1, 1:5 or -3:-1")
    if 0 in (first, last):
        raise InvalidRequestError(f"'{text[:40]}' is no day of a month. Days count from 1, or from -1.")
    return first, last


def read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise InvalidRequestError(
            f"'{name[:64]}' is no time zone. Expected its IANA name, such as Europe/Berlin."
        ) from None


def _any(spans: Sequence[Range], holds: Callable[[Range], bool]) -> bool:
    return not spans or any(holds(span) for span in spans)


def _holds_day(span: Range, local: datetime) -> bool:
    """Days from the end are days of this month; a span that ends before it begins holds none."""
    days = calendar.monthrange(local.year, local.month)[1]
    first, last = (part if part > 0 else days + 1 + part for part in span)
    return max(first, 1) <= local.day <= min(last, days)


def _minute(text: str) -> int:
    found = TIME.fullmatch(text)
    minute = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if minute > DAY_MINUTES:
        raise InvalidRequestError(
            f"'{text[:20]}' is no time of a day. Expected hours and minutes, as in 09:30."
        )
    return minute


def _read_range(text: str, names: Sequence[str], least: int, most: int, expected: str) -> Range:
    first, colon, last = text.strip().lower().partition(":")
    try:
        found = _number(first, names), _number(last if colon else first, names)
    except ValueError:
        found = (most + 1, least - 1)
    is_ordered = found[0] <= found[1] or (found[0] > 0 > found[1])
    if not (least <= found[0] <= most and least <= found[1] <= most and is_ordered):
        raise InvalidRequestError(f"'{text[:40]}' is no range. Expected {expected}.")
    return found


def _number(text: str, names: Sequence[str]) -> int:
    text = text.strip()
    return names.index(text) if text in names and text else int(text)
