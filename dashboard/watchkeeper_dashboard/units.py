"""Numbers, durations and times as people read them. ``None`` is unknown, and shown as a dash."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NOTHING = "\u2013"
MINUS = "\u2212"
TIMES = "\u00d7"
THIN = "\u202f"
SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
BYTE_SCALES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
MOST_TIMES = 100
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def render(value: float | None, unit: str) -> str:
    """A measure's value by its unit, as the API names it."""
    match unit:
        case "usd":
            return usd(value)
        case "ms":
            return duration_ms(value)
        case "ratio":
            return ratio(value)
        case "tokens_per_second":
            return NOTHING if value is None else f"{value:,.1f}{THIN}tok/s"
        case _:
            return count(value)


def count(value: float | None) -> str:
    """1,234 · 12.3 k · 4.56 M"""
    if value is None:
        return NOTHING
    if abs(value) < 10_000:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0").rstrip(".")
    for scale, letter in SCALES:
        if abs(value) >= scale:
            return f"{_three_digits(value / scale)}{THIN}{letter}"
    return f"{value:,.0f}"


def usd(value: float | None) -> str:
    """$1,234 · $12.34 · $0.0042: two digits that say something, however small."""
    if value is None:
        return NOTHING
    size, sign = abs(value), MINUS if value < 0 else ""
    if size == 0:
        return "$0"
    if size < 1e-6:
        return f"{sign}< $0.000001"
    if size < 1:
        digits = next(places for places in range(2, 8) if size >= 10.0 ** (1 - places) or places == 7)
        return f"{sign}${size:.{digits}f}"
    if size >= 1e6:
        return f"{sign}${count(size)}"
    return f"{sign}${size:,.2f}" if size < 1000 else f"{sign}${size:,.0f}"


def ratio(value: float | None) -> str:
    """12.3 %"""
    if value is None:
        return NOTHING
    percent = value * 100
    digits = 0 if percent in (0, 100) else 1 if abs(percent) >= 1 else 2
    return f"{percent:,.{digits}f}{THIN}%"


def change(value: float | None) -> str:
    """+12 %, of a relative change; with a hyphen where Streamlit looks for one."""
    if value is None:
        return ""
    percent = value * 100
    if percent >= 100 * MOST_TIMES:
        return f"> {MOST_TIMES}{TIMES}"
    if abs(percent) >= 1000:
        return f"{'+' if percent > 0 else '-'}{abs(value) + (1 if percent > 0 else 0):,.0f}{TIMES}"
    digits = 0 if abs(percent) >= 10 else 1
    return f"{percent:+.{digits}f}{THIN}%"


def duration_ms(value: float | None) -> str:
    """340 µs · 12 ms · 3.4 s · 2 min 5 s · 3 h 20 min"""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{value * 1000:.0f}{THIN}µs"
    if value < 1000:
        return f"{value:.0f}{THIN}ms"
    seconds = value / 1000
    if seconds < MINUTE_S:
        return f"{_three_digits(seconds)}{THIN}s"
    return duration_s(seconds)


def duration_s(seconds: float | None) -> str:
    """12 s · 2 min 5 s · 3 h 20 min · 5 d 2 h"""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    for size, name, part, part_name in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "min"),
        (MINUTE_S, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{THIN}{name}" + (f" {rest}{THIN}{part_name}" if rest else "")
    return f"{whole}{THIN}s"


def size_bytes(value: float | None) -> str:
    """12.3 MiB"""
    if value is None:
        return NOTHING
    for scale, name in BYTE_SCALES:
        if value >= scale:
            return f"{_three_digits(value / scale)}{THIN}{name}"
    return f"{value:,.0f}{THIN}B"


def read_time(text: str) -> datetime:
    """A time of the API, which has nine digits of a second."""
    whole, _, fraction = text.rstrip("Zz").partition(".")
    moment = datetime.fromisoformat(whole if "+" in whole else f"{whole}+00:00")
    return moment.replace(microsecond=int((fraction or "0").ljust(9, "0")[:6]))


def find_zone(name: str | None) -> ZoneInfo:
    """The viewer's zone by its name, which a browser told; UTC where it is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local_time(text: str | None, zone: ZoneInfo, *, with_zone: bool = False) -> str:
    """2026-11-25 14:03:07, with the zone's short name where nothing near says it."""
    if not text:
        return NOTHING
    moment = read_time(text).astimezone(zone)
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}" if with_zone else f"{moment:%Y-%m-%d %H:%M:%S}"


def clock_time(text: str, zone: ZoneInfo) -> str:
    """14:03:07 today, else with the day."""
    moment = read_time(text).astimezone(zone)
    is_today = moment.date() == datetime.now(zone).date()
    return f"{moment:%H:%M:%S}" if is_today else f"{moment:%b} {moment.day} {moment:%H:%M:%S}"


def ago(text: str | None, now: datetime | None = None) -> str:
    """3 min ago"""
    if not text:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - read_time(text)).total_seconds()
    if seconds < 5:
        return "just now" if seconds > -5 else f"in {duration_s(-seconds)}"
    return f"{duration_s(seconds).split(' ')[0]} ago"


def _three_digits(value: float) -> str:
    """Three digits that count: 1.23, 12.3, 123."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
