"""Points in time, windows and steps, as people write them. Times are nanoseconds since 1970, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from watchkeeper_collector.errors import InvalidQueryError

SECOND_NS = 1_000_000_000
UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
RELATIVE = re.compile(r"(?:now)?(?:-(\d{1,6})([smhdw]))?")
RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)
STEP = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
ROUND_STEPS_S = (1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800)
AUTO_POINTS = 120
MOST_POINTS = 11_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What DateTime64(9) holds.
EARLIEST_NS = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp()) * SECOND_NS
LATEST_NS = int(datetime(2262, 4, 11, tzinfo=UTC).timestamp()) * SECOND_NS


@dataclass(frozen=True, slots=True)
class Window:
    """``start_ns`` belongs to it, ``end_ns`` does not; ``None``: without an end on that side."""

    start_ns: int | None = None
    end_ns: int | None = None


def read_window(start: str, end: str, now_ns: int) -> Window:
    """A window from two texts; an empty one leaves that side open."""
    window = Window(
        read_time(start, now_ns, "start") if start else None,
        read_time(end, now_ns, "end") if end else None,
    )
    if window.start_ns is not None and window.end_ns is not None and window.start_ns >= window.end_ns:
        raise InvalidQueryError(f"The window is empty: start '{start}' is not before end '{end}'.")
    return window


def read_time(text: str, now_ns: int, name: str) -> int:
    """Read ``now``, ``-24h`` or RFC 3339, with up to nine digits of a second."""
    try:
        time_ns = _read_relative(text, now_ns) if RELATIVE.fullmatch(text) else _read_rfc_3339(text)
    except ValueError:
        raise InvalidQueryError(
            f"'{text[:60]}' is no time for '{name}'. Expected RFC 3339 (2026-11-20T08:00:00Z), a day"
            " (2026-11-20), 'now' or a time before now such as -24h (units s, m, h, d, w)."
        ) from None
    if not EARLIEST_NS <= time_ns <= LATEST_NS:
        raise InvalidQueryError(f"The time '{text[:60]}' for '{name}' is outside of 1900 to 2262.")
    return time_ns


def read_step(text: str, window: Window) -> int | None:
    """A step in nanoseconds for a window with both ends; empty: none, ``auto``: about 100 points."""
    if not text:
        return None
    if window.start_ns is None or window.end_ns is None or window.start_ns < 0:
        raise InvalidQueryError("A step needs a window with a start, not before 1970, and an end.")
    span_s = (window.end_ns - window.start_ns) / SECOND_NS
    step_s = _auto_step_s(span_s) if text == "auto" else _read_step_s(text)
    if span_s / step_s > MOST_POINTS:
        raise InvalidQueryError(
            f"The step '{text}' cuts the window into {span_s / step_s:,.0f} points; at most {MOST_POINTS:,}"
            " are answered. Take a longer step or a shorter window."
        )
    return step_s * SECOND_NS


def render_time(time_ns: int) -> str:
    """RFC 3339 with nine digits of a second."""
    seconds, rest_ns = divmod(time_ns, SECOND_NS)
    whole = EPOCH + timedelta(seconds=seconds)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"


def day_of(time_ns: int) -> date:
    return (EPOCH + timedelta(seconds=time_ns // SECOND_NS)).date()


def _read_relative(text: str, now_ns: int) -> int:
    found = RELATIVE.fullmatch(text)
    if not text or found is None:
        raise ValueError(text)
    return now_ns - int(found[1]) * UNIT_S[found[2]] * SECOND_NS if found[1] else now_ns


def _read_rfc_3339(text: str) -> int:
    found = RFC_3339.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    day, time, fraction, zone = found.groups()
    zone = "+00:00" if zone in {None, "Z", "z"} else zone
    whole = datetime.fromisoformat(f"{day}T{time or '00:00:00'}{zone}")
    seconds = (whole - EPOCH) // timedelta(seconds=1)
    return seconds * SECOND_NS + int((fraction or "").ljust(9, "0"))


def _auto_step_s(span_s: float) -> int:
    return next((step for step in ROUND_STEPS_S if span_s / step <= AUTO_POINTS), ROUND_STEPS_S[-1])


def _read_step_s(text: str) -> int:
    found = STEP.fullmatch(text)
    step_s = int(found[1]) * UNIT_S[found[2]] if found else 0
    if not step_s:
        raise InvalidQueryError(
            f"'{text[:60]}' is no step. Expected a number with a unit (1m, 1h, 1d; units s, m, h, d, w)"
            " or 'auto'."
        )
    return step_s
