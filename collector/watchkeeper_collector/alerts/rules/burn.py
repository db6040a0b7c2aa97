"""The table of burn rates: how fast a budget may burn before somebody is told.

From the workbook of Google's site reliability engineers, chapter "Alerting on SLOs": a factor of 14.4 over
an hour uses up 2 % of a month's budget, one of 6 over six hours 5 %, 3 over a day and 1 over three days 10 %.
The short window, a twelfth of the long one, ends the alert soon after the burning ends.
"""

from typing import Literal

from watchkeeper_collector.alerts.rules.condition import BurnWindow

HOUR_S = 3_600.0
MONTH_S = 30 * 24 * HOUR_S
SHORT_PART = 12
SHORTEST_S = 60.0
TABLE: dict[str, tuple[tuple[float, float], ...]] = {
    "fast": ((1 * HOUR_S, 14.4), (6 * HOUR_S, 6.0)),
    "slow": ((24 * HOUR_S, 3.0), (72 * HOUR_S, 1.0)),
}


def burn_windows(speed: Literal["fast", "slow"], period_s: float) -> tuple[BurnWindow, ...]:
    """The table for a period: its windows are the same parts of it as they are of a month."""
    part = period_s / MONTH_S
    windows = ((max(long_s * part, SHORTEST_S * SHORT_PART), factor) for long_s, factor in TABLE[speed])
    return tuple(BurnWindow(long_s, long_s / SHORT_PART, factor) for long_s, factor in windows)
