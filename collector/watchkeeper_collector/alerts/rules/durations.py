"""Durations as Prometheus writes them: ``30s``, ``5m``, ``1h30m``, ``500ms``; units from the longest down."""

import re

from watchkeeper_collector.errors import InvalidRequestError

UNITS_S = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
DURATION = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in UNITS_S), re.ASCII)
SCHEMA_PATTERN = "^(0|" + "".join(f"([0-9]+{unit})?" for unit in UNITS_S) + ")$"
LONGEST_S = 366 * 86_400.0
EXPECTED = "a number with a unit, such as 30s, 5m, 1h30m or 7d"


def read_duration_s(text: str) -> float:
    """Raises ``InvalidRequestError``."""
    found = DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    if not text or found is None:
        raise InvalidRequestError(f"'{text[:60]}' is no duration. Expected {EXPECTED}.")
    parts = zip(found.groups(), UNITS_S.values(), strict=True)
    duration_s = sum(int(count) * unit_s for count, unit_s in parts if count)
    if duration_s > LONGEST_S:
        raise InvalidRequestError(f"The duration '{text[:60]}' is longer than 366 days.")
    return float(duration_s)


def render_duration(duration_s: float) -> str:
    """As ``read_duration_s`` reads it, to the millisecond."""
    left_ms = round(abs(duration_s) * 1_000)
    parts = []
    for unit, unit_s in UNITS_S.items():
        count, left_ms = divmod(left_ms, round(unit_s * 1_000))
        if count and unit not in ("y", "w"):
            parts.append(f"{count}{unit}")
        elif count:
            left_ms += count * round(unit_s * 1_000)
    return ("-" if duration_s < 0 else "") + ("".join(parts) or "0s")
