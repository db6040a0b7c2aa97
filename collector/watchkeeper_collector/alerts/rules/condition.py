"""What a rule watches for: one small class per kind. Durations are seconds, shares are ratios."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Sign = Literal[">", ">=", "<", "<=", "==", "!="]
Against = Literal["previous", "day", "week", "mean"]
Scale = Literal["factor", "percent", "absolute"]
Direction = Literal["both", "above", "below"]
Season = Literal["day", "week"]
Severity = Literal["minor", "major"]


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers that are looked at: a measure of the spans that a filter keeps, one series per label set.

    ``min_count``: with fewer spans in the window that the measure looks at, it says nothing.
    """

    measure: str
    filter: str = ""
    by: tuple[str, ...] = ()
    window_s: float = 300.0
    min_count: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison that is met, and where it ends: between both, what fires goes on.

    ``recover`` is the value at which a series that fires is clear again; ``None``: as soon as it isn't met.
    """

    sign: Sign
    value: float
    recover: float | None = None


@dataclass(frozen=True, slots=True)
class Also:
    """What must hold too, of the same series and window, for the condition to be met."""

    measure: str
    bound: Bound


@dataclass(frozen=True, slots=True)
class Threshold:
    """``share_of``: the value is the part of the sum over these dimensions, which are some of ``by``."""

    series: Series
    bound: Bound
    also: tuple[Also, ...] = ()
    share_of: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Against the same window before. ``mean`` is that of so many ``windows`` before this one."""

    series: Series
    bound: Bound
    against: Against
    scale: Scale
    windows: int = 1
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Points outside of the band that their season leads to expect, as a share of those in the window.

    The series' window is one point; ``trigger_s`` and ``recovery_s`` are windows of points.
    """

    series: Series
    direction: Direction = "both"
    deviations: float = 3.0
    season: Season = "day"
    history_s: float = 7 * 86_400.0
    trigger_s: float = 1_800.0
    recovery_s: float = 900.0
    fraction: float = 1.0
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Met when both windows burn faster than ``factor`` times what would just use up the budget."""

    long_s: float
    short_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class BurnRate:
    """Of an objective (the share of good calls; ``series`` is the share of bad ones), or of a budget.

    ``period_s`` is the objective's. A budget says itself what counts and how long its period is: without
    ``windows`` of the rule's own, they are those of the table for that period.
    """

    series: Series
    windows: tuple[BurnWindow, ...]
    objective: float | None = None
    budget: str = ""
    period_s: float = 30 * 86_400.0
    speed: Literal["fast", "slow"] = "fast"


@dataclass(frozen=True, slots=True)
class Budget:
    """Budgets by name or id (``*``: each of the project's), by what is used or is forecast, as a share."""

    budget: str
    figure: Literal["used", "forecast", "forecast_high"]
    bound: Bound


@dataclass(frozen=True, slots=True)
class Drift:
    """Verdicts on drift, of these features (none: of whole slices) at this severity, in windows on end."""

    features: tuple[str, ...] = ()
    severity: Severity = "major"
    windows: int = 2


@dataclass(frozen=True, slots=True)
class Absence:
    """Fewer than ``fewest`` in the window, where a window a ``season`` before had at least ``expected``.

    Without a season, a series is expected that was seen within ``seen_s``.
    """

    series: Series
    fewest: float = 1.0
    season: Season | None = None
    expected: float = 1.0
    seen_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Sql:
    """Rows of a SELECT: text columns are labels, the column ``value`` is what the bound compares."""

    query: str
    bound: Bound


Condition = Threshold | Change | Anomaly | BurnRate | Budget | Drift | Absence | Sql

KINDS: dict[type, str] = {
    Threshold: "threshold",
    Change: "change",
    Anomaly: "anomaly",
    BurnRate: "burn_rate",
    Budget: "budget",
    Drift: "drift",
    Absence: "absence",
    Sql: "sql",
}


def kind_of(condition: Condition) -> str:
    return KINDS[type(condition)]


def series_of(condition: Condition) -> Series | None:
    """What the condition looks at, if that is a series of a measure."""
    return getattr(condition, "series", None)


def also_of(condition: Condition) -> Sequence[Also]:
    return getattr(condition, "also", ())
